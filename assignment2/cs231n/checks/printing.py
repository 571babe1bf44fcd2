"""Print the verdicts of a check cell for students: a line for each case, and each problem once.

HTML in a notebook, text everywhere else.
"""

import textwrap
from dataclasses import dataclass
from html import escape

from cs231n._shell import kernel
from cs231n.checks import hints, shipped

HIDDEN = "hidden"  # the outcome of a check that only the judge can decide
WIDTH = 100
PICTURES = 4  # of one cell: they take more room than words


@dataclass
class Line:
    """One check: `message` is "" if it passed, HIDDEN if only the judge can tell. name: "" for an exception."""

    case: str
    name: str
    message: str
    fingerprint: list
    arrays: tuple | None = None  # the value and the expected one, if they can be compared

    @property
    def check(self):
        """The id of the check: its case and its name."""
        return "/".join(filter(None, (self.case, self.name)))


def print_lines(cell, lines):
    """Print the verdicts of a check cell; returns how many checks failed."""
    failed = [line for line in lines if line.message not in ("", HIDDEN)]
    known, texts = shipped.mistakes(cell)
    found = hints.recognize({line.check: line.fingerprint for line in failed}, known)
    said = _each("✓", [line for line in lines if not line.message])
    said += _each("·", [line for line in lines if line.message == HIDDEN], " (hidden: compared when graded)")
    for hint, same_hint in _grouped(failed, lambda line: texts.get(found.get(line.check), "")):
        for _, same in _grouped(same_hint, lambda line: line.name or line.message):
            said.append(Said("✗", _in_cases(same), same[0].arrays))
        if hint:
            said.append(Said("hint:", hint))
    _show(cell, said)
    return len(failed)


@dataclass
class Said:
    """One line that is shown. arrays: the value and the expected one, which are drawn next to each other"""

    mark: str
    words: str
    arrays: tuple | None = None


def _show(cell, said):
    text = "\n".join([cell, *map(_wrapped, said)])
    if kernel() is None:
        print(text)
        return
    from IPython.display import display

    display({"text/plain": text, "text/html": _html(cell, said)}, raw=True)


def _wrapped(line):
    start = "      hint: " if line.mark == "hint:" else f"  {line.mark} "
    return textwrap.fill(line.words, WIDTH, initial_indent=start, subsequent_indent=" " * (len(start) + 2))


def _html(cell, said):
    """Return the lines as a list, with pictures of the first arrays that are wrong."""
    items, pictures = [], 0
    for line in said:
        picture = _picture(line.arrays) if line.arrays and pictures < PICTURES else ""
        pictures += bool(picture)
        mark = "<b>hint:</b>" if line.mark == "hint:" else line.mark
        items.append(f"<li>{mark} {escape(line.words)}{picture}</li>")
    return f"<b>{escape(cell)}</b><ul style='list-style:none;margin:0;padding-left:1em'>{''.join(items)}</ul>"


def _picture(arrays):
    from cs231n.figures.comparison import comparison  # only if something is wrong: a check cell has to start fast

    return comparison(*arrays)


def _each(mark, lines, remark=""):
    """Return a line for each case: its name and the names of these checks."""
    return [
        Said(mark, ": ".join(filter(None, (case, ", ".join(line.name for line in same)))) + remark)
        for case, same in _grouped(lines, lambda line: line.case)
    ]


def _in_cases(lines):
    """Return the text about a check, or an exception, that failed in several cases, with its first message."""
    first, cases = lines[0], [line.case for line in lines if line.case]
    if not first.name:  # an exception: it stands for the whole case
        return ": ".join(filter(None, ("; ".join(cases), first.message)))
    also = f"; also in {'; '.join(cases[1:])}" if cases[1:] else ""
    return f"{first.name}: {first.message}" + (f" (in {cases[0]}{also})" if cases else "")


def _grouped(lines, key):
    """Return (key, its lines) for each key, in the order of their first lines."""
    groups: dict = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    return groups.items()
