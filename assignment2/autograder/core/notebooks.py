"""nbformat's functions for notebooks, with types."""

import json
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4.rwbase import split_lines, strip_transient


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


def text_of(notebook: NotebookNode) -> str:
    """Return the text of a notebook's file, as `nbformat.v4.writes` does in four times the time; the notebook is
    changed."""
    return indented(strip_transient(split_lines(notebook)))


def indented(value: Any, margin: str = "\n") -> str:
    """Return JSON as files of notebooks have it: keys in order, a space for each level. `json.dumps` leaves its encoder
    in C aside where it has to indent.

    margin: what begins the line of the value's last bracket
    """
    if isinstance(value, str):
        return encode_basestring(value)
    inner = f"{margin} "
    if isinstance(value, dict) and value:
        parts = [f"{encode_basestring(name)}: {indented(value[name], inner)}" for name in sorted(value)]
        return f"{{{inner}{f',{inner}'.join(parts)}{margin}}}"
    if isinstance(value, list) and value:
        return f"[{inner}{f',{inner}'.join([indented(part, inner) for part in value])}{margin}]"
    return json.dumps(value)
