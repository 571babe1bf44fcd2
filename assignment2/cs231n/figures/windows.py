"""Draw windows that slide over an image: what a convolution multiplies, and where max pooling's gradient goes."""

import numpy as np

from cs231n.figures import svg
from cs231n.figures.figure import Figure, Frame
from cs231n.figures.svg import CELL, GREEN, VERMILION, number

LEFT, TOP, GAP = 10, 28, 70  # of the first grid, and between two


def sliding_window(conv_forward):
    """Show one position of the filter at a time: the products, their sum, and the entry of `out`.

    conv_forward: as conv_forward_naive. Which pixels an entry reads, and what it multiplies them by, is found by
    calling it with images of one pixel each.
    """
    x = np.array([[2, 0, 1, 3, 1], [1, 4, 2, 0, 2], [0, 1, 5, 1, 0], [3, 2, 0, 2, 1], [1, 0, 2, 4, 3]], np.float64)
    w, b = np.array([[1, -2, 3], [0.5, 2, -1], [-3, 1, 4]], np.float64), 1.0
    stride, pad = 2, 1

    def forward(image, bias):
        param = {"stride": stride, "pad": pad}
        return conv_forward(image[None, None], w[None, None], np.array([bias]), param)[0][0, 0]

    out = forward(x, b)
    pixels = np.eye(x.size).reshape(-1, *x.shape)
    factors = np.stack([forward(pixel, 0.0) for pixel in pixels], axis=-1).reshape(*out.shape, *x.shape)
    filter_left, out_left = LEFT + 7 * CELL + GAP, LEFT + 10 * CELL + 2 * GAP
    common = svg.grid(np.pad(x, pad), LEFT, TOP, title="x, with its border of zeros")
    common += svg.grid(w, filter_left, TOP, title=f"w, and b = {number(b)}")
    common += svg.grid(out, out_left, TOP, title="out, of your function")
    frames: list[Frame] = []
    rows: list[list[object]] = []
    for (i, j), entry in np.ndenumerate(out):
        read = np.argwhere(factors[i, j])
        terms = " + ".join(f"{number(factors[i, j][r, c])}·{number(x[r, c])}" for r, c in read) or "0"
        corner = (i * stride - pad, j * stride - pad)  # of the window, in the image
        inside = [(r, c) for r, c in np.ndindex(x.shape) if 0 <= r - corner[0] < 3 and 0 <= c - corner[1] < 3]
        right = np.zeros_like(x)
        for r, c in inside:
            right[r, c] = w[r - corner[0], c - corner[1]]
        drawn = _frame((corner[0] + pad, corner[1] + pad), w.shape, LEFT) + _frame((i, j), (1, 1), out_left)
        drawn += "".join(_dot((r + pad, c + pad)) for r, c in read)
        verdict = "" if np.allclose(factors[i, j], right) else " These are not the factors that w has at this position."
        frames.append(Frame(f"{i}, {j}", drawn, f"out[{i}, {j}] = {terms} + b = {number(entry)}.{verdict}"))
        rows.append([f"[{i}, {j}]", terms, number(b), number(entry)])
    alt = (
        f"A filter of 3 by 3 moves over an image with a border of zeros, two pixels at a time; dots mark the pixels "
        f"that your function reads for one of the {out.size} entries of out."
    )
    return Figure(
        "A window that slides: each entry of out is one dot product", alt, out_left + out.shape[1] * CELL + 20,
        TOP + 7 * CELL + 12, common, frames, "Position of the window (row, column): click, drag, or use the arrow keys",
        out.shape[1], ["entry of out", "products, factor by pixel", "b", "out"], rows, chosen=out.size // 2,
    )  # fmt: skip


def pooled_gradient(max_pool_forward, max_pool_backward):
    """Show where max pooling sends each entry of dout: windows that overlap, and windows with ties.

    max_pool_forward, max_pool_backward: as the naive ones, called with one entry of dout at a time
    """
    x = np.array([[1, 3, 0, 2, 2], [0, 2, 1, 2, 2], [4, 1, 9, 0, 1], [2, 2, 3, 1, 0], [2, 2, 0, 5, 1]], np.float64)
    dout = np.array([[1, 2], [3, 4]], np.float64)
    frames: list[Frame] = []
    rows: list[list[object]] = []
    for size, stride, what in ((2, 3, "apart, with ties"), (3, 2, "overlapping")):
        param = {"pool_height": size, "pool_width": size, "stride": stride}
        _, cache = max_pool_forward(x[None, None], param)
        for chosen in [*np.ndindex(dout.shape), None]:
            sent = (
                dout if chosen is None else np.where(np.arange(4).reshape(2, 2) == 2 * chosen[0] + chosen[1], dout, 0)
            )
            dx = max_pool_backward(sent[None, None], cache)[0, 0]
            places = list(np.ndindex(dout.shape)) if chosen is None else [chosen]
            drawn = _pooled(x, sent, dx, [(stride * i, stride * j) for i, j in places], size)
            name = "all" if chosen is None else f"{chosen[0]}, {chosen[1]}"
            went = ", ".join(f"{number(dx[r, c])} to x[{r}, {c}]" for r, c in np.argwhere(dx)) or "nothing to any entry"
            lost = "" if np.isclose(dx.sum(), sent.sum()) else f" (the sum should be {number(sent.sum())})"
            frames.append(
                Frame(name, drawn, f"Windows {what}. Your function sends {went}; sum {number(dx.sum())}{lost}.")
            )
            rows.append([what, name, went])
    alt = "An image, the entries of dout that are sent back, and the gradient dx that your function returns for them."
    width = LEFT + 12 * CELL + 2 * GAP + 20
    choice = "Entry of dout; first row: windows of 2 by 2 with ties, second row: windows of 3 by 3 that overlap"
    return Figure(
        "Where the gradient of max pooling goes", alt, width, TOP + 5 * CELL + 12, "", frames, choice, 5,
        ["windows", "entry of dout", "gradient"], rows, chosen=4,
    )  # fmt: skip


def _pooled(x, dout, dx, windows, size):
    dout_left, dx_left = LEFT + 5 * CELL + GAP, LEFT + 7 * CELL + 2 * GAP
    grids = (
        svg.grid(x, LEFT, TOP, scale=20, title="x")
        + svg.grid(dout, dout_left, TOP, scale=8, title="dout")
        + svg.grid(dx, dx_left, TOP, scale=8, title="dx, of your function")
    )
    frames = "".join(_frame(window, (size, size), left) for window in windows for left in (LEFT, dx_left))
    return grids + frames


def _frame(place, shape, left):
    (row, column), (height, width) = place, shape
    return svg.frame(left + column * CELL, TOP + row * CELL, width * CELL, height * CELL, GREEN)


def _dot(place):
    row, column = place
    return (
        f'<circle cx="{LEFT + column * CELL + 6}" cy="{TOP + row * CELL + 6}" r="4" fill="{VERMILION}" stroke="#fff"/>'
    )
