"""Grades as CSV files that Canvas and Moodle import."""

from pathlib import Path

from autograder.core.tables import write_csv
from autograder.report.data import Course


def write_canvas(course: Course, path: Path) -> None:
    """Write what Canvas takes under Grades > Import.

    Canvas wants the columns Student, ID, SIS User ID, SIS Login ID and Section, in this order, then one column per
    assignment, and a row "Points Possible" above the students. It finds a student by ID, its own number of the user
    (the gradebook's `lms_user_id`), else by the SIS columns (SIS Login ID: the student's id here); the name and the
    section are for people. A column that has no assignment of that name is offered as a new assignment.
    """
    rows: list[list[object]] = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", course.assignment],
        ["    Points Possible", "", "", "", "", course.maximum],
    ]
    rows += [[s.name, s.lms_id, "", s.student, "", round(s.total, 2)] for s in course.submissions]
    write_csv(path, rows)


def write_moodle(course: Course, path: Path) -> None:
    """Write what Moodle takes under Grades > Import > CSV file.

    Moodle asks which column identifies a user (`username`, the student's id here, or `Email address`) and which grade
    item each other column is; the grade item's maximum must be that of the assignment, columns can be ignored.
    """
    rows: list[list[object]] = [["username", "First name", "Last name", "Email address", course.assignment]]
    rows += [[s.student, s.first_name, s.last_name, s.email, round(s.total, 2)] for s in course.submissions]
    write_csv(path, rows)
