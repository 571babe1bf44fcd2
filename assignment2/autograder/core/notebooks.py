"""nbformat's functions for notebooks, with types."""

from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode


def read(path: Path) -> NotebookNode:
    """Read a notebook of any version of the format; raises any exception if it is damaged."""
    notebook: NotebookNode = nbformat.read(path, as_version=4)
    return notebook


def copied(node: NotebookNode) -> NotebookNode:
    """Return a deep copy of a notebook, a cell or an output."""
    copy: NotebookNode = nbformat.from_dict(node)
    return copy


def new_notebook(**content: Any) -> NotebookNode:
    """Return a notebook of the current format. content: cells, metadata"""
    notebook: NotebookNode = nbformat.v4.new_notebook(**content)
    return notebook
