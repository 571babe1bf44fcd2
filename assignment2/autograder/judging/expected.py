"""What the judge expects: the values that the key's own check cells send."""

from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from autograder.core.errors import GraderError
from autograder.core.results import CheckKind
from autograder.course.key import Key
from autograder.course.solutions import one_step
from autograder.execution.executions import Executions
from autograder.judging.messages import Message, sent_in
from autograder.judging.values import passes
from autograder.submission.preparation import make_job, merge

PUBLIC_SEED = ""  # of the inputs that students see
DRAWN = (CheckKind.EQUAL, CheckKind.HOLDS)  # kinds of checks whose right values can depend on the inputs


class KeyFails(GraderError):
    """The key does not pass its own check cells."""


@dataclass(frozen=True)
class Expected:
    """What the key's own check cells sent.

    checks: for each cell, its checks in order; visible: those that students see
    drawn: those whose right values nobody knows before the inputs are drawn, because values that are right on other
    inputs fail them
    """

    checks: dict[str, dict[str, Message]]
    visible: dict[str, set[str]]
    drawn: dict[str, set[str]]


def expected_values(key: Key, executions: Executions, step: str | None = None) -> Expected:
    """Execute the key, on the inputs of grading and, with and without its hidden checks, on those that students see.

    step: the one whose check cell is executed, after the cells before it; None for the whole notebook
    Raises KeyFails if a check cell of the key raises, sends nothing, or has two checks of one name.
    """
    whole, shown = (form if step is None else one_step(form, step) for form in (key.notebook, key.visible))
    checks = sent_by_cell(whole, key, executions, key.seed)
    known = sent_by_cell(whole, key, executions, PUBLIC_SEED)
    visible = sent_by_cell(shown, key, executions, PUBLIC_SEED)
    for cell, messages in [*checks.items(), *known.items()]:
        failed = [message["error"] for message in messages if message["kind"] == CheckKind.ERROR]
        failed += [
            f"{message['check']} does not hold: {message['expression']}"
            for message in messages
            if message["kind"] == CheckKind.HOLDS and not passes(message, message)
        ]
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
    """Return the checks that fail on the values that are right on other inputs.

    messages, known: what one cell of the key sends, on two draws of the inputs
    """
    before = {m["check"]: m for m in known}
    return {m["check"] for m in messages if m["kind"] in DRAWN and not passes(before[m["check"]], m)}


def shipped_values(key: Key, executions: Executions, hidden: bool = False) -> dict[str, dict[str, Any]]:
    """Return the right values of the visible checks on the inputs that students see, by step and check.

    hidden: include the values of hidden checks
    """
    notebook = key.notebook if hidden else key.visible
    return {
        cell.removeprefix("test_"): {m["check"]: m["values"]["value"] for m in messages if m.get("shipped")}
        for cell, messages in sent_by_cell(notebook, key, executions, PUBLIC_SEED).items()
    }


def sent_by_cell(notebook: NotebookNode, key: Key, executions: Executions, seed: str) -> dict[str, list[Message]]:
    """Return what each check cell of a form of the key sends when it is executed on the inputs of a seed."""
    return sent_in(merge(notebook, executions.results(make_job(notebook, key, seed=seed))))
