"""Migrate the gradebook to a key that changed after submissions were graded: it gets the key's notebooks and cells.

nbgrader refuses to register such a key. Cells that stay keep their points and comments, manual ones above all. A new
cell has no points yet in any submission.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from nbgrader.api import BaseCell, Comment, Grade, Gradebook, MissingEntry, SubmittedNotebook
from nbgrader.utils import is_grade, is_locked, is_solution, is_task
from sqlalchemy.engine import make_url
from traitlets.config import Config

from autograder.core.errors import GraderError
from autograder.core.notebooks import read
from autograder.course.assignment import Assignment
from autograder.integration.converters import assignment_of, course_directory

GRADED = ("GradeCell", "TaskCell")  # the kinds that have points, as nbgrader calls them
COMMENTED = ("SolutionCell", "TaskCell")
SOURCE = "SourceCell"  # what nbgrader stores about the text of each of the others


class OtherKey(GraderError):
    """The gradebook was made from another key; the message says what differs."""


class Cell(NamedTuple):
    """A cell, of one kind, that nbgrader registers; most are of two kinds. points: None for a kind without points"""

    notebook: str
    kind: str
    name: str
    points: float | None
    cell_type: str


Place = tuple[str, str, str]  # notebook, kind, name


def cells_of_key(source: Path) -> dict[Place, Cell]:
    """Return the cells of an assignment's notebooks that nbgrader registers. source: the folder of the key"""
    return {cell[:3]: cell for path in sorted(source.glob("*.ipynb")) for cell in _cells_of_notebook(path)}


def _cells_of_notebook(path: Path) -> Iterator[Cell]:
    for cell in read(path).cells:
        kinds = {"GradeCell": is_grade, "SolutionCell": is_solution, "TaskCell": is_task}
        found = [kind for kind, is_one in kinds.items() if is_one(cell)]
        for kind in [*found, SOURCE] if found or is_locked(cell) else []:
            points = float(cell.metadata.nbgrader["points"]) if kind in GRADED else None
            yield Cell(path.stem, kind, cell.metadata.nbgrader["grade_id"], points, cell.cell_type)


def cells_of_gradebook(gradebook: Gradebook, assignment: str) -> dict[Place, Cell]:
    """Return the cells that are registered for an assignment."""
    found: dict[Place, Cell] = {}
    for notebook in gradebook.find_assignment(assignment).notebooks:
        for cell in (*notebook.grade_cells, *notebook.task_cells, *notebook.solution_cells, *notebook.source_cells):
            kind = type(cell).__name__
            points = cell.max_score if kind in GRADED else None
            found[notebook.name, kind, cell.name] = Cell(notebook.name, kind, cell.name, points, "")
    return found


def differences(registered: dict[Place, Cell], wanted: dict[Place, Cell]) -> list[str]:
    """Describe what a key changes, one line each: cells that are new or gone, and points, but not texts of cells."""
    lines = []
    for place in sorted(registered.keys() | wanted.keys()):
        before, now = registered.get(place), wanted.get(place)
        notebook, kind, name = place
        if kind == SOURCE and any((notebook, other, name) in registered | wanted for other in (*GRADED, *COMMENTED)):
            continue  # the other kind of this cell is in the list
        if before and now and before.points != now.points:
            lines.append(f"{notebook} {name}: {now.points:g} points instead of {before.points:g}")
        elif before is None and now:
            lines.append(f"{notebook} {name}: new" + (f", {now.points:g} points" if now.points is not None else ""))
        elif now is None and before:
            lines.append(
                f"{notebook} {name}: gone" + (f", {before.points:g} points" if before.points is not None else "")
            )
    return lines


def require_same_key(gradebook: Gradebook, assignment: Assignment) -> None:
    """Raise OtherKey if the gradebook was not made from this key."""
    found = differences(cells_of_gradebook(gradebook, assignment.name), cells_of_key(assignment.source))
    if found:
        more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
        raise OtherKey(
            f"the key has changed since the last release ({'; '.join(found[:3])}{more}): run `autograder release`, "
            "which keeps all points, and grade again"
        )


