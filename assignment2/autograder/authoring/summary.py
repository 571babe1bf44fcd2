"""What a release holds, as lines for a terminal."""

from pathlib import Path

from autograder.course.assignment import ASSIGNMENT
from autograder.course.cells import is_check, points_of
from autograder.course.key import keys


def summary(course: Path) -> list[str]:
    """Return where the release is, and the points of each notebook: by checks, and for written answers."""
    found = keys(course / "source" / ASSIGNMENT)
    width = max(map(len, found))
    lines = [str(course / "release" / ASSIGNMENT), f"  {'points':{width}}  total  checks  answers"]
    total = 0.0
    for name, key in found.items():
        points = sum(points_of(cell) for cell in key.notebook.cells)
        checks = sum(points_of(cell) for cell in key.notebook.cells if is_check(cell))
        lines.append(f"  {name:{width}}  {points:5g}  {checks:6g}  {points - checks:7g}")
        total += points
    return [*lines, f"  {'together':{width}}  {total:5g}", f"{course / 'gradebook.db'} knows them"]
