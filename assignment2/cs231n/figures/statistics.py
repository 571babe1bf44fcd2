"""Draw what a normalization averages over, found by changing one entry of its input at a time."""

import numpy as np

from cs231n.figures import svg
from cs231n.figures.figure import Figure, Frame
from cs231n.figures.svg import BLUE, VERMILION

N, C, PIXELS = 4, 6, 4  # examples, channels, pixels of an image of 2 x 2
SIZE, LEFT, TOP, APART = 9, 30, 44, 145  # SIZE: of a pixel; APART: from one normalization to the next


def averaged_over(normalizations):
    """Show on which entries of x one entry of out depends: those whose mean and variance it is normalized with.

    normalizations: dict of name -> function of an array (N, C, H, W) that returns its normalization; at most four
    """
    x = np.random.RandomState(231).randn(N, C, 2, 2)
    reads = {name: _depends(function, x) for name, function in normalizations.items()}
    common = "".join(_batch(LEFT + n * APART, name) for n, name in enumerate(reads))
    frames: list[Frame] = []
    rows: list[list[object]] = []
    for c, n in np.ndindex(C, N):
        drawn = ""
        for k, read in enumerate(reads.values()):
            left = LEFT + k * APART
            drawn += svg.squares([_place(left, *entry) for entry in np.argwhere(read[n, c])], SIZE - 1, VERMILION)
            drawn += svg.squares([_place(left, n, c, 0)], SIZE - 1, BLUE)
        told = "; ".join(f"{name}: {_in_words(read[n, c])}" for name, read in reads.items())
        frames.append(Frame(f"{n}, {c}", drawn, f"out[{n}, {c}, 0, 0] depends on {told}."))
        rows.append([f"[{n}, {c}, 0, 0]", *(_in_words(read[n, c]) for read in reads.values())])
    alt = (
        "For each normalization a batch of images: examples to the right, channels downward, four pixels in each box. "
        "The pixels that one entry of out depends on are orange, the entry's own place is blue."
    )
    return Figure(
        "What each normalization averages over", alt, LEFT + 4 * APART, TOP + round(C * 2.4 * SIZE) + 12, common,
        frames,
        "Entry of out (example, channel): click, drag, or use the arrow keys", N,
        ["entry of out", *reads], rows, chosen=2 * N + 1,
    )  # fmt: skip


def _depends(normalize, x):
    """Return which entries of x change the first pixel of each (n, c) of out: booleans (N, C, N, C, PIXELS)."""
    before = normalize(x.copy())[:, :, 0, 0]
    found = np.zeros((N, C, x.size), dtype=bool)
    for k in range(x.size):
        moved = x.copy()
        moved.flat[k] += 0.5
        found[:, :, k] = np.abs(normalize(moved)[:, :, 0, 0] - before) > 1e-9
    return found.reshape(N, C, N, C, PIXELS)


def _place(left, n, c, pixel):
    row, column = divmod(pixel, 2)
    return left + n * 2.4 * SIZE + column * SIZE, TOP + c * 2.4 * SIZE + row * SIZE


def _batch(left, name):
    title = svg.text(left, TOP - 24, name, bold=True) + svg.text(left, TOP - 8, "N \N{RIGHTWARDS ARROW}", 11)
    boxes = [_place(left, n, c, pixel) for n, c, pixel in np.ndindex(N, C, PIXELS)]
    channels = svg.text(left - 14, TOP + 20, "C", 11) + svg.text(left - 14, TOP + 34, "\N{DOWNWARDS ARROW}", 11)
    return title + channels + svg.squares(boxes, SIZE - 1, "#c8c8c8")


def _in_words(read):
    """Return how many examples, channels and pixels are read, in words. read: booleans (N, C, PIXELS)"""
    counts = (int(read.any(axis=axes).sum()) for axes in ((1, 2), (0, 2), (0, 1)))
    named = (
        f"{n} {what}{'' if n == 1 else 's'}" for n, what in zip(counts, ("example", "channel", "pixel"), strict=True)
    )
    return ", ".join(named)
