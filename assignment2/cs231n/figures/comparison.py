"""Draw a value next to the expected one: grids of numbers, with the worst entry framed."""

import numpy as np

from cs231n.figures import svg
from cs231n.figures.svg import CELL, PURPLE, number

SHOWN = 6  # rows and columns at most, around the worst entry
TOP, GAP = 24, 24


def comparison(actual, expected):
    """Return got, expected and difference as HTML that can be folded, "" if the shapes differ or there is one entry.

    Of an array with more than two axes, it shows the slice with the worst entry.
    """
    actual, expected = (np.atleast_2d(np.asarray(array, np.float64)) for array in (actual, expected))
    if actual.shape != expected.shape or actual.size < 2:
        return ""
    with np.errstate(invalid="ignore"):  # infinities
        difference = actual - expected
    error = np.where(np.isfinite(difference), np.abs(difference), np.inf)
    *leading, row, column = (int(place) for place in np.unravel_index(np.argmax(error), error.shape))
    part, starts = _around(row, column, error.shape[-2:])
    finite = np.abs([array[array_part] for array in (actual, expected) for array_part in [(*leading, *part)]])
    scale = float(finite[np.isfinite(finite)].max(initial=0.0)) or 1.0
    grids, x = "", 4
    for title, array in (("got", actual), ("expected", expected), ("difference", difference)):
        seen = array[(*leading, *part)]
        grids += svg.grid(seen, x, TOP, None if title == "difference" else scale, title=title)
        grids += svg.frame(x + (column - starts[1]) * CELL, TOP + (row - starts[0]) * CELL, CELL, CELL, PURPLE)
        x += seen.shape[1] * CELL + GAP
    place = ", ".join([*map(str, leading), *(f"{p.start}:{p.stop}" for p in part)])
    worst = ", ".join(map(str, (*leading, row, column)))
    here = (*leading, row, column)
    alt = f"The worst entry, [{worst}], is {number(actual[here])} instead of {number(expected[here])}."
    drawing = svg.image(x, TOP + (part[0].stop - part[0].start) * CELL + 6, grids, alt)
    return f"<details><summary>Look at [{place}]; the worst entry is framed</summary>{drawing}</details>"


def _around(row, column, shape):
    """Return the slices of rows and columns that are shown, and where they start."""
    starts = [max(0, min(place - SHOWN // 2, size - SHOWN)) for place, size in zip((row, column), shape, strict=True)]
    return [slice(start, min(start + SHOWN, size)) for start, size in zip(starts, shape, strict=True)], starts
