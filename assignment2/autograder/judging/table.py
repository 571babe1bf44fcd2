"""Verdicts as people and nbgrader read them: a table, and a number that nbgrader takes for the score."""

from collections.abc import Callable
from html import escape
from typing import TypeVar

from nbformat import NotebookNode

from autograder.core.results import Status, Verdict

LEFT = " style='text-align: left; vertical-align: top; padding: 2px 1em 2px 0'"  # formgrader has tables of numbers
CLASSES = {Status.PASSED: "passed", Status.FAILED: "failed"}  # for the style of the feedback page
OTHER = "other"
Key = TypeVar("Key")


def output(verdicts: list[Verdict], points: float, style: str = LEFT) -> NotebookNode:
    """Return the first output of a judged check cell: its text is the score, its HTML the table of verdicts."""
    data = NotebookNode({"text/plain": f"{points:g}", "text/html": table(verdicts, style)})
    # not by nbformat's `new_output`, which validates each output for a millisecond: whoever writes the notebook does it
    return NotebookNode(output_type="execute_result", data=data, metadata=NotebookNode(), execution_count=1)


def table(verdicts: list[Verdict], style: str = LEFT) -> str:
    """Return the verdicts as an HTML table: what did not pass first, each hint once, above what it explains.

    What came out of a submission is escaped, and no formula for MathJax. style: an attribute of each cell
    """
    failed = [verdict for verdict in verdicts if not verdict.passed]
    passed = [verdict for verdict in verdicts if verdict.passed]
    head = "".join(f"<th scope='col'{style}>{name}</th>" for name in ("verdict", "cases and checks"))
    body = "".join(hinted(hint, same, style) for hint, same in grouped(failed, lambda verdict: verdict.hint))
    body += "".join(row(same, style) for _, same in grouped(passed, said_of))
    caption = f"<caption style='color: inherit'>{len(passed)} of {len(verdicts)} checks passed</caption>"  # not pale
    return f"<table class='tex2jax_ignore'>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def hinted(hint: str, verdicts: list[Verdict], style: str) -> str:
    told = f"<tr class='hint'><td colspan='2'{style}><b>hint:</b> {escape(hint)}</td></tr>" if hint else ""
    return told + "".join(row(same, style) for _, same in grouped(verdicts, said_of))


def said_of(verdict: Verdict) -> tuple[Status, str]:
    return verdict.status, verdict.message


def row(verdicts: list[Verdict], style: str) -> str:
    """Return the row of all checks of which the same is said; those that passed are folded."""
    status, message = said_of(verdicts[0])
    mark = "✓" if status is Status.PASSED else "✗"
    word = f"<span class='{CLASSES.get(status, OTHER)}'>{mark} {escape(status)}</span>"
    told = f": {escape(message)}" if message else ""
    checks = "<br>".join(of_case(case, same) for case, same in grouped(verdicts, case_of))
    if status is Status.PASSED:
        number = f"{len(verdicts)} check{'s' if len(verdicts) > 1 else ''}"
        checks = f"<details><summary>{number}</summary>{checks}</details>"
    return f"<tr><td{style}>{word}{told}</td><td{style}>{checks}</td></tr>"


def of_case(case: str, verdicts: list[Verdict]) -> str:
    names = (name_of(verdict) + (" <i>(hidden)</i>" if verdict.hidden else "") for verdict in verdicts)
    return ": ".join(filter(None, (f"<b>{escape(case)}</b>" if case else "", ", ".join(names))))


def case_of(verdict: Verdict) -> str:
    """Return the case that a check belongs to, "" if it stands outside cases. Names may have a slash, too."""
    case, slash, _ = verdict.check.partition("/")
    return case if slash else ""


def name_of(verdict: Verdict) -> str:
    return escape(verdict.check.partition("/")[2] or verdict.check)


def grouped(verdicts: list[Verdict], key: Callable[[Verdict], Key]) -> list[tuple[Key, list[Verdict]]]:
    """Return (key, its verdicts) in the order in which the keys come first."""
    groups: dict[Key, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(key(verdict), []).append(verdict)
    return list(groups.items())
