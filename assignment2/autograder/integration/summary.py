"""The summary at the top of a feedback page: each part with its points, what was lost, and where to begin."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.core.annotations import verdicts_of
from autograder.course.assignment import chosen
from autograder.course.cells import name_of
from autograder.integration.marks import WAITING
from autograder.integration.steps import CourseStep, Resources


class Summarize(CourseStep):
    """Put the summary where the template of the page finds it. The last step: what students may not read is gone."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        assignment = chosen(Path(self.converter.coursedir.root), resources["nbgrader"]["assignment"])
        key = assignment.source / f"{resources['nbgrader']['notebook']}.ipynb"
        resources["summary"] = Summary([part_of(cell) for cell in nb.cells if is_graded(cell)], texts_of(key))
        return nb, resources


@cache
def texts_of(key: Path) -> frozenset[str]:
    """Return the ids of the instructor's texts except questions: whoever reads a page has them in the notebook."""
    cells = nbformat.read(key, as_version=4).cells if key.exists() else []
    return frozenset(cell.id for cell in cells if cell.cell_type == "markdown" and "nbgrader" not in cell.metadata)


@dataclass
class Part:
    """One graded cell. anchor: its id on the page; title: its name for students; hint: the first one, "" for none"""

    anchor: str
    title: str
    points: float
    maximum: float
    waiting: bool
    hint: str = ""

    @property
    def lost(self) -> float:
        """The points that it lost; none as long as it waits for a grade."""
        return 0.0 if self.waiting else self.maximum - self.points


@dataclass
class Summary:
    """The graded cells of a notebook. texts: ids of the cells that the page leaves out"""

    parts: list[Part]
    texts: frozenset[str] = frozenset()

    @property
    def in_order(self) -> list[Part]:
        """The parts with points: those that lost some, then those that wait, then the rest, each in notebook order."""
        return sorted(filter(lambda part: part.maximum, self.parts), key=lambda part: (not part.lost, not part.waiting))

    def title(self, name: str) -> str:
        """Return the name of a cell for students."""
        return title_of(name)

    def part(self, name: str) -> Part:
        """Return the part of a cell."""
        return next(part for part in self.parts if part.anchor == name)

    @property
    def next_step(self) -> Part | None:
        """The first part that lost points: later ones may build on it."""
        return next((part for part in self.parts if part.lost), None)

    @property
    def waiting(self) -> float:
        """How many points wait for a grade."""
        return sum(part.maximum for part in self.parts if part.waiting)


def is_graded(cell: NotebookNode) -> bool:
    """Return whether a cell has points, by checks or by a person."""
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def part_of(cell: NotebookNode) -> Part:
    """Return the part of a graded cell, after GetMarks has put its points into its metadata."""
    about = cell.metadata.nbgrader
    hints = [verdict.hint for verdict in verdicts_of(cell) or [] if verdict.hint]
    return Part(
        anchor=name_of(cell),
        title=title_of(name_of(cell)),
        points=float(about.get("score") or 0.0),
        maximum=float(about.get("points") or 0.0),
        waiting=bool(about.get(WAITING)),
        hint=hints[0] if hints else "",
    )


def title_of(name: str) -> str:
    """Return the name of a cell for students: "Question 1" for question_1, affine_forward for test_affine_forward."""
    if name.startswith("question_"):
        return name.replace("_", " ").capitalize()
    return name.removeprefix("test_")
