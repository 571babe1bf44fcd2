"""Show verdicts to people and to nbgrader: a table, and a number that nbgrader takes as the score."""

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
    """Return the verdicts as an HTML table: failed checks first, each hint once, above the checks that it explains.

    Text from a submission is escaped, and MathJax leaves it alone. style: an attribute of each cell
    """
    failed = [verdict for verdict in verdicts if not verdict.passed]
    passed = [verdict for verdict in verdicts if verdict.passed]
    head = "".join(f"<th scope='col'{style}>{name}</th>" for name in ("verdict", "cases and checks"))
    body = "".join(hinted(hint, same, style) for hint, same in grouped(failed, lambda verdict: verdict.hint))
    body += "".join(row(same, style) for _, same in grouped(passed, said_of))
    caption = f"<caption style='color: inherit'>{len(passed)} of {len(verdicts)} checks passed</caption>"  # not pale
    return f"<table class='tex2jax_ignore'>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def hinted(hint: str, verdicts: list[Verdict], style: str) -> str:
    """Return the rows of the failed checks with one hint, "" for those without a hint."""
    told = f"<tr class='hint'><td colspan='2'{style}><b>hint:</b> {escape(hint)}</td></tr>" if hint else ""
    return told + "".join(row(same, style) for _, same in grouped(verdicts, said_of))


def said_of(verdict: Verdict) -> tuple[Status, str]:
    """Return the status and the message of a verdict, by which checks share a row."""
    return verdict.status, verdict.message


def row(verdicts: list[Verdict], style: str) -> str:
    """Return the row of all checks with the same status and message; checks that passed are folded."""
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
    """Return the name of a case and the names of its checks."""
    names = (name_of(verdict) + (" <i>(hidden)</i>" if verdict.hidden else "") for verdict in verdicts)
    return ": ".join(filter(None, (f"<b>{escape(case)}</b>" if case else "", ", ".join(names))))


def case_of(verdict: Verdict) -> str:
    """Return the case that a check belongs to, "" if it is outside any case. A check's name may contain a slash too."""
    case, slash, _ = verdict.check.partition("/")
    return case if slash else ""


def name_of(verdict: Verdict) -> str:
    """Return the name of a check without its case, escaped."""
    return escape(verdict.check.partition("/")[2] or verdict.check)


def grouped(verdicts: list[Verdict], key: Callable[[Verdict], Key]) -> list[tuple[Key, list[Verdict]]]:
    """Return (key, its verdicts) for each key, in the order of their first verdicts."""
    groups: dict[Key, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(key(verdict), []).append(verdict)
    return list(groups.items())
