"""What of the key no student may receive."""

import nbformat
from autograder.authoring.proving import leaks
from autograder.course.catalogue import catalogue
from autograder.course.key import keys

from helpers import ASSIGNMENT, REPOSITORY
from helpers.courses import WORKBOOK

MARKS = ("BEGIN SOLUTION", "HIDDEN TESTS", "MARK SCHEME")


def release_of(name):
    """Return the committed release of a notebook."""
    return nbformat.read(REPOSITORY / "release" / ASSIGNMENT / f"{name}.ipynb", as_version=4)


def secret_lines():
    """The lines of solutions, hidden checks, model answers and marking schemes that say something of their own."""
    return leaks.secret_lines(keys(WORKBOOK))


def secret_edits():
    """What the catalog of misconceptions replaces in the key, and by what, where it says something of its own."""
    texts = {
        text for name in keys(WORKBOOK) for wrong in catalogue(WORKBOOK, name) for edit in wrong.edits for text in edit
    }
    given = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "assignment2" / "cs231n").rglob("*.py")]
    public = "\n".join([*given, *(cell.source for name in keys(WORKBOOK) for cell in release_of(name).cells)])
    return {text.strip() for text in texts if len(text.strip()) > leaks.TELLING and text.strip() not in public}
