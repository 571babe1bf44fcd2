"""The steps that nbgrader's autograde and generate_feedback take, as nbgrader preprocessors.

autograde:          Sanitize, KeepForExchange, then ExecuteFromStore, Judge, LimitOutput*, SaveAutoGrades*,
                    AssignLatePenalties*    (* nbgrader's own)
generate_feedback:  GetGrades*, HideFromStudents, CSSHTMLHeaderPreprocessor*, MakeFitForRelease

nbgrader converts a notebook twice, once to sanitize and once to grade. Both times the first step takes the notebook
as `prepare` made it: `autograder grade` has prepared it already, plain nbgrader does it here.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, NbGraderPreprocessor
from traitlets import Bool, Float, Integer, Unicode
from traitlets.config import Config

from autograder.core.annotations import note_verdicts, repairs_of, verdicts_of
from autograder.course.assignment import nbgrader_options
from autograder.course.catalogue import known_mistakes
from autograder.course.cells import is_check, is_experiment
from autograder.course.held_out import course_seed
from autograder.course.key import Key, load_key
from autograder.execution.executions import Executions, executions_in
from autograder.execution.job import ExecutionOptions, Limits, Runtime
from autograder.execution.kernel.sandbox import require_hidden
from autograder.judging import table, told
from autograder.judging.expected import Expected, expected_values, is_sent
from autograder.judging.judge import CheckJudge, score
from autograder.judging.networks import NetworkJudge
from autograder.submission.markdown import escaped
from autograder.submission.preparation import Prepared, merge, prepare
from autograder.submission.reading import read_submission

PREPARED = "prepared"  # attribute of a converter: notebooks that it need not prepare any more, by (student, name)
Resources = dict[str, Any]


class CourseStep(NbGraderPreprocessor):
    """A preprocessor that knows the course it works in."""

    store = Unicode("executions", help="The folder of the executions, relative to the course.").tag(config=True)

    @property
    def converter(self) -> Any:
        return self.parent.parent  # the parent is the exporter

    def folder(self, step: str, resources: Resources) -> Path:
        """Return the folder of this submission at a step: "source", "submitted", "autograded"."""
        names = resources["nbgrader"]
        student = "." if step == "source" else names["student"]
        directory = getattr(self.converter.coursedir, f"{step}_directory")
        return Path(self.converter.coursedir.format_path(directory, student, names["assignment"]))

    def key(self, resources: Resources) -> Key:
        return load_key(self.folder("source", resources), resources["nbgrader"]["notebook"])

    def executions(self) -> Executions:
        return executions_in(Path(self.converter.coursedir.root) / self.store)

    def prepared(self, resources: Resources) -> Prepared:
        """Return the notebook that is being converted as `prepare` makes it: prepared once for both conversions."""
        ready: dict[tuple[str, str], Prepared] = getattr(self.converter, PREPARED, {})
        student, name = resources["nbgrader"]["student"], resources["nbgrader"]["notebook"]
        if (student, name) not in ready:
            submission = read_submission(self.folder("submitted", resources), [name])
            ready = {(student, name): prepare(submission, self.key(resources), execution_options(self.config))}
            setattr(self.converter, PREPARED, ready)
        return ready[student, name]


class Sanitize(CourseStep):
    """Put the student's cells into the instructor's notebook."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        prepared = self.prepared(resources)
        for repair in prepared.repairs:
            self.log.warning("%s: %s", resources["nbgrader"]["student"], repair)
        return prepared.notebook, resources


class ExecuteFromStore(CourseStep):
    """Take the outputs of the notebook from the store, or execute it in place where they are not there."""

    cell_seconds = Float(Limits.cell_seconds, help="How long one cell may run.").tag(config=True)
    notebook_seconds = Float(Limits.notebook_seconds, help="How long one notebook may run.").tag(config=True)
    output_bytes = Integer(Limits.output_bytes, help="How much one cell may print.").tag(config=True)
    memory_bytes = Integer(Limits.memory_bytes, help="How much memory one notebook may take.").tag(config=True)
    sandbox = Bool(True, help="Run student code in a sandbox; False: with your own rights.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        prepared = self.prepared(resources)
        if prepared.job.sandboxed:
            require_hidden(self.folder("source", resources))
        return merge(prepared.notebook, self.executions().results(prepared.job)), resources


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
        key = self.key(resources)
        networks = NetworkJudge(key, held_out_seed(self.config, Path(self.converter.coursedir.root)))
        judge = CheckJudge(expected_of(key, self.executions()), networks, known_mistakes(key))
        folder = self.folder("submitted", resources)
        code = [cell.source for cell in nb.cells if cell.cell_type == "code" and not is_check(cell)]
        for cell in filter(is_check, nb.cells):
            verdicts = judge.cell(cell, folder, code)
            points = score(verdicts, float(cell.metadata.nbgrader["points"]))
            note_verdicts(cell, verdicts)
            theirs = [output for output in cell.outputs if not is_sent(output)]
            cell.outputs = [table.output(verdicts, points), *theirs]
        return nb, resources


def held_out_seed(config: Config, course: Path) -> int:
    """Return the seed of the images that networks are measured on: the configured one, or the course's own."""
    configured: int | None = Judge(config=config).held_out_seed
    return course_seed(course) if configured is None else configured


def expected_of(key: Key, executions: Executions) -> Expected:
    """Return what the judge expects; executes the key where that is not known for this machine as it is now."""
    return _expected_of(key, executions, repr(Runtime.current()))


@lru_cache(maxsize=16)
def _expected_of(key: Key, executions: Executions, runtime: str) -> Expected:
    return expected_values(key, executions)


class HideFromStudents(NbGraderPreprocessor):
    """Prepare the feedback page: verdicts in words of a closed list, no hidden source, no outputs that the student's
    code wrote while it could read the hidden checks."""

    show_hidden = Bool(False, help="Show students hidden checks, and all messages in full.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        if not self.show_hidden:
            for cell in nb.cells:
                if is_check(cell):
                    verdicts = told.for_students(verdicts_of(cell) or [])
                    cell.outputs = [table.output(verdicts, cell.metadata.nbgrader.score)]
                elif cell.cell_type == "code" and not is_experiment(cell):
                    cell.outputs = []
            for step in (ClearHiddenTests, ClearMarkScheme):
                nb, resources = step(config=nbgrader_options()).preprocess(nb, resources)
        repairs = [f"- {escaped(str(repair))}" for repair in repairs_of(nb)]
        if repairs:
            lines = ["**The notebook you handed in was repaired before grading:**", "", *repairs]
            nb.cells.insert(0, nbformat.v4.new_markdown_cell("\n".join(lines)))
        return nb, resources
