"""Write grades as CSV files that Canvas and Moodle import."""

from pathlib import Path

from autograder.core.tables import write_csv
from autograder.report.data import Course


def write_canvas(course: Course, path: Path) -> None:
    """Write the file for Canvas, Grades > Import.

    Canvas expects the columns Student, ID, SIS User ID, SIS Login ID and Section, in this order, then one column for
    each assignment, and a row "Points Possible" above the students. It finds a student by ID, its own number of the
    user (the gradebook's `lms_user_id`), else by the SIS columns (SIS Login ID: the student's id here). The name and
    the section are for people. If Canvas has no assignment with the name of a column, it offers to make one.
    """
    rows: list[list[object]] = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", course.assignment],
        ["    Points Possible", "", "", "", "", course.maximum],
    ]
    rows += [[s.name, s.lms_id, "", s.student, "", round(s.total, 2)] for s in course.submissions]
    write_csv(path, rows)


def write_moodle(course: Course, path: Path) -> None:
    """Write the file for Moodle, Grades > Import > CSV file.

    Moodle asks which column identifies a user (`username`, the student's id here, or `Email address`) and which grade
    item each other column is. The grade item must have the maximum of the assignment; columns can be ignored.
    """
    rows: list[list[object]] = [["username", "First name", "Last name", "Email address", course.assignment]]
    rows += [[s.student, s.first_name, s.last_name, s.email, round(s.total, 2)] for s in course.submissions]
    write_csv(path, rows)
