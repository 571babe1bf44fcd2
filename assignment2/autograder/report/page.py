"""`autograder report`: one page about the class, its numbers as CSV, and the files that Canvas and Moodle import."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.core.tables import write_csv
from autograder.course.assignment import Assignment
from autograder.report import plots
from autograder.report.data import Cell, Course, Reason, read_course
from autograder.report.items import (
    NEARLY_ALL_FAIL,
    NEARLY_ALL_PASS,
    SEVERAL,
    SMALL_CLASS,
    STATUSES,
    TELLS_NOTHING,
    UPSIDE_DOWN,
    USUAL,
    Check,
    checks_of,
    for_a_human,
    mistakes_of,
    same_code,
    unexplained,
)
from autograder.report.lms import write_canvas, write_moodle

MISTAKES_DRAWN = 20
FOR_SPREADSHEETS = "utf-8-sig"  # Excel reads UTF-8 without this mark as an older encoding


def report(assignment: Assignment) -> Path:
    """Write `report/<assignment>/` into a graded course folder; returns the path of the page.

    Raises NoCourse if the folder is not a course, NothingGraded if no submission of the assignment is graded.
    """
    course = read_course(assignment)
    checks = checks_of(course)
    target = assignment.course / "report" / assignment.name
    target.mkdir(parents=True, exist_ok=True)
    write_csv(target / "checks.csv", check_rows(checks), FOR_SPREADSHEETS)
    write_csv(target / "students.csv", student_rows(course), FOR_SPREADSHEETS)
    write_canvas(course, target / "canvas.csv")
    write_moodle(course, target / "moodle.csv")
    path = target / "report.html"
    path.write_text(page(course, checks), encoding="utf-8")
    return path


def check_rows(checks: list[Check]) -> Iterator[list[object]]:
    """Yield the rows of checks.csv: a header, then one row for each check."""
    yield ["notebook", "cell", "check", "hidden", "points", *STATUSES, "share passed", "discrimination", "to note"]
    for check in checks:
        discrimination = None if check.discrimination is None else round(check.discrimination, 3)
        yield [
            check.cell.notebook, check.cell.name, check.name, check.hidden, round(check.points, 4),
            *(check.counts[status] for status in STATUSES),
            round(check.share, 4), discrimination, "; ".join(check.flags),
        ]  # fmt: skip


def student_rows(course: Course) -> Iterator[list[object]]:
    """Yield the rows of students.csv: a header, then one row for each student, with the points of each cell."""
    about = ["student", "last name", "first name", "email", "edition", "hours late", "answers that wait for a grade"]
    cells = [f"{cell.notebook}/{cell.name}" for cell in course.cells]
    yield [*about, *cells, "points before penalty", "penalty", "total", "maximum"]
    for s in course.submissions:
        points = [round(s.grades[cell].points, 2) if cell in s.grades else None for cell in course.cells]
        who = [s.student, s.last_name, s.first_name, s.email, s.edition, round(s.late_seconds / 3600, 2), s.waiting]
        yield [*who, *points, round(s.raw, 2), round(s.penalty, 2), round(s.total, 2), course.maximum]


def page(course: Course, checks: list[Check]) -> str:
    """Return the HTML page."""
    environment = Environment(
        loader=PackageLoader("autograder.report", ""), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    by_cell = defaultdict(list)
    for check in checks:
        by_cell[check.cell].append(check)
    human, mistakes = for_a_human(course), mistakes_of(course)
    small = len(course.submissions) < SMALL_CLASS
    not_explained = [(cell, who) for cell in course.cells if (who := unexplained(course, cell))]
    return environment.get_template("page.html").render(
        assignment=course.assignment, course=course, checks=by_cell, mistakes=mistakes, human=human,
        alike=same_code(course),
        unexplained=sorted(not_explained, key=lambda item: -len(item[1])),
        tiles=tiles(course, len(human)), waiting=sum(s.waiting for s in course.submissions),
        weak=sorted(flagged(checks, UPSIDE_DOWN, TELLS_NOTHING), key=lambda check: check.discrimination),
        hard=flagged(checks, NEARLY_ALL_FAIL), easy=flagged(checks, NEARLY_ALL_PASS),
        ranked=sorted(course.submissions, key=lambda s: -s.total),
        mean={cell: mean_points(course, cell) for cell in course.cells},
        mean_total=np.mean([s.total for s in course.submissions]),
        plots={
            "scores": plots.scores(course),
            "histogram": plots.histogram(course),
            "quartiles": plots.quartiles(course),
            "mistakes": plots.mistakes(mistakes[:MISTAKES_DRAWN], len(course.submissions)) if mistakes else "",
            "cells": {
                name: plots.cells(cells, checks) if any(map(by_cell.get, cells)) else ""
                for name, cells in course.notebooks.items()
            },
            "discrimination": "" if small else plots.discrimination(checks),
        },
        reasons=Counter(reason for _, remarks in human for reason in {remark.reason for remark in remarks}),
        numeric=lambda names: [[name] for name in names],
        not_passed=[status for status in STATUSES[1:] if any(check.counts[status] for check in checks)],
        small=small, SMALL_CLASS=SMALL_CLASS, SEVERAL=SEVERAL, USUAL=USUAL, REASONS=list(Reason),
        short=plots.short, level=level, first_words=plots.first_words,
    )  # fmt: skip


def flagged(checks: list[Check], *flags: str) -> list[Check]:
    """Return the checks that have one of these flags."""
    return [check for check in checks if set(flags) & set(check.flags)]


def tiles(course: Course, human: int) -> list[tuple[str, str]]:
    """Return the numbers at the top of the page, each with its text."""
    totals = [submission.total for submission in course.submissions]
    return [
        (f"{len(totals)}", "submissions"),
        (f"{np.median(totals):.1f}", f"median of {course.maximum:g} points"),
        (f"{np.mean(totals):.1f}", "mean"),
        (f"{min(totals):.1f} – {max(totals):.1f}", "lowest – highest"),
        (f"{sum(submission.late_seconds > 0 for submission in course.submissions)}", "late"),
        (f"{human}", "for a person to look at"),
    ]


def mean_points(course: Course, cell: Cell) -> float | None:
    """Return the mean points of a cell over the students for whom it is graded, None if there are none."""
    grades = [submission.grades[cell] for submission in course.submissions if cell in submission.grades]
    points = [grade.points for grade in grades if not grade.waiting]
    return float(np.mean(points)) if points else None


def level(points: float, cell: Cell) -> int:
    """Return how dark a cell of the heat table is: 0 for all points, 8 for none."""
    return round(8 * (1 - min(1.0, points / cell.points))) if cell.points else 0
