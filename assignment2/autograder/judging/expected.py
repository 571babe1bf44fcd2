"""What the judge expects: the values that the key's own check cells send out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cs231n.checks.values import MIME_TYPE
from nbformat import NotebookNode

from autograder.core.errors import GraderError
from autograder.core.results import CheckKind
from autograder.course.cells import grade_id, is_check
from autograder.course.key import Key
from autograder.execution.executions import Executions
from autograder.submission.preparation import make_job, merge

Message = dict[str, Any]  # what one check sent: "check", "kind", "values", ...; of a submission, nothing is certain
TEXTS = ("kind", "case", "exception", "error", "where")  # fields of a message


class KeyFails(GraderError):
    """The key does not pass its own check cells."""


@dataclass(frozen=True)
class Expected:
    """What the key's own check cells sent: for each cell, its checks in order, and which of them students see."""

    checks: dict[str, dict[str, Message]]
    visible: dict[str, set[str]]


def expected_values(key: Key, executions: Executions) -> Expected:
    """Execute the key, once with and once without its hidden checks; raises KeyFails where it sends nothing."""
    checks = sent_by_cell(key.notebook, key, executions)
    visible = sent_by_cell(key.visible, key, executions)
    for cell, messages in checks.items():
        failed = [message["error"] for message in messages if message["kind"] == CheckKind.ERROR]
        if failed or not messages:
            reason = failed[0] if failed else "it sends no values"
            raise KeyFails(f"the key does not pass its own check cell {cell} of {key.name}: {reason}")
        repeated = {m["check"] for m in messages if sum(m["check"] == other["check"] for other in messages) > 1}
        if repeated:
            raise KeyFails(f"{cell} of {key.name} has several checks named {', '.join(sorted(repeated))}")
    return Expected(
        {cell: {m["check"]: m for m in messages} for cell, messages in checks.items()},
        {cell: {m["check"] for m in messages} for cell, messages in visible.items()},
    )


def sent_by_cell(notebook: NotebookNode, key: Key, executions: Executions) -> dict[str, list[Message]]:
    """Return what each check cell of a form of the key sends when it is executed."""
    return sent_in(merge(notebook, executions.results(make_job(notebook, key))))


def sent_in(executed: NotebookNode) -> dict[str, list[Message]]:
    """Return what each check cell of an executed notebook sent out."""
    return {grade_id(cell) or "": list(sent(cell)) for cell in executed.cells if is_check(cell)}


def sent(cell: NotebookNode) -> Iterator[Message]:
    """Yield what a check cell sent out, malformed messages left out: whoever sends them has sent nothing."""
    for output in cell.outputs:
        data = output.get("data")
        bundle = data.get(MIME_TYPE) if isinstance(data, dict) else None
        messages = bundle.get("checks") if isinstance(bundle, dict) else None
        yield from filter(is_message, messages if isinstance(messages, list) else ())


def is_message(found: Any) -> bool:
    """Tell whether this has the form of a message: a check's name, and texts where there have to be some."""
    return (
        isinstance(found, dict)
        and isinstance(found.get("check"), str)
        and all(isinstance(found.get(name, ""), str) for name in TEXTS)
    )


def is_sent(output: NotebookNode) -> bool:
    """Tell whether an output is a value that a check sent out, which nobody needs to read."""
    data = output.get("data")
    return isinstance(data, dict) and MIME_TYPE in data
