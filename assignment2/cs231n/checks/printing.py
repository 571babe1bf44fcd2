"""The verdicts of a check cell as its student reads them: a line for each case, and each trouble told once."""

import textwrap
from dataclasses import dataclass

from cs231n.checks import hints, shipped

HIDDEN = "hidden"  # the outcome of a check that only the judge can decide
WIDTH = 100


@dataclass
class Line:
    """One check: `message` is "" if it passed, HIDDEN where only the judge can tell. name: "" for an exception."""

    case: str
    name: str
    message: str
    fingerprint: list

    @property
    def check(self):
        return "/".join(filter(None, (self.case, self.name)))


def print_lines(cell, lines):
    """Print the verdicts of a check cell; returns how many checks failed."""
    failed = [line for line in lines if line.message not in ("", HIDDEN)]
    known, texts = shipped.mistakes(cell)
    found = hints.recognize({line.check: line.fingerprint for line in failed}, known)
    print(cell)
    _print_each("✓", [line for line in lines if not line.message])
    _print_each("·", [line for line in lines if line.message == HIDDEN], " (hidden: compared when graded)")
    for hint, same_hint in _grouped(failed, lambda line: texts.get(found.get(line.check), "")):
        for _, same in _grouped(same_hint, lambda line: line.name or line.message):
            _print_wrapped("  ✗ ", _in_cases(same))
        if hint:
            _print_wrapped("      hint: ", hint)
    return len(failed)


def _print_each(mark, lines, remark=""):
    """Print a line for each case: its name and the names of these checks."""
    for case, same in _grouped(lines, lambda line: line.case):
        _print_wrapped(f"  {mark} ", ": ".join(filter(None, (case, ", ".join(line.name for line in same)))) + remark)


def _in_cases(lines):
    """Return what is said of one check, or one exception, that failed in several cases: the first message."""
    first, cases = lines[0], [line.case for line in lines if line.case]
    if not first.name:  # an exception: it stands for the whole case
        return ": ".join(filter(None, ("; ".join(cases), first.message)))
    also = f"; also in {'; '.join(cases[1:])}" if cases[1:] else ""
    return f"{first.name}: {first.message}" + (f" (in {cases[0]}{also})" if cases else "")


def _print_wrapped(start, text):
    print(textwrap.fill(text, WIDTH, initial_indent=start, subsequent_indent=" " * (len(start) + 2)))


def _grouped(lines, key):
    """Return (key, its lines) in the order in which the keys come first."""
    groups: dict = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    return groups.items()
