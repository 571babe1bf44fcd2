"""`grades.csv`: the grades of all students, in the columns that nbgrader exports."""

from collections.abc import Iterator
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.core.tables import write_csv

COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score",
)  # fmt: skip


def write_grades(gradebook: Gradebook, path: Path) -> None:
    """Write a row for each student and assignment. nbgrader's own exporter does not quote values with commas."""
    write_csv(path, [COLUMNS, *_rows(gradebook)])


def _rows(gradebook: Gradebook) -> Iterator[list[object]]:
    for assignment in gradebook.assignments:
        submissions = {submission.student.id: submission for submission in assignment.submissions}
        for student in gradebook.students:
            submission = submissions.get(student.id)
            points = submission.score if submission else 0.0
            penalty = submission.late_submission_penalty if submission else 0.0
            yield [
                assignment.name, assignment.duedate, submission.timestamp if submission else None, student.id,
                student.last_name, student.first_name, student.email, points, penalty, max(0.0, points - penalty),
                assignment.max_score,
            ]  # fmt: skip
