"""Max pooling, fast, in NumPy alone: for a block of a few images at a time, in two threads (see cs231n.threads).

A maximum is separable: that of a window is the maximum of its columns' maxima. Whole arrays are compared, one row and
one column of all windows after the other, never window by window.
"""

from typing import NamedTuple

import numpy as np

from cs231n.threads import in_even_parts, in_two_halves

BLOCK = 1 << 20  # bytes of input that are worked on at a time: with what is computed from them they stay in the cache
SMALL = 1 << 18  # numbers in the input below which a second thread is not worth it


class Windows(NamedTuple):
    """The sizes of one pooling layer: the window, its step, and the output."""

    height: int
    width: int
    stride: int
    OH: int
    OW: int

    def overlap(self):
        """Tell whether one number of x can be in several windows."""
        return self.stride < max(self.height, self.width)

    def rows(self, x, i):
        """Row i of every window, with all columns of x: (n, C, OH, W)."""
        return x[:, :, i : i + (self.OH - 1) * self.stride + 1 : self.stride]

    def columns(self, x, j):
        """Column j of every window, with all rows of x: (n, C, rows, OW)."""
        return x[..., j : j + (self.OW - 1) * self.stride + 1 : self.stride]


def max_pool_forward_fast(x, pool_param):
    """The maximum of each window.

    x: (N, C, H, W), any memory order, not modified.
    pool_param: {"pool_height": PH, "pool_width": PW, "stride": s}; windows may overlap.
    Returns (out, cache): out (N, C, OH, OW) of the dtype of x, OH = 1 + (H - PH) // s and likewise OW (an incomplete
    last window is left out); NaN where a window holds one. cache is for max_pool_backward_fast: x, out and pool_param.
    ValueError: for x of another number of dimensions, or a window that does not fit into it.
    """
    x = np.asarray(x)
    windows = _windows(x, pool_param)
    out = np.empty((*x.shape[:2], windows.OH, windows.OW), x.dtype)

    def forward(blocks):
        for images in blocks:
            block = x[images]
            # The maximum over the rows of a window first, then over its columns: PH + PW steps, not PH * PW
            row_maxima = windows.rows(block, 0)
            if windows.height > 1:
                row_maxima = np.maximum(row_maxima, windows.rows(block, 1))
            for i in range(2, windows.height):
                np.maximum(row_maxima, windows.rows(block, i), out=row_maxima)
            part = out[images]
            part[...] = windows.columns(row_maxima, 0)
            for j in range(1, windows.width):
                np.maximum(part, windows.columns(row_maxima, j), out=part)

    in_two_halves(forward, _blocks(x))
    return out, (x, out, dict(pool_param))


def max_pool_backward_fast(dout, cache):
    """The gradient of the input: each dout goes to the place where its window has its maximum.

    dout: upstream gradient (N, C, OH, OW).  cache: what max_pool_forward_fast returned.
    Returns dx of the shape and dtype of x. Where a window has its maximum more than once, the first in row-major order
    gets the gradient, as in PyTorch; the first NaN counts as maximum. Gradients add up where windows overlap.
    ValueError: when dout has not the shape of the output.
    """
    x, out, pool_param = cache
    windows = _windows(x, pool_param)
    if np.shape(dout) != out.shape:
        raise ValueError(
            f"max_pool_backward_fast: dout has the shape {np.shape(dout)}, but the output of this pooling has "
            f"{out.shape}: pass the upstream gradient of that output"
        )
    dtype = x.dtype if x.dtype.kind == "f" else np.float64  # integers cannot hold a gradient
    dout = np.asarray(dout, dtype)
    dx = np.zeros(x.shape, dtype)

    def backward(blocks):
        for images in blocks:
            _route_to_first_maximum(dout[images], x[images], out[images], dx[images], windows)

    in_two_halves(backward, _blocks(x))
    return dx


def _route_to_first_maximum(dout, x, out, dx, windows):
    """dx += dout where x is the maximum of its window, at one place of all windows after the other."""
    finite = np.isfinite(dout).all()  # then dout * False is 0, and faster than a choice
    with_nan = np.isnan(out).any()
    not_found = np.ones(out.shape, bool)
    for i in range(windows.height):
        for j in range(windows.width):
            here = windows.columns(windows.rows(x, i), j)
            found = here == out
            if with_nan:
                found |= np.isnan(here)
            found &= not_found
            not_found ^= found
            share = windows.columns(windows.rows(dx, i), j)
            if not finite:
                share += np.where(found, dout, 0)
            elif windows.overlap():
                share += dout * found
            else:
                np.multiply(dout, found, out=share)


def _blocks(x):
    """Slices of images of about BLOCK bytes, at least one image each."""
    if x.size == 0:
        return []
    return in_even_parts(len(x), BLOCK * len(x) // x.nbytes, 1 if x.size < SMALL else 2)


def _windows(x, pool_param):
    """The sizes; ValueError if they do not fit together."""
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    if x.ndim != 4:
        raise ValueError(f"max pooling: x must be (N, C, H, W), not {x.shape}")
    if stride < 1:
        raise ValueError(f"max pooling: stride must be at least 1, not {stride}")
    H, W = x.shape[2:]
    if not (0 < height <= H and 0 < width <= W):
        raise ValueError(f"max pooling: a window of {height} x {width} does not fit into an image of {H} x {W}")
    return Windows(height, width, stride, 1 + (H - height) // stride, 1 + (W - width) // stride)
