"""Describe a release, as lines for a terminal."""

from autograder.course.assignment import Assignment
from autograder.course.cells import is_check, points_of
from autograder.course.key import keys


def summary(assignment: Assignment) -> list[str]:
    """Return the path of the release, and the points of each notebook: for checks, and for written answers."""
    found = keys(assignment)
    width = max(map(len, found))
    lines = [str(assignment.release), f"  {'points':{width}}  total  checks  answers"]
    total = 0.0
    for name, key in found.items():
        points = sum(points_of(cell) for cell in key.notebook.cells)
        checks = sum(points_of(cell) for cell in key.notebook.cells if is_check(cell))
        lines.append(f"  {name:{width}}  {points:5g}  {checks:6g}  {points - checks:7g}")
        total += points
    return [*lines, f"  {'total':{width}}  {total:5g}", f"registered in {assignment.course / 'gradebook.db'}"]
