"""Draw masks of dropout, and what dividing by p does to the mean."""

import numpy as np

from cs231n.figures import svg
from cs231n.figures.figure import Figure, Frame
from cs231n.figures.svg import BLUE, GREEN, VERMILION, number

KEPT = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
ROWS, COLUMNS, CELL, MASKS = 6, 10, 30, 400
LEFT, TOP, SCALE = 10, 28, 110  # SCALE: pixels for a mean of 1


def dropout_masks(dropout_forward):
    """Show one mask for each p, and the mean over many masks: in training, times p (not inverted), and at test time.

    dropout_forward: the student's
    """
    ones = np.ones((ROWS, COLUMNS))
    frames: list[Frame] = []
    rows: list[list[object]] = []
    for p in KEPT:
        one, _ = dropout_forward(ones, {"p": p, "mode": "train", "seed": 231})
        many, _ = dropout_forward(np.ones((MASKS, ones.size)), {"p": p, "mode": "train", "seed": 232})
        test, _ = dropout_forward(ones, {"p": p, "mode": "test"})
        means = {"training": many.mean(), "times p": p * many.mean(), "test": test.mean()}
        spread = many.mean(axis=1).std()
        drawn = svg.grid(one, LEFT, TOP, scale=6, cell=CELL, title=f"out of your function for ones, p = {p}")
        note = (
            f"p = {p}: {np.mean(one != 0):.0%} of this mask is kept. Mean over {MASKS} masks: {means['training']:.2f} "
            f"in training (one mask: \N{PLUS-MINUS SIGN}{spread:.2f}), {means['test']:.2f} at test time."
        )
        frames.append(Frame(f"{p}", drawn + _bars(means), note))
        rows.append([p, f"{np.mean(many != 0):.3f}", *(f"{mean:.3f}" for mean in means.values())])
    alt = (
        "A mask of dropout over ones, and three bars: the mean in training, the same times p, which is what it would "
        "be without the division, and the mean at test time. With inverted dropout the first and the last agree."
    )
    return Figure(
        "Dropout masks, and what dividing by p does to the mean", alt, 640, TOP + ROWS * CELL + 15, "", frames,
        "p, the probability to keep: click, drag, or use the arrow keys", len(KEPT),
        ["p", "kept", "mean in training", "times p", "mean at test time"], rows, chosen=3,
    )  # fmt: skip


def _bars(means):
    """Draw the means as bars, with a dashed line at the mean of the input."""
    x, parts = LEFT + COLUMNS * CELL + 50, []
    for n, ((name, mean), color) in enumerate(zip(means.items(), (BLUE, VERMILION, GREEN), strict=True)):
        y = TOP + 20 + 55 * n
        width = min(SCALE * max(0.0, mean), 2.2 * SCALE) if np.isfinite(mean) else 0
        parts.append(svg.text(x, y - 5, f"{name}: {number(mean)}"))
        parts.append(f'<rect x="{x}" y="{y}" width="{width:.1f}" height="22" fill="{color}"/>')
    line = f'<path stroke="currentColor" stroke-dasharray="4 3" d="M{x + SCALE} {TOP}v{ROWS * CELL - 10}"/>'
    return svg.text(x, TOP - 6, "means (dashed line: mean of the input)") + "".join(parts) + line
