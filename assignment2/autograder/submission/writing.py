"""Compare what a student wrote with what was given, and put it into cells of its own."""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from autograder.course.cells import EXPERIMENT, names_in, tree_of

MAKE: dict[str, Callable[..., NotebookNode]] = {
    "code": new_code_cell,
    "markdown": new_markdown_cell,
    "raw": new_raw_cell,
}


def same_text(one: str, other: str) -> bool:
    """Return whether two texts are the same except for space at the ends of lines and around the texts."""
    return one == other or _trimmed(one) == _trimmed(other)


def same_code(one: str, other: str) -> bool:
    """Return whether two cells are the same code except for comments and formatting, which editors change.

    other: the given one, with which each student's is compared
    """
    if same_text(one, other):
        return True
    if any(name not in one for name in names_in(other).loaded if not name.startswith("_")):
        return False  # without parsing it: most solutions do not raise what their stubs raise
    mine, theirs = tree_of(one), tree_of(other)
    try:
        return bool(mine.body) and _same_tree(mine, theirs)
    except RecursionError:
        return False


def written_into(theirs: str, given: str) -> tuple[str, bool]:
    """Return what somebody has typed into a given text (new lines, and what was appended to others), and whether the
    given text is still complete."""
    left = Counter(_trimmed(given))
    new: list[str] = []
    for line in _trimmed(theirs):
        if left[line] > 0:
            left[line] -= 1
        elif line and (begun := max((g for g in left if g and left[g] and line.startswith(g)), key=len, default="")):
            left[begun] -= 1
            new.append(line.removeprefix(begun).strip())
        else:
            new.append(line)
    return "\n".join(new).strip(), not any(left[line] > 0 for line in left if line)


def plain(cell: NotebookNode, experiment: bool = False) -> NotebookNode:
    """Return a copy of an added cell without outputs, and without metadata except the tag of an experiment."""
    copy = MAKE[cell.cell_type](cell.source)
    if experiment or EXPERIMENT in cell.metadata.get("tags", []):
        copy.metadata["tags"] = [EXPERIMENT]
    copy_pictures(cell, copy)
    return copy


def copy_pictures(theirs: NotebookNode, cell: NotebookNode) -> None:
    """Give a markdown cell the pictures that were pasted into a student's: by name, base64 by MIME type."""
    attachments = theirs.get("attachments")
    if cell.cell_type != "markdown" or not isinstance(attachments, dict):
        return
    cell.attachments = {
        name: picture
        for name, picture in attachments.items()
        if isinstance(picture, dict) and all(isinstance(data, str) for data in picture.values())
    }


def joined(cells: Iterable[NotebookNode]) -> NotebookNode:
    """Return one markdown cell with the texts of several, each once, and their pictures under names of their own."""
    texts: dict[str, None] = {}
    pictures: dict[str, dict[str, str]] = {}
    for number, cell in enumerate(cells):
        text = cell.source.strip()
        for name, bundle in cell.get("attachments", {}).items():
            if pictures.get(name, bundle) != bundle:
                free = f"{number}-{name}"
                text, name = text.replace(f"attachment:{name}", f"attachment:{free}"), free
            pictures[name] = bundle
        texts[text] = None
    whole: NotebookNode = new_markdown_cell("\n\n".join(texts))
    if pictures:
        whole.attachments = pictures
    return whole


def _trimmed(text: str) -> list[str]:
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE).strip().split("\n")


def _same_tree(one: Any, other: Any) -> bool:
    """Return whether two syntax trees, or parts of them, are the same except for their positions.

    It ends at the first difference, and most solutions differ from their stubs soon."""
    if type(one) is not type(other):
        return False
    if isinstance(one, ast.AST):
        return all(_same_tree(getattr(one, name, None), getattr(other, name, None)) for name in one._fields)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same_tree, one, other))
    return bool(one == other)
