"""One graded submission as Gradescope reads it: the file results.json of its autograders."""

from typing import Any

from autograder.core.results import Verdict
from autograder.grading.one import Cell, Graded
from autograder.judging.told import for_students

NOW, LATER = "visible", "after_published"  # when students see a test
BY_HAND = "Written answers are graded by a person and have no test here."


def results(graded: Graded) -> dict[str, Any]:
    """Return what belongs into results.json.

    A cell's visible checks and its hidden ones are a test each: the hidden ones are shown when grades are published,
    and, like a feedback page, tell their names, statuses and hints only.
    """
    tests = [test for cell in graded.cells if cell.points is not None and cell.maximum for test in tests_of(cell)]
    return {"output": "\n".join([*graded.remarks, BY_HAND]), "stdout_visibility": "hidden", "tests": tests}


def tests_of(cell: Cell) -> list[dict[str, Any]]:
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
    """Return the points of a cell that some of its checks are worth. total: weight of all of them"""
    return round(cell.maximum * sum(verdict.weight for verdict in verdicts) / total, 4)


def line(verdict: Verdict) -> str:
    """Return a verdict as a line, and its hint as another one."""
    mark = "✓" if verdict.passed else f"✗ {verdict.status}:"
    hint = f"\n    hint: {verdict.hint}" if verdict.hint else ""
    return f"{mark} {verdict.check}{f': {verdict.message}' if verdict.message else ''}{hint}"
