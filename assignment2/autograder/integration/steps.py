"""The steps that nbgrader's autograde and generate_feedback take, as nbgrader preprocessors.

autograde:          Sanitise, then ExecuteFromStore, Judge, LimitOutput*, SaveAutoGrades*, AssignLatePenalties*
                    (* nbgrader's own)
generate_feedback:  GetGrades*, HideFromStudents, CSSHTMLHeaderPreprocessor*
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, NbGraderPreprocessor
from traitlets import Bool, Float, Integer, Unicode

from autograder.course.catalogue import known_mistakes
from autograder.course.key import Key, is_check, is_experiment, load_key, nbgrader_options
from autograder.execution.executions import Executions
from autograder.execution.job import ExecutionOptions, Limits
from autograder.execution.store import Store
from autograder.execution.worker import process_worker
from autograder.judging import table as verdicts
from autograder.judging.judge import Judge as CellJudge
from autograder.judging.judge import Reference, Verdict, reference, score
from autograder.judging.networks import ModelJudge
from autograder.submission.preparation import make_job, merge
from autograder.submission.sanitize import sanitise

MAX_MODULE_BYTES = 2**20


class CourseStep(NbGraderPreprocessor):
    """A preprocessor that knows the course it works in."""

    store = Unicode("executions", help="The folder of the executions, relative to the course.").tag(config=True)

    @property
    def course(self) -> Any:
        return self.parent.parent.coursedir  # exporter, then converter

    def folder(self, step: str, resources: dict) -> Path:
        """Return the folder of this submission at a step: "source", "submitted", "autograded"."""
        names = resources["nbgrader"]
        student = "." if step == "source" else names["student"]
        directory = getattr(self.course, f"{step}_directory")
        return Path(self.course.format_path(directory, student, names["assignment"]))

    def key(self, resources: dict) -> Key:
        return load_key(self.folder("source", resources), resources["nbgrader"]["notebook"])

    def executions(self) -> Executions:
        return Executions(Store(Path(self.course.root) / self.store), process_worker())


class Sanitise(CourseStep):
    """Put the student's cells into the instructor's notebook."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        problem = nb.metadata.get("cs231n", {}).get("problem")
        clean, repairs = sanitise(nb, self.key(resources))
        if problem:
            repairs = [f"not gradable: {problem}"]
        for repair in repairs:
            self.log.warning("%s: %s", resources["nbgrader"]["student"], repair)
        clean.metadata["cs231n"] = {"repairs": repairs}
        return clean, resources


class ExecuteFromStore(CourseStep):
    """Take the outputs of the notebook from the store, or execute it in place where they are not there."""

    cell_seconds = Float(Limits.cell_seconds, help="How long one cell may run.").tag(config=True)
    notebook_seconds = Float(Limits.notebook_seconds, help="How long one notebook may run.").tag(config=True)
    output_bytes = Integer(Limits.output_bytes, help="How much one cell may print.").tag(config=True)
    memory_bytes = Integer(Limits.memory_bytes, help="How much memory one notebook may take.").tag(config=True)
    sandbox = Bool(True, help="Run student code in a sandbox; False: with your own rights.").tag(config=True)

    @property
    def options(self) -> ExecutionOptions:
        limits = Limits(self.cell_seconds, self.notebook_seconds, self.output_bytes, self.memory_bytes)
        return ExecutionOptions(limits, self.sandbox)

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        files = submitted_modules(self.folder("submitted", resources))
        job = make_job(nb, self.key(resources), files, self.options)
        return merge(nb, self.executions().results(job)), resources


class Judge(CourseStep):
    """Write each check cell's score, where nbgrader looks for it, and its verdicts, where people look for them."""

    held_out_seed = Integer(2024, help="Seed of the held-out synthetic images; choose your own.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        key, executions = self.key(resources), self.executions()
        judge = CellJudge(
            _reference(key, executions.store.folder),
            ModelJudge(key.folder, self.held_out_seed),
            known_mistakes(key.folder, key.name),
        )
        folder = self.folder("submitted", resources)
        for cell in nb.cells:
            if is_check(cell):
                found = judge.cell(cell, folder)
                points = score(found, float(cell.metadata.nbgrader["points"]))
                cell.metadata["cs231n"]["verdicts"] = [dict(vars(verdict)) for verdict in found]
                theirs = [output for output in cell.outputs if not verdicts.is_sent(output)]
                cell.outputs = [verdicts.output(found, points), *theirs]
        return nb, resources


@lru_cache(maxsize=16)
def _reference(key: Key, store: Path) -> Reference:
    return reference(key, Executions(Store(store), process_worker()))


class HideFromStudents(NbGraderPreprocessor):
    """Prepare the feedback page: verdicts of hidden checks without their message, no hidden source, no outputs that
    the student's code wrote while it could read the hidden checks."""

    show_hidden = Bool(False, help="Show students the source and the messages of hidden checks.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        if not self.show_hidden:
            for cell in nb.cells:
                if is_check(cell):
                    found = [Verdict(**verdict) for verdict in cell.metadata.get("cs231n", {}).get("verdicts", [])]
                    cell.outputs = [verdicts.output(verdicts.without_hidden(found), cell.metadata.nbgrader.score)]
                elif cell.cell_type == "code" and not is_experiment(cell):
                    cell.outputs = []
            for step in (ClearHiddenTests, ClearMarkScheme):
                nb, resources = step(config=nbgrader_options()).preprocess(nb, resources)
        repairs = nb.metadata.get("cs231n", {}).get("repairs", [])
        if repairs:
            lines = ["**The notebook you handed in was repaired before grading:**", ""]
            nb.cells.insert(0, nbformat.v4.new_markdown_cell("\n".join(lines + [f"- {text}" for text in repairs])))
        return nb, resources


def submitted_modules(folder: Path) -> dict[str, str]:
    """Read the small Python modules that were handed in beside the notebooks, which solutions may import."""
    modules = {}
    for path in sorted(folder.glob("*.py")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= MAX_MODULE_BYTES:
            modules[path.name] = path.read_text(encoding="utf-8", errors="replace")
    return modules
