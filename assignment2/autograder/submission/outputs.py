"""Clean outputs that a student's code wrote, or that a student handed in: what may be shown of them, and how much.

Every output is rebuilt from the few fields that are known, so nothing unknown comes along.
"""

import re
from collections.abc import Callable
from typing import Any

from cs231n.checks.values import MIME_TYPE as CHECK
from cs231n.figures.figure import SCRIPT
from nbformat import NotebookNode

from autograder.submission.markdown import clean_markdown
from autograder.submission.markup import clean_html, inert_tex, is_active, plain_text
from autograder.submission.pictures import FORMATS, SVG, drawing, picture

MAX_TEXT = 2**20  # characters of one output
MAX_MARKUP = 2**16  # of its HTML, Markdown or TeX
MAX_OUTPUTS = 200  # of one cell
MAX_ALT = 2000  # characters of a picture's alternative text
SCRIPTS = {"application/javascript", "text/javascript", "application/ecmascript", "application/x-javascript"}
MARKUP = {"text/html", "text/markdown", SVG}
OURS = re.compile(
    rf"{re.escape(SCRIPT)}|<(?:svg|input type=\"radio\")(?=[\s>])"
)  # of a figure; by itself, it does nothing
CLEAN: dict[str, Callable[[str], str]] = {
    "text/html": clean_html,
    "text/markdown": clean_markdown,
    "text/latex": lambda text: inert_tex(plain_text(text)),
}


def clean_outputs(outputs: list[Any]) -> list[NotebookNode]:
    """Return what may be shown of the outputs of a cell. outputs: in the notebook format, or anything else"""
    if len(outputs) <= MAX_OUTPUTS:
        return [_output(output) for output in outputs]
    gap = _note(f"{len(outputs) - MAX_OUTPUTS} more outputs of this cell are not shown")
    return [*map(_output, outputs[: MAX_OUTPUTS - 1]), gap, _output(outputs[-1])]  # the last may be why the cell ended


def is_message(output: Any) -> bool:
    """Return whether an output is a message of a check: read by the judge, shown to nobody."""
    return CHECK in _data(output)


def had_scripts(outputs: list[Any]) -> bool:
    """Return whether outputs contain scripts or active markup, which whoever looks at the submission should know."""
    for output in outputs:
        for mime, content in _data(output).items():
            text = _joined(content)
            if mime in SCRIPTS or (mime in MARKUP and text and is_active(OURS.sub("<x ", text))):
                return True
    return False


def shortened(text: str, limit: int = MAX_TEXT) -> str:
    """Return a text, or its first `limit` characters and how many are missing."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n[{len(text) - limit} more characters are not shown]"


def _data(output: Any) -> dict[Any, Any]:
    """Return the MIME bundle of an output, an empty one if it has none."""
    data = output.get("data") if isinstance(output, dict) else None
    return data if isinstance(data, dict) else {}


def _output(output: Any) -> NotebookNode:
    kind = output.get("output_type") if isinstance(output, dict) else None
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return _new("stream", name=name, text=shortened(plain_text(_joined(output.get("text")) or "")))
    if kind == "error":
        lines = output.get("traceback")
        lines = [str(line) for line in lines] if isinstance(lines, list) else []
        trace = shortened(plain_text("\n".join(lines))).split("\n")
        name, value = (shortened(plain_text(str(output.get(field, "")))) for field in ("ename", "evalue"))
        return _new("error", ename=name, evalue=value, traceback=trace)
    if kind in ("display_data", "execute_result"):
        return _new(kind, data=_bundle(_data(output)), metadata=_alternatives(output.get("metadata")))
    return _note("an output that is not in the notebook format is not shown")


def _bundle(data: dict[Any, Any]) -> dict[str, str]:
    """Return what may be shown of a MIME bundle; if that is nothing, a text that says so."""
    clean: dict[str, str] = {}
    for mime, content in sorted(data.items(), key=lambda item: item[0] == SVG):  # last: it replaces the HTML beside it
        text = _joined(content)
        if text is None:
            continue
        if mime == SVG:
            mime, shown = "text/html", drawing(text)  # that HTML was an interactive figure
        elif mime in FORMATS:
            shown = picture(mime, text)
        elif mime == "text/plain":
            shown = shortened(plain_text(text))
        else:
            shown = CLEAN[mime](text) if mime in CLEAN and len(text) <= MAX_MARKUP else None
        if shown or (shown == text == ""):  # what was nothing but a script must not hide the text beside it
            clean[mime] = shown
    if not clean:
        names = ", ".join(re.sub(r"[^\w.+/-]", "", str(mime))[:60] for mime in list(data)[:5])
        clean["text/plain"] = f"[an output that is not shown: {names or 'empty'}]"
    return clean


def _alternatives(metadata: object) -> dict[str, dict[str, str]]:
    """Return the alternative texts of pictures in an output's metadata, in the form that nbconvert looks for."""
    of_pictures = {mime: metadata.get(mime) for mime in FORMATS} if isinstance(metadata, dict) else {}
    texts = {mime: about.get("alt") for mime, about in of_pictures.items() if isinstance(about, dict)}
    return {mime: {"alt": plain_text(text)[:MAX_ALT]} for mime, text in texts.items() if isinstance(text, str)}


def _joined(content: object) -> str | None:
    """Return a text of the notebook format, which may be a list of lines; None if it is not a text."""
    if isinstance(content, list) and all(isinstance(line, str) for line in content):
        return "".join(content)
    return content if isinstance(content, str) else None


def _new(kind: str, **fields: Any) -> NotebookNode:
    # not by nbformat's `new_output`, which validates each output for a millisecond: here they are of the right form
    output = NotebookNode(output_type=kind)
    output.update(fields)  # makes notebook nodes of dicts
    return NotebookNode(output, execution_count=None) if kind == "execute_result" else output


def _note(text: str) -> NotebookNode:
    return _new("stream", name="stderr", text=f"[{text}]\n")
