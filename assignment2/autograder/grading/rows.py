"""A student's line in the table of results: points from the gradebook, remarks from the judged notebooks."""

from dataclasses import dataclass

from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry

from autograder.core.annotations import repairs_of, status_of
from autograder.core.files import is_there
from autograder.core.results import FAULTS, Status
from autograder.core.text import printable
from autograder.course.assignment import Assignment
from autograder.course.cells import name_of
from autograder.submission.arrangement import submission_folder

CUT_SHORT = (*FAULTS, Status.NOT_REACHED)


@dataclass
class Row:
    """One student's line in the table of results. scores: automatic and manual points by notebook."""

    student: str
    scores: dict[str, float]
    maximum: float
    late_seconds: float
    remarks: list[str]

    @property
    def total(self) -> float:
        """Return the points of all notebooks."""
        return sum(self.scores.values())


def row(gradebook: Gradebook, assignment: Assignment, student: str, remarks: list[str]) -> Row:
    """Return the line of a student. remarks: what the run reports about this submission"""
    remarks = [printable(remark) for remark in remarks]
    try:
        submission = gradebook.find_submission(assignment.name, student)
    except MissingEntry:
        return Row(student, {}, 0.0, 0.0, remarks)
    missing = [
        f"{n.name} was not handed in" for n in submission.notebooks if not handed_in(assignment, student, n.name)
    ]
    scores = {notebook.name: notebook.score for notebook in sorted(submission.notebooks, key=lambda n: n.name)}
    return Row(student, scores, submission.max_score, submission.total_seconds_late, missing + remarks)


def row_without_id(folder: str, problem: str) -> Row:
    """Return the line of a file or folder in `submitted/` whose name is no student's id. problem: why it is not"""
    return Row(printable(folder), {}, 0.0, 0.0, [problem])


def handed_in(assignment: Assignment, student: str, notebook: str) -> bool:
    """Return whether a student handed in a notebook of this name."""
    return is_there(submission_folder(assignment, student) / f"{notebook}.ipynb")


def remarks_in(judged: NotebookNode) -> list[str]:
    """Return a remark on each repair of a judged notebook, and on each cell whose execution was cut short."""
    ended = [(cell, status_of(cell)) for cell in judged.cells]
    return [
        *map(str, repairs_of(judged)),
        *(f"{name_of(cell)} {status}" for cell, status in ended if status in CUT_SHORT),
    ]
