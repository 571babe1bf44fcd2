"""`start_again("affine_forward")`: the empty step, to begin again."""

import difflib
from collections.abc import Iterable

from cs231n.kit.front_end import put_below
from cs231n.kit.handed_out import steps, stub

ADVICE = """\
The cell below has {step} as it was handed out. To begin again, swap the texts: cut what is in the cell of {step} now,
paste the empty step there, and keep your old text in the new cell, as comments. The original cell is the one that is
graded, so do not delete it."""


def start_again(step: str) -> None:
    """Put the step as it was handed out into a new cell below this one.

    Your own cells do not change. Keep the cell of the step itself: it is the one that is graded.
    Raises ValueError for a step that was not handed out.
    """
    text = stub_of(step)
    print(ADVICE.format(step=step) if put_below(text) else text)


def stub_of(step: str) -> str:
    """Return the text of a step as it was handed out; raises ValueError if there is none."""
    text = stub(step)
    if text is not None:
        return text
    if not steps():
        raise ValueError("this package was not handed out: take the empty step from the notebook that you were given")
    raise ValueError(f"there is no step {step!r}{did_you_mean(step, steps())}")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ": did you mean affine_forward?" if a name is close to a known one, else ""."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f": did you mean {close[0]}?" if close else ""
