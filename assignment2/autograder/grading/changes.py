"""Say what grading again changed: who gained or lost points, and by which check."""

from pathlib import Path

from autograder.core.annotations import verdicts_of
from autograder.core.notebooks import read
from autograder.core.results import Status
from autograder.course.cells import name_of

Statuses = dict[tuple[str, str, str], Status]  # (notebook, cell, check) -> status


def statuses(folder: Path) -> Statuses:
    """Return the status of every check in the judged notebooks of a folder; unreadable notebooks are skipped."""
    found: Statuses = {}
    for path in sorted(folder.glob("*.ipynb")):
        try:
            cells = read(path).cells
            for cell in cells:
                for verdict in verdicts_of(cell) or []:
                    found[path.stem, name_of(cell), verdict.check] = verdict.status
        except Exception:  # a killed run left a half-written notebook: there is nothing to compare with
            continue
    return found


def differences(before: Statuses, after: Statuses) -> list[str]:
    """Describe each check whose status has changed, one line each; new and removed checks are included."""
    lines = []
    for check in sorted(before.keys() | after.keys()):
        old, new = before.get(check), after.get(check)
        if old != new:
            notebook, cell, name = check
            change = f"{old or 'no such check'} -> {new or 'no such check'}"
            lines.append(f"{notebook} {cell} {name or '(the cell)'}: {change}")
    return lines


def summary(student: str, before: float, after: float, lines: list[str], shown: int = 5) -> list[str]:
    """Return the lines to print about one student whose result has changed."""
    what = f"gained {after - before:.2f}" if after > before else f"lost {before - after:.2f}"
    head = f"{student}: {before:.2f} -> {after:.2f}, {what}" if after != before else f"{student}: same points"
    more = [f"    ... and {len(lines) - shown} more"] if len(lines) > shown else []
    return [head, *(f"    {line}" for line in lines[:shown]), *more]
