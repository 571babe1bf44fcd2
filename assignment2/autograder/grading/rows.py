"""A student's line in the table of results: points from the gradebook, remarks from the judged notebooks."""

from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.core.annotations import repairs_of, status_of
from autograder.core.files import is_there
from autograder.core.results import FAULTS, Status
from autograder.core.text import printable
from autograder.course.assignment import Assignment
from autograder.course.cells import name_of
from autograder.integration.standings import Standing
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


def row(assignment: Assignment, student: str, standing: Standing | None, maximum: float, remarks: list[str]) -> Row:
    """Return the line of a student.

    standing: what the gradebook holds, None if it holds nothing; maximum: the points of the assignment
    remarks: what the run reports about this submission
    """
    remarks = [printable(remark) for remark in remarks]
    if standing is None:
        return Row(student, {}, 0.0, 0.0, remarks)
    folder = submission_folder(assignment, student)
    missing = [f"{name} was not handed in" for name in standing.parts if not is_there(folder / f"{name}.ipynb")]
    scores = {name: part.points for name, part in standing.parts.items()}
    return Row(student, scores, maximum, standing.seconds_late, missing + remarks)


def row_without_id(folder: str, problem: str) -> Row:
    """Return the line of a file or folder in `submitted/` whose name is no student's id. problem: why it is not"""
    return Row(printable(folder), {}, 0.0, 0.0, [problem])


def remarks_in(judged: NotebookNode) -> list[str]:
    """Return a remark on each repair of a judged notebook, and on each cell whose execution was cut short."""
    ended = [(cell, status_of(cell)) for cell in judged.cells]
    return [
        *map(str, repairs_of(judged)),
        *(f"{name_of(cell)} {status}" for cell, status in ended if status in CUT_SHORT),
    ]
