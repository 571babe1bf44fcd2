"""Grades as CSV files that Canvas and Moodle import, and the safe writing of CSV that the report shares with them."""

import csv
from collections.abc import Iterable
from pathlib import Path

from autograder.course.assignment import ASSIGNMENT
from autograder.report.data import Course

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def guarded(value: object) -> object:
    """Return a value for a cell: text that a spreadsheet would run as a formula gets an apostrophe in front.

    The rule is OWASP's ("CSV Injection"); numbers, negative ones too, stay numbers.
    """
    return f"'{value}" if isinstance(value, str) and value.lstrip().startswith(FORMULA) else value


def write_csv(path: Path, rows: Iterable[Iterable[object]], encoding: str = "utf-8") -> None:
    """Write rows as CSV (RFC 4180: quotes where needed, doubled inside); None becomes an empty cell."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([guarded(value) for value in row] for row in rows)


def write_canvas(course: Course, path: Path) -> None:
    """Write what Canvas takes under Grades > Import.

    Canvas wants the columns Student, ID, SIS User ID, SIS Login ID and Section, in this order, then one column per
    assignment, and a row "Points Possible" above the students. It finds a student by ID, its own number of the user
    (the gradebook's `lms_user_id`), else by the SIS columns (SIS Login ID: the student's id here); the name and the
    section are for people. A column that has no assignment of that name is offered as a new assignment.
    """
    rows: list[list[object]] = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", ASSIGNMENT],
        ["    Points Possible", "", "", "", "", course.maximum],
    ]
    rows += [[s.name, s.lms_id, "", s.student, "", round(s.total, 2)] for s in course.submissions]
    write_csv(path, rows)


def write_moodle(course: Course, path: Path) -> None:
    """Write what Moodle takes under Grades > Import > CSV file.

    Moodle asks which column identifies a user (`username`, the student's id here, or `Email address`) and which grade
    item each other column is; the grade item's maximum must be that of the assignment, columns can be ignored.
    """
    rows: list[list[object]] = [["username", "First name", "Last name", "Email address", ASSIGNMENT]]
    rows += [[s.student, s.first_name, s.last_name, s.email, round(s.total, 2)] for s in course.submissions]
    write_csv(path, rows)
