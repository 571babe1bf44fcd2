"""The steps that nbgrader's autograde and generate_feedback take, as nbgrader preprocessors.

autograde:          Sanitize, KeepForExchange, then ExecuteFromStore, Judge, LimitOutput*, SaveAutoGrades*,
                    AssignLatePenalties*    (* nbgrader's own)
generate_feedback:  GetMarks, HideFromStudents, CSSHTMLHeaderPreprocessor*, MakeFitForRelease

nbgrader converts a notebook twice, once to sanitize and once to grade. Both times it is taken from its evaluation,
which is made here. `autograder grade` has workers evaluate, and enters what they have made by itself: see `entering`.
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
    """A preprocessor that knows the course it works in."""

    store = Unicode("executions", help="The folder of the executions, relative to the course.").tag(config=True)

    @property
    def converter(self) -> Any:
        return self.parent.parent  # the parent is the exporter

    def folder(self, step: str, resources: Resources) -> Path:
        """Return the folder of this submission at a step: "submitted", "autograded"."""
        names = resources["nbgrader"]
        directory = getattr(self.converter.coursedir, f"{step}_directory")
        return Path(self.converter.coursedir.format_path(directory, names["student"], names["assignment"]))

    def evaluation(self, resources: Resources) -> Evaluation:
        """Return what came of the notebook that is being converted: evaluated once for both conversions."""
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
    """Take the notebook with its outputs, which come from the store, or were executed if they were not there."""

    cell_seconds = Float(Limits.cell_seconds, help="How long one cell may run.").tag(config=True)
    notebook_seconds = Float(Limits.notebook_seconds, help="How long one notebook may run.").tag(config=True)
    output_bytes = Integer(Limits.output_bytes, help="How much one cell may print.").tag(config=True)
    memory_bytes = Integer(Limits.memory_bytes, help="How much memory one notebook may take.").tag(config=True)
    sandbox = Bool(True, help="Run student code in a sandbox; False: with your own rights.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        return self.evaluation(resources).notebook, resources


def execution_options(config: Config) -> ExecutionOptions:
    """Return how a course wants its submissions executed: what its configuration says about ExecuteFromStore."""
    step = ExecuteFromStore(config=config)
    limits = Limits(
        cell_seconds=step.cell_seconds,
        notebook_seconds=step.notebook_seconds,
        output_bytes=step.output_bytes,
        memory_bytes=step.memory_bytes,
    )
    return ExecutionOptions(limits, step.sandbox)


class Judge(CourseStep):
    """Write each check cell's score, where nbgrader looks for it, and its verdicts, where people look for them."""

    held_out_seed = Integer(
        None, allow_none=True, help="Seed of the held-out images; without one, the course's own, which `release` draws."
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        write_verdicts(nb, self.evaluation(resources).verdicts)
        return nb, resources


def write_verdicts(notebook: NotebookNode, found: Verdicts) -> None:
    """Write the verdicts and the score of each check cell, in place. found: by cell"""
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
    """Return how a course has its submissions evaluated. remote: whether somebody else executes"""
    seed = held_out_seed(config, assignment.course)
    return Rules(assignment, store_of(config, assignment.course), execution_options(config), seed, remote)


def store_of(config: Config, course: Path) -> Path:
    """Return the folder of a course's executions."""
    return course / ExecuteFromStore(config=config).store


class HideFromStudents(NbGraderPreprocessor):
    """Prepare the feedback page: verdicts in words of a closed list, no hidden source, no outputs that the student's
    code wrote while it could read the hidden checks."""

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
