"""The plain page that replaces a feedback page which cannot be written: names, verdicts, points, comments, and the
source as text. It needs no parser, so nothing in a submission makes it slow."""

import re
from html import escape
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.core.annotations import verdicts_of
from autograder.course.cells import is_check, name_of
from autograder.integration.marks import WAITING
from autograder.submission.outputs import shortened

MAX_CELL, MAX_SOURCE = 20_000, 500_000  # characters that are shown, of one cell and of all
START = '<!DOCTYPE html>\n<html lang="en" data-plain="{}">'
PLAIN = re.compile(re.escape(START).replace(r"\{\}", '([^"]*)'))
VIEWPORT = "<meta name='viewport' content='width=device-width, initial-scale=1'>"
STYLE = """body { max-width: 60em; margin: auto; padding: 0 1em; font-family: sans-serif; overflow-wrap: anywhere }
pre { background: #f7f7f7; white-space: pre-wrap }"""


def plain_page(notebook: NotebookNode, names: dict[str, Any], reason: str) -> str:
    """Return a plain page.

    notebook: judged, and prepared for its student; names: what nbgrader knows about it; reason: why the page is plain
    """
    title = escape(str(names["notebook"]))
    score = f"<p>Score: {points(names.get('score'))} of {points(names.get('max_score'))} points</p>"
    why = "<p>This is a plain page, because your notebook is too large or too complicated for the usual one.</p>"
    head = f"<head>\n<meta charset='utf-8'>{VIEWPORT}<title>{title}</title><style>{STYLE}</style></head>"
    body, left = [], MAX_SOURCE
    for cell in notebook.cells:
        body.append(section(cell, min(left, MAX_CELL)))
        left -= min(left, MAX_CELL, len(cell.source))
    main = f"<main><h1>{title}</h1>{score}{why}{''.join(body)}</main>"
    return f"{START.format(escape(reason))}\n{head}<body>{main}</body></html>\n"


def reason_of(page: Path) -> str:
    """Return why a page is a plain one, "" if it is not."""
    with page.open(encoding="utf-8") as file:
        found = PLAIN.match(file.read(300))
    return found[1] if found else ""


def section(cell: NotebookNode, limit: int) -> str:
    """Return the section about one cell. limit: how many characters of its source are shown"""
    about = cell.metadata.get("nbgrader", {})
    of = f"{points(about.get('points'))} points"
    earned = f"waiting, {of}" if about.get(WAITING) else f"{points(about.get('score'))} of {of}"
    grade = f": {earned}" if about.get("grade") else ""
    verdicts = cell.outputs[0].data["text/html"] if is_check(cell) and verdicts_of(cell) else ""  # of the judge
    comment = f"<p><b>Comment:</b> {escape(str(about['comment']))}</p>" if about.get("comment") else ""
    source = escape(shortened(cell.source, limit))
    return f"<h2>{escape(name_of(cell))}{grade}</h2>\n{comment}{verdicts}<pre>{source}</pre>\n"


def points(number: float | None) -> str:
    """Return a number of points as text, 0 for None."""
    return f"{number or 0:g}"
