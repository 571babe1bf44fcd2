"""Compare what texts say about an assignment with its cells: points, and names of steps and notebooks that are gone."""

import re
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from autograder.authoring.template import template
from autograder.core.notebooks import read
from autograder.course.assignment import Assignment
from autograder.course.cells import defined_names, is_solution, name_of, points_of
from autograder.course.key import Key

NUMBER = r"\d+(?:\.\d+)?"
IN_HEADING = re.compile(rf"^#+ .*\(({NUMBER}) points?\)", re.MULTILINE)
IN_LINE = re.compile(rf"^\*({NUMBER}|No) points? · ", re.MULTILINE)
OF_ALL = re.compile(rf"\b({NUMBER}) of the [^.|\n]*?\b({NUMBER}) points")
TABLE = re.compile(r"(?:^\|.*\|\n?)+", re.MULTILINE)
QUESTION = re.compile(r"Question (\d+)")
NONE = ("No", "–")
QUOTED = re.compile(r"`([^`\n]+)`")
WORD = re.compile(r"[A-Za-z_]\w*")
FILE = re.compile(r"([A-Za-z_]\w*)\.ipynb")
TO_WRITE = re.compile(r"\b[Ss]ay |^Ask |^A model answer")  # lines of templates that an author replaces
TEMPLATES = ("first.txt", "notebook.txt", "exercise.txt", "question.txt")


def wrong_points(key: Key, together: float) -> Iterator[str]:
    """Yield where the texts of a notebook give other points than its cells. together: the points of the assignment"""
    worth = {name_of(cell).removeprefix("test_"): points_of(cell) for cell in key.notebook.cells if is_graded(cell)}
    own = sum(worth.values())
    for index, cell in enumerate(key.notebook.cells):
        if cell.cell_type != "markdown":
            continue
        said = IN_HEADING.search(cell.source) or IN_LINE.search(cell.source)
        if said and number(said[1]) != (right := worth_of_text(key, index)):
            yield f"{name_of(cell)} says {said[1]} points, its cells give {right:g}"
        for table in TABLE.findall(cell.source):
            yield from (f"{name_of(cell)}: {problem}" for problem in wrong_rows(table, worth))
        for ours, all_ in OF_ALL.findall(cell.source):
            if (number(ours), number(all_)) != (own, together):
                yield f"{name_of(cell)} says {ours} of {all_} points, the cells give {own:g} of {together:g}"


def worth_of_text(key: Key, index: int) -> float:
    """Return the points that the text in a cell is about: those of the cells with its name, else those of all cells up
    to the next text that gives points."""
    own = name_of(key.notebook.cells[index]).removesuffix("_text")
    named = [cell for cell in key.notebook.cells if is_graded(cell) and name_of(cell) in (own, f"test_{own}")]
    if named:
        return sum(map(points_of, named))
    total = 0.0
    for cell in key.notebook.cells[index + 1 :]:
        if cell.cell_type == "markdown" and (IN_HEADING.search(cell.source) or IN_LINE.search(cell.source)):
            break
        total += points_of(cell)
    return total


def wrong_rows(table: str, worth: dict[str, float]) -> Iterator[str]:
    """Yield what is wrong in a table with the columns Step and Points. worth: points by step and question"""
    head, *rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()]
    titles = [title.lower() for title in head]
    if titles[0] != "step" or "points" not in titles:
        return
    column, listed = titles.index("points"), set()
    for row in rows[1:]:
        names, said = steps_named(row[0]), [number(part) for part in row[column].split("+")]
        right = [worth.get(name, 0.0) for name in names] if row[0] else [sum(worth.values())]
        listed |= set(names)
        if said not in (right, [sum(right)]):
            about = f"{row[0] or 'all together'} {row[column]}"
            yield f"the table gives {about} points, the cells {' + '.join(map('{:g}'.format, right)) or 'none'}"
    if missing := [name for name, points in worth.items() if points and name not in listed]:
        yield f"the table lacks {', '.join(missing)}"


def steps_named(text: str) -> list[str]:
    """Return the steps and questions that the first cell of a row names: `affine_forward`, Question 1."""
    return QUOTED.findall(text) + [f"question_{which}" for which in QUESTION.findall(text)]


def is_graded(cell: NotebookNode) -> bool:
    """Return whether a cell has points, by checks or by a person."""
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def number(text: str) -> float:
    """Return a number of points, nan, which equals nothing, if the text is not a number."""
    text = text.strip(" *")
    return 0.0 if text in NONE else float(text) if re.fullmatch(NUMBER, text) else float("nan")


def names_that_are_gone(assignment: Assignment, found: dict[str, Key]) -> Iterator[tuple[str, str]]:
    """Yield (notebook, problem) for names in texts of notebooks that the course does not have, and of functions that
    were released or executed before and are in no cell any more."""
    now = {word for key in found.values() for cell in key.notebook.cells for word in words_of(cell)}
    gone = {name for path in earlier(assignment) for cell in read(path).cells for name in names_of(cell)} - now
    notebooks = {path.stem for path in assignment.course.glob("source/*/*.ipynb")}
    for key in found.values():
        for cell in key.notebook.cells:
            if cell.cell_type == "markdown":
                quoted = {word for text in QUOTED.findall(cell.source) for word in WORD.findall(text)}
                for word in sorted(quoted & gone):
                    yield key.name, f"{name_of(cell)} names `{word}`, which is gone"
                for name in sorted(set(FILE.findall(cell.source)) - notebooks):
                    yield key.name, f"{name_of(cell)} names {name}.ipynb, which the course does not have"


def earlier(assignment: Assignment) -> list[Path]:
    """Return the notebooks as they were released, and executed, the last time."""
    return [*assignment.release.glob("*.ipynb"), *(assignment.course / "notebooks").glob("*.ipynb")]


def names_of(cell: NotebookNode) -> set[str]:
    """Return the name of a solution cell, and the names that it defines."""
    return {name_of(cell), *defined_names(cell)} if is_solution(cell) and cell.cell_type == "code" else set()


def words_of(cell: NotebookNode) -> set[str]:
    """Return the name of a cell, and the names in its code."""
    return {name_of(cell), *WORD.findall(cell.source)} if cell.cell_type == "code" else {name_of(cell)}


def unwritten(key: Key) -> Iterator[str]:
    """Yield where a notebook still has the texts of `new` and `add` that an author has to replace."""
    lines = {line.strip() for file in TEMPLATES for line in template(file).splitlines() if TO_WRITE.search(line)}
    for cell in key.notebook.cells:
        if left := [line.strip() for line in cell.source.splitlines() if line.strip() in lines]:
            yield f"{name_of(cell)} still says: {left[0]}"
