"""docs/authors.md, done step by step: every box of it is run, or written where it says."""

import re

import nbformat
import pytest
from autograder import cli
from autograder.core.notebooks import read
from helpers import REPOSITORY

PAGE = (REPOSITORY / "docs" / "authors.md").read_text(encoding="utf-8")
BOX = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NOTEBOOK = "source/hw3/Start.ipynb"
TOTAL = "| | | | | **4** |"  # of the table in a new notebook


def write(course, kind, text):
    """Do with a box that is no command what its first line says."""
    first, rest = text.split("\n", 1)
    if kind == "markdown":
        return change(course, "title", lambda source: source.replace(TOTAL, f"{first}\n| | | | | **6** |"))
    place = first.removeprefix("# ")
    if place.startswith("cell "):
        return change(course, place.removeprefix("cell "), lambda _: rest.strip("\n"))
    path = course / place
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{rest}")


def change(course, cell_id, written):
    notebook = read(course / NOTEBOOK)
    cell = next(cell for cell in notebook.cells if cell.id == cell_id)
    cell.source = written(cell.source)
    nbformat.write(notebook, course / NOTEBOOK)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """The exit status of each command of the page, in order, and the course that it leaves."""
    course = tmp_path_factory.mktemp("authors") / "course"
    found = []
    for kind, text in BOX.findall(PAGE):
        if kind == "console":
            found += [(line, cli.main([*line.split()[1:], "--course", str(course)])) for line in text.splitlines()]
        else:
            write(course, kind, text)
    return course, found


def test_every_command_does_what_the_page_says(outcomes):
    """Does each command succeed, but for the one proof that is said to find something?"""
    _, found = outcomes
    assert [line for line, status in found if status] == ["autograder prove hw3"]
    proofs = [status for line, status in found if line == "autograder prove hw3"]
    assert proofs == [0, 1, 0]


def test_the_exercise_reaches_students(outcomes):
    """Is what the page writes in the release, without its solution, and in the hand-out?"""
    course, _ = outcomes
    cells = {cell.id: cell.source for cell in read(course / "release" / "hw3" / "Start.ipynb").cells}
    assert "NotImplementedError" in cells["leaky_relu"]
    assert "slope * x)" not in cells["leaky_relu"]
    assert "three axes" not in cells["test_leaky_relu"]
    assert (course / "hand_out" / "hw3.zip").exists()


def test_commands_in_the_text_are_there():
    """Does the command line know each command and option that the page mentions?"""
    known = {name for name, _, _ in cli.COMMANDS}
    for words in re.findall(r"`autograder ([^`]+)`", PAGE):
        name, *others = words.split()
        assert name in known
        flags = {flag for flag, _ in cli.ARGUMENTS.get(name, [])}
        assert {word for word in others if word.startswith("--")} <= flags