def migrate(config: Config) -> list[str]:
    """Give a gradebook with submissions the notebooks and cells of the key, and return what changed.

    A second call does nothing, and a call after an interruption does the rest. An SQLite file is copied before it is
    changed. config: the course's, which names the database and the folder of the key
    """
    directory, assignment = course_directory(config), assignment_of(config)
    name = assignment.name
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        try:
            if not gradebook.find_assignment(name).submissions:
                return []
        except MissingEntry:
            return []
        registered, wanted = cells_of_gradebook(gradebook, name), cells_of_key(assignment.source)
        told = differences(registered, wanted)
        if told:
            told.append(f"copy of the gradebook before the change: {copy_of_database(directory.db_url)}")
        for place in sorted(registered.keys() - wanted.keys()):
            told += _remove(gradebook, name, registered[place])
        _set_notebooks(gradebook, name, {cell.notebook for cell in wanted.values()})
        for place in sorted(wanted.keys() - registered.keys()):
            _add(gradebook, name, wanted[place])
        _fill_submissions(gradebook, name)
    return told


def copy_of_database(url: str) -> str:
    """Copy an SQLite database to a file next to it, and return its name; other databases are left to administrators."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return "none, because it is not a file"
    copy = f"{parsed.database}.{datetime.now():%Y-%m-%d-%H%M%S}"
    with closing(sqlite3.connect(parsed.database)) as database, closing(sqlite3.connect(copy)) as target:
        database.backup(target)
    return copy


def _remove(gradebook: Gradebook, assignment: str, cell: Cell) -> list[str]:
    """Remove a cell with its points and comments; returns lines about the manual points that are lost."""
    notebook = gradebook.find_notebook(cell.notebook, assignment)
    rows = notebook.source_cells if cell.kind == SOURCE else notebook._base_cells
    (row,) = [each for each in rows if each.name == cell.name and type(each).__name__ == cell.kind]
    told = []
    if isinstance(row, BaseCell):
        for grade in row.grades:
            if grade.manual_score is not None:
                told.append(f"  {grade.student.id} had {grade.manual_score:g} manual points for {cell.name}")
            gradebook.db.delete(grade)
        for comment in row.comments:
            gradebook.db.delete(comment)
    gradebook.db.delete(row)
    gradebook.db.commit()
    return told


def _set_notebooks(gradebook: Gradebook, assignment: str, names: set[str]) -> None:
    """Remove the notebooks that a key no longer has, and add those that are new."""
    registered = {notebook.name for notebook in gradebook.find_assignment(assignment).notebooks}
    for name in registered - names:
        gradebook.remove_notebook(name, assignment)
    for name in names - registered:
        gradebook.add_notebook(name, assignment)


def _add(gradebook: Gradebook, assignment: str, cell: Cell) -> None:
    """Add a cell; its text is registered by the release."""
    where = (cell.name, cell.notebook, assignment)
    if cell.kind == "GradeCell":
        gradebook.add_grade_cell(*where, max_score=cell.points, cell_type=cell.cell_type)
    elif cell.kind == "TaskCell":
        gradebook.add_task_cell(*where, max_score=cell.points, cell_type=cell.cell_type)
    elif cell.kind == "SolutionCell":
        gradebook.add_solution_cell(*where)
    else:
        gradebook.add_source_cell(*where, cell_type=cell.cell_type)


def _fill_submissions(gradebook: Gradebook, assignment: str) -> None:
    """Give each submission a row for each notebook, graded cell and comment that it lacks."""
    for submission in gradebook.find_assignment(assignment).submissions:
        theirs = {notebook.name: notebook for notebook in submission.notebooks}
        for notebook in submission.assignment.notebooks:
            mine = theirs.get(notebook.name) or SubmittedNotebook(notebook=notebook, assignment=submission)
            gradebook.db.add(mine)
            graded = {grade.cell_id for grade in mine.grades}
            commented = {comment.cell_id for comment in mine.comments}
            for cell in notebook._base_cells:
                kind = type(cell).__name__
                if kind in GRADED and cell.id not in graded:
                    gradebook.db.add(Grade(cell_id=cell.id, notebook=mine))
                if kind in COMMENTED and cell.id not in commented:
                    gradebook.db.add(Comment(cell_id=cell.id, notebook=mine))
    gradebook.db.commit()
