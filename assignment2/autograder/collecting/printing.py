"""Print what was done with each file."""

from collections import Counter

from autograder.collecting.collect import Line, Outcome
from autograder.core.text import printable


def print_lines(lines: list[Line]) -> None:
    """Print a line for each file, last those that a person should look at, and then how many there are of each kind."""
    order = list(Outcome)
    lines = sorted(lines, key=lambda line: (order.index(line.outcome), line.student, line.file))
    width = max((len(line.student) for line in lines), default=0)
    for line in lines:
        what = f"{line.outcome}: {line.why}" if line.why else line.outcome
        print(printable(f"{line.student or '-':<{max(width, 1)}}  {line.file}  {what}"))
    counts = Counter(line.outcome for line in lines)
    students = len({line.student for line in lines if line.student})
    summary = ", ".join(f"{counts[each]} {each}" for each in order if counts[each])
    print(f"\n{students} student{'' if students == 1 else 's'}; {summary}")
