"""Read what a check cell sent: a message for each check."""

from collections.abc import Iterator
from typing import Any

from cs231n.checks.values import MIME_TYPE, unfold
from nbformat import NotebookNode

from autograder.course.cells import grade_id, is_check

Message = dict[str, Any]  # what one check sent: "check", "kind", "values", ...; a submission's may contain anything
TEXTS = ("kind", "case", "exception", "error", "where", "source")  # fields of a message


def sent_in(executed: NotebookNode) -> dict[str, list[Message]]:
    """Return what each check cell of an executed notebook sent, by the cell's name."""
    return {grade_id(cell) or "": list(sent(cell)) for cell in executed.cells if is_check(cell)}


def sent(cell: NotebookNode) -> Iterator[Message]:
    """Yield the messages that a check cell sent, except malformed ones, which count as not sent."""
    for output in cell.outputs:
        data = output.get("data")
        bundle = data.get(MIME_TYPE) if isinstance(data, dict) else None
        messages, values = (bundle.get(part) if isinstance(bundle, dict) else None for part in ("checks", "values"))
        table = values if isinstance(values, list) else []
        for message in filter(is_message, messages if isinstance(messages, list) else ()):
            yield unfold({**message}, table)


def is_message(found: Any) -> bool:
    """Return whether this has the form of a message: the name of a check, and texts in the fields TEXTS."""
    return (
        isinstance(found, dict)
        and isinstance(found.get("check"), str)
        and all(isinstance(found.get(name, ""), str) for name in TEXTS)
    )


def is_sent(output: NotebookNode) -> bool:
    """Return whether an output contains what checks sent, which no person needs to read."""
    data = output.get("data")
    return isinstance(data, dict) and MIME_TYPE in data
