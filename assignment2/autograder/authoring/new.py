"""Make a new assignment, with one exercise that shows all parts, and the cells of new exercises and questions."""

import re
from pathlib import Path

import nbformat

from autograder.authoring.release import draw_seed
from autograder.authoring.template import cells_of, notebook_of, template
from autograder.core.errors import GraderError
from autograder.core.notebooks import read
from autograder.course.assignment import CONFIGURATION, Assignment
from autograder.course.cells import is_check, is_solution, name_of

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
STEP = re.compile(r"[a-z_][a-z0-9_]*")
NOTEBOOK = re.compile(r"[A-Z]\w*")


def new(course: Path, name: str, notebook: str) -> list[Path]:
    """Make an assignment with one notebook, and the course around it if there is none yet; returns the files written.

    Raises GraderError if an assignment has this name, or a name is not allowed.
    """
    require(NAME, name, "an assignment's name has letters, digits, - and _, such as hw3")
    require(NOTEBOOK, notebook, "a notebook's name is one word with a capital, such as Clusters: it is a module")
    source, proof = course / "source" / name, course / "proof" / name
    if source.exists() or proof.exists():
        raise GraderError(f"there is an assignment {name} in {course} already")
    files = {
        source / f"{notebook}.ipynb": nbformat.writes(notebook_of(template("first.txt", title=notebook))) + "\n",
        proof / "misconceptions" / f"{notebook}.toml": template("misconceptions.toml"),
        proof / "variants" / notebook / "loops.py": template("variant.txt"),
    }
    if not (course / CONFIGURATION).exists():
        files[course / CONFIGURATION] = template("nbgrader_config.txt")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    draw_seed(proof / "seed")
    return list(files)


def add(
    assignment: Assignment, name: str, notebook: str, points: int, after: str | None = None, question: bool = False
) -> Path:
    """Add the cells of one exercise, or of a written question, to a notebook, which is made if it does not exist;
    returns its path.

    after: the cell after which they come, by default the last solution or check cell
    Raises GraderError if the name is taken or not allowed, or there is no cell `after`.
    """
    require(STEP, name, "a step's name is that of a Python function, in lower case")
    path = assignment.source / f"{notebook}.ipynb"
    if path.exists():
        found = read(path)
    else:
        require(NOTEBOOK, notebook, "a notebook's name is one word with a capital, such as Clusters: it is a module")
        found = notebook_of(template("notebook.txt", title=notebook))
    kind = "question.txt" if question else "exercise.txt"
    worth, title = f"{points} point{'s' * (points > 1)}", name.replace("_", " ").capitalize()
    cells = cells_of(template(kind, name=name, title=title, points=points, worth=worth))
    names = [name_of(cell) for cell in found.cells]
    if taken := [name_of(cell) for cell in cells if name_of(cell) in names]:
        raise GraderError(f"{path} has a cell {taken[0]} already")
    if after is not None and after not in names:
        raise GraderError(f"{path} has no cell {after}")
    work = [index for index, cell in enumerate(found.cells) if is_check(cell) or is_solution(cell)]
    place = names.index(after) if after else max(work, default=names.index("imports") if "imports" in names else -1)
    found.cells[place + 1 : place + 1] = cells
    path.write_text(nbformat.writes(found) + "\n", encoding="utf-8")
    return path


def require(pattern: re.Pattern[str], name: str, what: str) -> None:
    """Raise GraderError if a name does not fit a pattern. what: which names fit, for the message"""
    if not pattern.fullmatch(name):
        raise GraderError(f"{name!r} cannot be used as a name here: {what}")
