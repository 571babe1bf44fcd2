"""Show a proof as text for a terminal: a line for each step, then what is wrong, where, and what to do."""

import textwrap

from autograder.authoring.proving.claims import CLAIMS
from autograder.authoring.proving.prove import KEY, Proof, Row
from autograder.core.text import printable

WIDTH = 80  # of a terminal
MAX_NAME = 32


def lines_of(proof: Proof) -> list[str]:
    """Return the lines of a proof."""
    claims = [claim for claim in (KEY, *CLAIMS) if any(claim in row.found for row in proof.rows)]
    width = min(max((len(row.check) for row in proof.rows), default=0) + 2, MAX_NAME)
    lines = []
    for name in dict.fromkeys(row.notebook for row in proof.rows):
        lines.append(f"{name:{width}} " + " ".join(f"{claim:>9}" for claim in claims))
        lines += [line_of(row, claims, width) for row in proof.rows if row.notebook == name]
    for where, problem in proof.problems:
        lines += ["", *wrapped(f"{where}: {problem}")]
    if proof.unwritten:
        lines += ["", "still to write, before students get it:"]
        lines += [line for where, place in proof.unwritten for line in wrapped(f"{where}: {place}")]
    return [*lines, "", *summary(proof)]


def wrapped(text: str) -> list[str]:
    """Return a text in lines of a terminal's width."""
    return textwrap.wrap(printable(text), WIDTH, subsequent_indent="  ", break_long_words=False)


def line_of(row: Row, claims: list[str], width: int) -> str:
    """Return the line of a step. width: of the column with its name"""
    mark = "✗" if row.problems else "·" if row.unchanged else "✓"
    said = " ".join(f"{row.found[claim].said if claim in row.found else '':>9}" for claim in claims)
    return f"{mark} {row.check.removeprefix('test_'):{width - 2}} {said}"


def summary(proof: Proof) -> list[str]:
    """Return what was done and how it ended, in one or two lines."""
    unchanged = sum(row.unchanged for row in proof.rows)
    tried = len(proof.rows) - unchanged
    lines = [
        f"{tried} step{'s' * (tried != 1)} tried"
        + (f", {unchanged} (·) unchanged since they were proved" if unchanged else "")
    ]
    count = len(proof.problems)
    return [*lines, f"{count} problem{'s' * (count > 1)}" if count else "proved. next: autograder release"]
