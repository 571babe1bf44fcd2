"""Write one graded submission in the format that Gradescope reads, results.json."""

from typing import Any

from autograder.core.results import Verdict
from autograder.grading.one import Cell, Graded
from autograder.judging.told import for_students

NOW, LATER = "visible", "after_published"  # when students see a test
BY_HAND = "Written answers are graded by a person and have no test here."


def results(graded: Graded) -> dict[str, Any]:
    """Return the content of results.json.

    The visible checks of a cell are one test, its hidden checks another. Gradescope shows the latter when grades are
    published. Like a feedback page, it then shows only the names, statuses and hints of hidden checks.
    """
    tests = [test for cell in graded.cells if cell.points is not None and cell.maximum for test in tests_of(cell)]
    return {"output": "\n".join([*graded.remarks, BY_HAND]), "stdout_visibility": "hidden", "tests": tests}


def tests_of(cell: Cell) -> list[dict[str, Any]]:
    """Return the tests of a cell: one of its visible checks, one of its hidden checks."""
    told = for_students(cell.verdicts)
    parts = {"": [v for v in told if not v.hidden], ", hidden checks": [v for v in told if v.hidden]}
    total = sum(verdict.weight for verdict in told)
    return [
        {
            "name": f"{cell.notebook}: {cell.name}{about}",
            "score": share(cell, [v for v in verdicts if v.passed], total),
            "max_score": share(cell, verdicts, total),
            "status": "passed" if all(v.passed for v in verdicts) else "failed",
            "output": "\n".join(map(line, verdicts)),
            "visibility": LATER if about else NOW,
        }
        for about, verdicts in parts.items()
        if verdicts
    ]


def share(cell: Cell, verdicts: list[Verdict], total: float) -> float:
    """Return the points that some checks of a cell are worth. total: the weight of all its checks"""
    return round(cell.maximum * sum(verdict.weight for verdict in verdicts) / total, 4)


def line(verdict: Verdict) -> str:
    """Return a verdict as a line of text, with its hint, if it has one, on a second line."""
    mark = "✓" if verdict.passed else f"✗ {verdict.status}:"
    hint = f"\n    hint: {verdict.hint}" if verdict.hint else ""
    return f"{mark} {verdict.check}{f': {verdict.message}' if verdict.message else ''}{hint}"
