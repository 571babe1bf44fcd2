"""Make sample submissions from the release, the key and the catalog; each is named after what it shows."""

from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.core.notebooks import read
from autograder.course.assignment import Assignment
from autograder.course.catalogue import catalogue
from autograder.course.cells import grade_id, is_experiment, is_solution, name_of
from autograder.course.key import Key, keys
from autograder.course.solutions import answered, set_source, solution, without_marks
from autograder.demo.training import train_networks

ASSIGNMENT = "assignment2"  # the assignment of the samples
ON_TIME, TOO_LATE = "2026-01-31 20:00:00 UTC", "2026-02-02 09:30:00 UTC"
DUE = "2026-01-31 23:59:00 UTC"


def common_mistakes(notebook: NotebookNode, key: Key) -> None:
    """Put the first misconception into every second solution cell that has any."""
    seen: list[str] = []
    for mistake in catalogue(key.assignment, key.name):
        if mistake.cell not in seen:
            seen.append(mistake.cell)
            if len(seen) % 2 == 1:
                grafted = next(c for c in mistake.graft(key).cells if grade_id(c) == mistake.cell)
                set_source(notebook, mistake.cell, without_marks(grafted.source))


def solution_names(notebook: NotebookNode) -> list[str]:
    """Return the names of the solution cells in code, in order."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and is_solution(cell)]
    return [name_of(cell) for cell in code if not is_experiment(cell)]


def syntax_error(notebook: NotebookNode, key: Key) -> None:
    """Drop the colon of a function."""
    name = solution_names(notebook)[1]
    set_source(notebook, name, solution(key, name).source.replace("):", ")", 1))


def never_ends(notebook: NotebookNode, key: Key) -> None:
    """Put an endless loop into the last function of the first notebook."""
    if key.imports:
        return  # one notebook is enough: each check cell that calls the function takes the whole time limit of a cell
    name = solution_names(notebook)[-1]
    source = without_marks(solution(key, name).source)
    body = source.replace("    return ", "    while True:\n        pass\n    return ", 1)
    set_source(notebook, name, body)


def lost_metadata(notebook: NotebookNode, key: Key) -> None:
    """Remove the metadata of all cells, as some editors do."""
    for cell in notebook.cells:
        cell.metadata = {}


def nothing(notebook: NotebookNode, key: Key) -> None:
    """Leave the notebook as it is."""


SPOIL: dict[str, Callable[[NotebookNode, Key], None]] = {
    "complete": nothing,
    "common-mistakes": common_mistakes,
    "syntax-error": syntax_error,
    "never-ends": never_ends,
    "lost-metadata": lost_metadata,
    "late": nothing,
}


def hand_in(assignment: Assignment) -> list[str]:
    """Write the samples to `submitted/` of a course whose release exists; returns their names."""
    course_keys = keys(assignment)
    weights = train_networks(assignment)
    for name, spoil in SPOIL.items():
        folder = submission(assignment, name, TOO_LATE if name == "late" else ON_TIME)
        for key in course_keys.values():
            notebook = answered(released(assignment, key), key)
            spoil(notebook, key)
            nbformat.write(notebook, folder / f"{key.name}.ipynb")
        for file, content in weights.items():
            (folder / file).write_bytes(content)
    folder = submission(assignment, "untouched", ON_TIME)
    for key in course_keys.values():
        nbformat.write(released(assignment, key), folder / f"{key.name}.ipynb")
    folder = submission(assignment, "unreadable", ON_TIME)
    for key in course_keys.values():
        (folder / f"{key.name}.ipynb").write_text('{"cells": [', encoding="utf-8")
    return [*SPOIL, "untouched", "unreadable"]


def released(assignment: Assignment, key: Key) -> NotebookNode:
    """Return a notebook as students get it."""
    return read(assignment.release / f"{key.name}.ipynb")


def submission(assignment: Assignment, student: str, timestamp: str) -> Path:
    """Make the folder of a submission with its timestamp; returns it."""
    folder = assignment.submitted(student)
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text(timestamp, encoding="utf-8")
    return folder
