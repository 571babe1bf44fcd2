"""Make notebooks from text: cells below lines `# %% KIND NAME [POINTS]`, with the metadata that the kind needs."""

import re
from collections.abc import Callable
from importlib import resources
from string import Template

import nbformat
from nbformat import NotebookNode

from autograder.core.notebooks import new_notebook
from autograder.course.cells import EXPERIMENT

HEAD = re.compile(r"(?m)^# %% (\w+) (\w+)(?: (\S+))?\n")
MARKDOWN = ("text", "question", "answer")
OURS = ("text", "code", "experiment")  # kinds that nbgrader does not know
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def template(file: str, **words: object) -> str:
    """Return a template of this package with words in place of its $names."""
    path = resources.files("autograder.authoring").joinpath("templates", file)
    return Template(path.read_text(encoding="utf-8")).safe_substitute(words)  # formulas have dollars too


def notebook_of(text: str) -> NotebookNode:
    """Return the notebook that a text describes."""
    return new_notebook(cells=cells_of(text), metadata=KERNEL)


def cells_of(text: str) -> list[NotebookNode]:
    """Return the cells that a text describes, in order."""
    _, *parts = HEAD.split(text)
    return [
        cell(kind, name, source.strip("\n"), points)
        for kind, name, points, source in zip(parts[::4], parts[1::4], parts[2::4], parts[3::4], strict=True)
    ]


def cell(kind: str, name: str, source: str, points: str | None = None) -> NotebookNode:
    """Return a cell. kind: text, code, experiment, solution, check, question or answer; nbgrader knows the last four"""
    make: Callable[..., NotebookNode] = nbformat.v4.new_markdown_cell if kind in MARKDOWN else nbformat.v4.new_code_cell
    made = make(source, id=name)
    if kind == "experiment":
        made.metadata["tags"] = [EXPERIMENT]
    if kind not in OURS:
        made.metadata["nbgrader"] = {
            "grade": kind in ("check", "answer"),
            "grade_id": name,
            "locked": kind in ("check", "question"),
            "schema_version": 3,
            "solution": kind in ("solution", "answer"),
            "task": False,
        }
    if points is not None:
        made.metadata["nbgrader"]["points"] = float(points) if "." in points else int(points)
    return made
