"""Bring the pictures of an answer into the only form that pages show: attached to the cell and named in its text."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

from nbformat import NotebookNode

from autograder.core.results import Repair, RepairKind
from autograder.course.cells import name_of

DATA = r"data:(?P<mime>image/[a-z+]{3,8});base64,(?P<data>[A-Za-z0-9+/=\s]+)"
INLINE = re.compile(
    rf"!\[(?P<alt>[^\]\n]{{0,200}})\]\(\s*<?{DATA}>?[^()\n]{{0,200}}\)"
)  # what Colab makes of a picture
TAG = re.compile(r"<img\b[^<>]*>", re.IGNORECASE)  # what old versions of Jupyter make of one
SOURCE = re.compile(r"\ssrc\s*=\s*[\"']?(?P<address>attachment:[^\"'<>]{1,200}?|data:[^\"'<>]+)[\"'\s>]", re.IGNORECASE)
ATTACHED = re.compile(r"!\[[^\]\n]{0,200}\]\(\s*<?attachment:([^()\n<>]{1,200}?)>?\s*\)")
MAX_NAME = 60  # characters of a picture's name in a message


def attach_pictures(cells: Iterable[NotebookNode], others: Iterable[NotebookNode]) -> list[Repair]:
    """Attach the pictures that markdown cells show, in place; return a repair for each that was not handed in.

    others: all cells that were handed in, where a lost picture may be: merging cells loses pictures
    """
    elsewhere = pictures_of(others)
    repairs = []
    for cell in cells:
        cell.source = INLINE.sub(lambda found: attach(cell, found), TAG.sub(as_markdown, cell.source))  # noqa: B023
        for address in dict.fromkeys(ATTACHED.findall(cell.source)):
            name = unquote(address)
            if not {name, address} & cell.get("attachments", {}).keys():
                if len(bundles := elsewhere.get(name, [])) == 1:
                    cell.setdefault("attachments", NotebookNode())[name] = bundles[0]
                else:
                    text = f"the picture {name[:MAX_NAME]} of this text was not handed in"
                    repairs.append(Repair(RepairKind.PICTURE_LOST, name_of(cell), text))
    return repairs


def pictures_of(cells: Iterable[NotebookNode]) -> dict[str, list[NotebookNode]]:
    """Return the pictures that are attached to some cells: the different ones of each name."""
    found: dict[str, list[NotebookNode]] = {}
    for cell in cells:
        for name, bundle in cell.get("attachments", {}).items():
            if bundle not in found.setdefault(name, []):
                found[name].append(bundle)
    return found


def as_markdown(tag: re.Match[str]) -> str:
    """Return the Markdown for an image tag whose picture is in the notebook; other tags stay."""
    source = SOURCE.search(tag[0])
    return f"![]({source['address'].replace(' ', '%20')})" if source else tag[0]


def attach(cell: NotebookNode, found: re.Match[str]) -> str:
    """Attach a picture whose data is in the text, and return the Markdown that names it."""
    attachments = cell.setdefault("attachments", NotebookNode())
    ending = found["mime"].removeprefix("image/").partition("+")[0]
    name = f"picture-{len(attachments) + 1}.{ending}"
    attachments[name] = NotebookNode({found["mime"]: found["data"]})
    return f"![{found['alt']}](attachment:{name})"
