"""Verdicts as people and nbgrader read them: a table, and a number that nbgrader takes for the score."""

from dataclasses import replace
from html import escape

from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder.core.results import Status, Verdict

STYLE = "style='text-align: left; padding: 2px 1em 2px 0'"
COLORS = {Status.PASSED: "#1a7f37", Status.FAILED: "#c62828"}
OTHER = "#b26a00"


def without_hidden(verdicts: list[Verdict]) -> list[Verdict]:
    """Return the verdicts with name, status and hint only for hidden checks."""
    return [replace(verdict, message="") if verdict.hidden else verdict for verdict in verdicts]


def output(verdicts: list[Verdict], points: float) -> NotebookNode:
    """Return the first output of a judged check cell: its text is the score, its HTML the table of verdicts."""
    made: NotebookNode = new_output(
        "execute_result", {"text/plain": f"{points:g}", "text/html": table(verdicts)}, execution_count=1
    )
    return made


def table(verdicts: list[Verdict]) -> str:
    """Return the verdicts as an HTML table; what came out of a submission is escaped, and no formula for MathJax."""
    head = f"<tr><th {STYLE}>check</th><th {STYLE}>verdict</th><th></th></tr>"
    return f"<table class='tex2jax_ignore'>{head}{''.join(map(row, verdicts))}</table>"


def row(verdict: Verdict) -> str:
    color = COLORS.get(verdict.status, OTHER)
    mark = "✓" if verdict.passed else "✗"
    name = escape(verdict.check) + (" <i>(hidden)</i>" if verdict.hidden else "")
    hint = f"<br><b>hint:</b> {escape(verdict.hint)}" if verdict.hint else ""
    cells = [
        name,
        f"<span style='color:{color}'>{mark} {escape(verdict.status)}</span>",
        escape(verdict.message) + hint,
    ]
    return f"<tr>{''.join(f'<td {STYLE}>{cell}</td>' for cell in cells)}</tr>"
