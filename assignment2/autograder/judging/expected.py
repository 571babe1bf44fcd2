"""What the judge expects: the values that the key's own check cells send out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cs231n.checks.compare import difference, violation
from cs231n.checks.values import MIME_TYPE, decode
from nbformat import NotebookNode

from autograder.core.errors import GraderError
from autograder.core.results import CheckKind
from autograder.course.cells import grade_id, is_check
from autograder.course.key import Key
from autograder.execution.executions import Executions
from autograder.submission.preparation import make_job, merge

Message = dict[str, Any]  # what one check sent: "check", "kind", "values", ...; of a submission, nothing is certain
PUBLIC_SEED = ""  # of the inputs that students see
DRAWN = (CheckKind.EQUAL, CheckKind.HOLDS)  # kinds of checks whose right values can depend on the inputs
TEXTS = ("kind", "case", "exception", "error", "where", "source")  # fields of a message


class KeyFails(GraderError):
    """The key does not pass its own check cells."""


@dataclass(frozen=True)
class Expected:
    """What the key's own check cells sent.

    checks: for each cell, its checks in order; visible: those that students see; drawn: those whose right values nobody
    knows before the inputs are drawn: values that are right on other inputs fail
    """

    checks: dict[str, dict[str, Message]]
    visible: dict[str, set[str]]
    drawn: dict[str, set[str]]


def expected_values(key: Key, executions: Executions) -> Expected:
    """Execute the key, also without its hidden checks and on the inputs that students see.

    Raises KeyFails where it sends nothing, or not what it should.
    """
    checks = sent_by_cell(key.notebook, key, executions, key.seed)
    known = sent_by_cell(key.notebook, key, executions, PUBLIC_SEED)
    visible = sent_by_cell(key.visible, key, executions, PUBLIC_SEED)
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
        {cell: drawn(messages, known[cell]) for cell, messages in checks.items()},
    )


def drawn(messages: list[Message], known: list[Message]) -> set[str]:
    """Return the checks that the values which are right on other inputs do not pass.

    messages, known: what one cell of the key sends, on two draws of the inputs
    """
    before = {m["check"]: m for m in known}
    return {m["check"] for m in messages if m["kind"] in DRAWN and not passes(before[m["check"]], m)}


def passes(got: Message, expected: Message) -> bool:
    """Tell whether the values of one message of the key would pass in place of another's."""
    ours, theirs = ({name: decode(v) for name, v in m["values"].items()} for m in (expected, got))
    if expected["kind"] == CheckKind.HOLDS:
        given = {name: decode(value) for name, value in expected["given"].items()}
        return not violation(expected["expression"], {**theirs, **given})
    return not any(difference(theirs[name], value, expected["tol"]) for name, value in ours.items())


def shipped_values(key: Key, executions: Executions, hidden: bool = False) -> dict[str, dict[str, Any]]:
    """Return the right values of the visible checks on the inputs that students see, by step and check.

    hidden: those of hidden checks too
    """
    notebook = key.notebook if hidden else key.visible
    return {
        cell.removeprefix("test_"): {m["check"]: m["values"]["value"] for m in messages if m.get("shipped")}
        for cell, messages in sent_by_cell(notebook, key, executions, PUBLIC_SEED).items()
    }


def sent_by_cell(notebook: NotebookNode, key: Key, executions: Executions, seed: str) -> dict[str, list[Message]]:
    """Return what each check cell of a form of the key sends when it is executed on the inputs of a seed."""
    return sent_in(merge(notebook, executions.results(make_job(notebook, key, seed=seed))))


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
