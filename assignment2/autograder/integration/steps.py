"""The steps of nbgrader's autograde and generate_feedback, as nbgrader preprocessors.

autograde:          Sanitize, KeepForExchange, then ExecuteFromStore, Judge, LimitOutput*, SaveAutoGrades*,
                    AssignLatePenalties*    (* nbgrader's own)
generate_feedback:  GetMarks, HideFromStudents, CSSHTMLHeaderPreprocessor*, MakeFitForRelease

nbgrader converts a notebook twice, once to sanitize and once to grade. Both conversions take it from one evaluation,
which is made here. With `autograder grade`, workers evaluate, and `entering` writes their results.
"""

from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, NbGraderPreprocessor
from traitlets import Bool, Float, Integer, Unicode
from traitlets.config import Config

from autograder.core.annotations import note_verdicts, repairs_of, verdicts_of
from autograder.course.assignment import Assignment, chosen, nbgrader_options
from autograder.course.cells import is_check, is_experiment, name_of
from autograder.course.held_out import course_seed
from autograder.evaluation.evaluate import Evaluation, evaluate, limited
from autograder.evaluation.follow_through import Verdicts
from autograder.evaluation.rules import Rules
from autograder.execution.job import ExecutionOptions, Limits
from autograder.judging import table, told
from autograder.judging.judge import score
from autograder.submission.markdown import escaped
from autograder.submission.reading import read_submission

EVALUATED = "evaluated"  # attribute of a converter: the last evaluation, by (student, name)
Resources = dict[str, Any]


class CourseStep(NbGraderPreprocessor):
    """A preprocessor that knows its course."""

    store = Unicode("executions", help="The folder of the executions, relative to the course.").tag(config=True)

    @property
    def converter(self) -> Any:
        """The converter of nbgrader that runs this step."""
        return self.parent.parent  # the parent is the exporter

    def folder(self, step: str, resources: Resources) -> Path:
        """Return the folder of this submission for a step, such as "submitted" or "autograded"."""
        names = resources["nbgrader"]
        directory = getattr(self.converter.coursedir, f"{step}_directory")
        return Path(self.converter.coursedir.format_path(directory, names["student"], names["assignment"]))

    def evaluation(self, resources: Resources) -> Evaluation:
        """Return the evaluation of the notebook that is being converted, made once for both conversions."""
        ready: dict[tuple[str, str], Evaluation] = getattr(self.converter, EVALUATED, {})
        student, name = resources["nbgrader"]["student"], resources["nbgrader"]["notebook"]
        if (student, name) not in ready:
            folder, course = self.folder("submitted", resources), Path(self.converter.coursedir.root)
            rules = rules_of(self.config, chosen(course, resources["nbgrader"]["assignment"]))
            with limited():
                ready = {(student, name): evaluate(read_submission(folder, [name]), folder, name, rules)}
            setattr(self.converter, EVALUATED, ready)
        return ready[student, name]


class Sanitize(CourseStep):
    """Put the student's cells into the instructor's notebook."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        notebook = self.evaluation(resources).notebook
        for repair in repairs_of(notebook):
            self.log.warning("%s: %s", resources["nbgrader"]["student"], repair)
        return notebook, resources


class ExecuteFromStore(CourseStep):
    """Take the notebook with its outputs, from the store or from an execution."""

    cell_seconds = Float(Limits.cell_seconds, help="Seconds that one cell may run.").tag(config=True)
    notebook_seconds = Float(Limits.notebook_seconds, help="Seconds that one notebook may run.").tag(config=True)
    output_bytes = Integer(Limits.output_bytes, help="Bytes that one cell may print and display.").tag(config=True)
    memory_bytes = Integer(Limits.memory_bytes, help="Bytes of memory that one notebook may use.").tag(config=True)
    sandbox = Bool(True, help="Run student code in a sandbox; False: with your own rights.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        return self.evaluation(resources).notebook, resources


def execution_options(config: Config) -> ExecutionOptions:
    """Return how a course has its submissions executed, from the options of ExecuteFromStore in its configuration."""
    step = ExecuteFromStore(config=config)
    limits = Limits(
        cell_seconds=step.cell_seconds,
        notebook_seconds=step.notebook_seconds,
        output_bytes=step.output_bytes,
        memory_bytes=step.memory_bytes,
    )
    return ExecutionOptions(limits, step.sandbox)


class Judge(CourseStep):
    """Write the score and the verdicts of each check cell to where nbgrader and people look for them."""

    held_out_seed = Integer(
        None, allow_none=True, help="Seed of the held-out images; without one, the course's own, which `release` draws."
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        write_verdicts(nb, self.evaluation(resources).verdicts)
        return nb, resources


def write_verdicts(notebook: NotebookNode, found: Verdicts) -> None:
    """Write the verdicts and the score of each check cell, in place. found: the verdicts by cell"""
    for cell in filter(is_check, notebook.cells):
        verdicts = found[name_of(cell)]
        note_verdicts(cell, verdicts)
        points = score(verdicts, float(cell.metadata.nbgrader["points"]))
        cell.outputs = [table.output(verdicts, points), *cell.outputs]


def held_out_seed(config: Config, course: Path) -> int:
    """Return the seed of the images that networks are measured on: the configured one, or the course's own."""
    configured: int | None = Judge(config=config).held_out_seed
    return course_seed(course) if configured is None else configured


def rules_of(config: Config, assignment: Assignment, remote: bool = False) -> Rules:
    """Return how a course has its submissions evaluated. remote: whether a cluster executes"""
    seed = held_out_seed(config, assignment.course)
    return Rules(assignment, store_of(config, assignment.course), execution_options(config), seed, remote)


def store_of(config: Config, course: Path) -> Path:
    """Return the folder of a course's executions."""
    return course / ExecuteFromStore(config=config).store


class HideFromStudents(NbGraderPreprocessor):
    """Prepare the feedback page: verdicts in words from a closed list, no hidden source, and no outputs that the
    student's code wrote while it could read the hidden checks."""

    show_hidden = Bool(False, help="Show students hidden checks, and all messages in full.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        if not self.show_hidden:
            for cell in nb.cells:
                if is_check(cell):
                    verdicts = told.for_students(verdicts_of(cell) or [])
                    cell.outputs = [table.output(verdicts, cell.metadata.nbgrader.score, style="")]
                elif cell.cell_type == "code" and not is_experiment(cell):
                    cell.outputs = []
            for step in (ClearHiddenTests, ClearMarkScheme):
                nb, resources = step(config=nbgrader_options()).preprocess(nb, resources)
        repairs = [f"- {escaped(str(repair))}" for repair in repairs_of(nb)]
        if repairs:
            lines = ["**The notebook you handed in was repaired before grading:**", "", *repairs]
            nb.cells.insert(0, nbformat.v4.new_markdown_cell("\n".join(lines)))
        return nb, resources
