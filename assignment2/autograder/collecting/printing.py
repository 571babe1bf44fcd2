"""What was done with each file, as text for a terminal."""

from collections import Counter

from autograder.collecting.collect import Line, Outcome
from autograder.core.text import printable


def print_lines(lines: list[Line]) -> None:
    """Print a line a file, those that a person should look at last, and how many of each kind there are."""
    order = list(Outcome)
    lines = sorted(lines, key=lambda line: (order.index(line.outcome), line.student, line.file))
    width = max((len(line.student) for line in lines), default=0)
    for line in lines:
        what = f"{line.outcome}: {line.why}" if line.why else line.outcome
        print(printable(f"{line.student or '-':<{max(width, 1)}}  {line.file}  {what}"))
    counts = Counter(line.outcome for line in lines)
    students = len({line.student for line in lines if line.student})
    print(f"\n{students} students; " + ", ".join(f"{counts[each]} {each}" for each in order if counts[each]))
