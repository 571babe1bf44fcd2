"""`grades.csv`: the grades of all students, in the columns that nbgrader exports."""

from collections.abc import Iterator
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.core.tables import write_csv
from autograder.integration.standings import Standing, standings

COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score",
)  # fmt: skip


def write_grades(gradebook: Gradebook, path: Path) -> None:
    """Write a row for each student and assignment. nbgrader's own exporter does not quote values with commas."""
    write_csv(path, [COLUMNS, *_rows(gradebook)])


def _rows(gradebook: Gradebook) -> Iterator[list[object]]:
    students = gradebook.students
    for assignment in gradebook.assignments:
        found, nothing = standings(gradebook, assignment.name), Standing(None, 0.0)
        most = assignment.max_score
        for student in students:
            standing = found.get(student.id, nothing)
            points, penalty = standing.points, standing.penalty
            yield [
                assignment.name, assignment.duedate, standing.time, student.id, student.last_name, student.first_name,
                student.email, points, penalty, max(0.0, points - penalty), most,
            ]  # fmt: skip
