"""Print the outcome of a run in a terminal."""

import textwrap

from autograder.core.results import Verdict
from autograder.core.text import printable
from autograder.grading.one import Graded
from autograder.grading.rows import Row
from autograder.grading.run import Outcome

WIDTH = 80  # of a terminal
MAX_NAME = 24  # a longer name of a student makes its line longer
MAX_REMARKS = 2


def print_table(rows: list[Row]) -> None:
    """Print the scores, one line for each student, and below them the remarks on submissions."""
    notebooks = sorted({name for row in rows for name in row.scores})
    width = min(max(len("student"), *(len(row.student) for row in rows)), MAX_NAME)
    print("\n".join(f"{number} {name}" for number, name in enumerate(notebooks, start=1)))
    print("student".ljust(width), *(f"{number:6}" for number in range(1, len(notebooks) + 1)), "  total    of")
    for row in rows:
        scores = (f"{row.scores[name]:6.2f}" if name in row.scores else f"{'-':>6}" for name in notebooks)
        print(row.student.ljust(width), *scores, f"{row.total:7.2f} {row.maximum:5.0f}")
    for row in rows:
        late = [f"late by {row.late_seconds / 3600:.1f} hours"] if row.late_seconds else []
        more = [f"and {len(row.remarks) - MAX_REMARKS} more"] if len(row.remarks) > MAX_REMARKS else []
        if remarks := late + row.remarks[:MAX_REMARKS] + more:
            text = f"{row.student}: {'; '.join(remarks)}"
            print(textwrap.fill(text, WIDTH, subsequent_indent="  ", break_long_words=False))


def print_one(graded: Graded) -> None:
    """Print the verdicts on one submission: a line for each cell, and the checks that failed in it."""
    width = max((len(cell.name) for cell in graded.cells), default=0)
    for name in dict.fromkeys(cell.notebook for cell in graded.cells):
        print(name)
        for cell in graded.cells:
            if cell.notebook == name:
                points = " manual" if cell.points is None else f"{cell.points:7.2f}"
                print(f"  {cell.name:{width}} {points} of {cell.maximum:g}")
                for verdict in cell.verdicts:
                    if not verdict.passed:
                        print_verdict(verdict)
    print(f"by checks: {graded.points:.2f} of {graded.maximum:g}")
    for remark in graded.remarks:
        print(remark)


def print_verdict(verdict: Verdict) -> None:
    """Print a failed check and its hint."""
    about = f"{verdict.check}{' (hidden)' if verdict.hidden else ''}: {verdict.message or verdict.status}"
    for start, text in (("    ✗ ", about), ("      hint: ", verdict.hint)):
        if text:
            print(textwrap.fill(printable(text), WIDTH, initial_indent=start, subsequent_indent=" " * 8))


def print_outcome(outcome: Outcome) -> None:
    """Print the table, and what has changed if the class has been graded before."""
    print_table(outcome.rows)
    print(f"\n{outcome.executed} notebooks executed, {outcome.judged} of {len(outcome.rows)} submissions judged")
    if outcome.changed:
        print("\nchanges since the last run:")
        for line in outcome.changed:
            print(textwrap.fill(line, WIDTH, subsequent_indent=" " * 8, break_long_words=False))
