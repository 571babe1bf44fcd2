"""Fast max pooling in NumPy alone: a block of a few images at a time, in two threads (see cs231n.threads).

A maximum is separable: the maximum of a window is the maximum of its columns' maxima. So the code compares whole
arrays, one row and one column of all windows at a time, and never window by window. The forward pass also finds out
where each maximum is, so the backward pass only has to put each gradient into its place.
"""

from math import prod
from typing import NamedTuple

import numpy as np

from cs231n.threads import in_even_parts, in_two_halves

BLOCK = 1 << 19  # bytes of input at a time: they and what is computed from them stay in the cache
SMALL = 1 << 18  # numbers in the input below which a second thread is not worth it


class Windows(NamedTuple):
    """The sizes of one pooling layer: the window, its step, and the output."""

    height: int
    width: int
    stride: int
    OH: int
    OW: int

    def overlap(self):
        """Return whether one number of x can be in several windows."""
        return self.stride < max(self.height, self.width)

    def steps(self, W):
        """Return how far each entry of a window except the last is from the next one in memory, in images W wide."""
        return (([1] * (self.width - 1) + [W - self.width + 1]) * self.height)[:-1]

    def corners(self, shape):
        """Return the index of each window's corner in the memory of an image of this shape: (C, OH, OW)."""
        C, H, W = shape
        corners = self.stride * (W * np.arange(self.OH)[:, None] + np.arange(self.OW))
        return H * W * np.arange(C)[:, None, None] + corners

    def rows(self, x, i):
        """Return row i of every window, with all columns of x: (n, C, OH, W)."""
        return x[:, :, i : i + (self.OH - 1) * self.stride + 1 : self.stride]

    def columns(self, x, j):
        """Return column j of every window, with all rows of x: (n, C, rows, OW)."""
        return x[..., j : j + (self.OW - 1) * self.stride + 1 : self.stride]


def max_pool_forward_fast(x, pool_param):
    """Return the maximum of each window.

    x: (N, C, H, W), any memory order, not modified.
    pool_param: {"pool_height": PH, "pool_width": PW, "stride": s}; windows may overlap.
    Returns (out, cache): out (N, C, OH, OW) of the dtype of x, OH = 1 + (H - PH) // s and likewise OW (an incomplete
    last window is left out); NaN if a window holds one. cache is for max_pool_backward_fast: x, for each entry of out
    the index in x.reshape(-1) where it was found, and pool_param.
    Raises ValueError if x does not have four axes, or a window does not fit into it.
    """
    x = np.asarray(x)
    windows = _windows(x, pool_param)
    out = np.empty((*x.shape[:2], windows.OH, windows.OW), x.dtype)
    winners = np.empty(out.shape, np.intp)
    corners = windows.corners(x.shape[1:])
    image_starts = prod(x.shape[1:]) * np.arange(len(x))[:, None, None, None]

    def forward(blocks):
        for images in blocks:
            _find_maxima(x[images], windows, out[images])
            np.add(corners, _distances(x[images], out[images], windows), out=winners[images])
            winners[images] += image_starts[images]

    in_two_halves(forward, _blocks(x))
    return out, (x, winners, dict(pool_param))


def max_pool_backward_fast(dout, cache):
    """Return the gradient of the input: each entry of dout goes to the position of its window's maximum.

    dout: upstream gradient (N, C, OH, OW). cache: what max_pool_forward_fast returned.
    Returns dx of the shape and dtype of x (float64 for integers). Where a window has its maximum more than once, the
    first in row-major order gets the gradient, as in PyTorch; the first NaN counts as the maximum. Gradients add up
    where windows overlap.
    Raises ValueError if dout does not have the shape of the output.
    """
    x, winners, pool_param = cache
    windows = _windows(x, pool_param)
    if np.shape(dout) != winners.shape:
        raise ValueError(
            f"max_pool_backward_fast: dout has the shape {np.shape(dout)}, but the output of this pooling has "
            f"{winners.shape}: pass the upstream gradient of that output"
        )
    dtype = x.dtype if x.dtype.kind == "f" else np.float64  # integers cannot hold a gradient
    dout = np.asarray(dout, dtype)
    if windows.overlap():  # in one thread: np.add.at does not release the interpreter's lock
        dx = np.zeros(x.shape, dtype)
        np.add.at(dx.reshape(-1), winners.reshape(-1), dout.reshape(-1))
        return dx
    dx = np.empty(x.shape, dtype)

    def backward(blocks):
        for images in blocks:
            dx[images] = 0
            dx.reshape(-1)[winners[images].reshape(-1)] = dout[images].reshape(-1)

    in_two_halves(backward, _blocks(x))
    return dx


def _find_maxima(x, windows, out):
    """Take the maximum over the rows of each window first, then over its columns: PH + PW steps, not PH * PW."""
    row_maxima = windows.rows(x, 0)
    if windows.height > 1:
        row_maxima = np.maximum(row_maxima, windows.rows(x, 1))
    for i in range(2, windows.height):
        np.maximum(row_maxima, windows.rows(x, i), out=row_maxima)
    out[...] = windows.columns(row_maxima, 0)
    for j in range(1, windows.width):
        np.maximum(out, windows.columns(row_maxima, j), out=out)


def _distances(x, out, windows):
    """Return the distance in memory from each window's corner to the first entry that is its maximum."""
    steps = windows.steps(x.shape[3])
    distances = np.zeros(out.shape, np.min_scalar_type(sum(steps)))
    with_nan = np.isnan(out).any()
    missed = np.ones(out.shape, bool)
    # A maximum that is at none of the other entries is at the last one
    for (i, j), step in zip(np.ndindex(windows.height, windows.width), steps, strict=False):
        here = windows.columns(windows.rows(x, i), j)
        missed &= here != out
        if with_nan:
            missed &= ~np.isnan(here)
        distances += missed * distances.dtype.type(step)
    return distances


def _blocks(x):
    """Return slices of images of about BLOCK bytes, at least one image each."""
    if x.size == 0:
        return []
    return in_even_parts(len(x), BLOCK * len(x) // x.nbytes, 1 if x.size < SMALL else 2)


def _windows(x, pool_param):
    """Return the sizes of a pooling layer; raises ValueError if they do not fit together."""
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    if x.ndim != 4:
        raise ValueError(f"max pooling: x must be (N, C, H, W), not {x.shape}")
    if stride < 1:
        raise ValueError(f"max pooling: stride must be at least 1, not {stride}")
    H, W = x.shape[2:]
    if not (0 < height <= H and 0 < width <= W):
        raise ValueError(f"max pooling: a window of {height} x {width} does not fit into an image of {H} x {W}")
    return Windows(height, width, stride, 1 + (H - height) // stride, 1 + (W - width) // stride)
