"""The outcome of a run as text for a terminal."""

from autograder.grading.rows import Row
from autograder.grading.run import Outcome


def print_table(rows: list[Row]) -> None:
    """Print the scores, one line a student, with what the instructor should know about a submission."""
    notebooks = sorted({name for row in rows for name in row.scores})
    width = max(len(row.student) for row in rows)
    print("student".ljust(width), *(f"{name:>22}" for name in notebooks), f"{'total':>7} {'of':>4}  remarks")
    for row in rows:
        scores = (f"{row.scores[name]:22.2f}" if name in row.scores else f"{'-':>22}" for name in notebooks)
        late = [f"late by {row.late_seconds / 3600:.1f} hours"] if row.late_seconds else []
        remarks = "; ".join(late + row.remarks[:2] + (["..."] if len(row.remarks) > 2 else []))
        print(row.student.ljust(width), *scores, f"{row.total:7.2f} {row.maximum:4.0f}  {remarks}")


def print_outcome(outcome: Outcome) -> None:
    """Print the table, and what has changed where the class has been graded before."""
    print_table(outcome.rows)
    print(f"\n{outcome.executed} notebooks executed, {outcome.judged} of {len(outcome.rows)} submissions judged")
    if outcome.changed:
        print("\nwhat has changed since the last time:")
        print("\n".join(outcome.changed))
