"""Convolution and max pooling, fast, in NumPy alone: nothing to compile.

The forward pass and the gradient of the filters are the classic im2col: every window of the image becomes a column of
C * HH * WW numbers, and one matrix product does the rest. Two things make it fast. The columns are laid out for a few
images, or a few rows of one image, at a time, in memory that is used again: what fits into the processor's cache costs
little to copy. And each column ends in a 1: the bias is one more weight, in the same product, and so is its gradient:

    out = (w, b) (F, C * HH * WW + 1) @ columns (C * HH * WW + 1, OH * OW)
    (dw, db).T = columns (C * HH * WW + 1, N * OH * OW) @ dout.T (N * OH * OW, F)

For the gradient of the input, the same backwards would mean to add up C * HH * WW rows of the product, in many short
sums, which NumPy does slowly. So only the horizontal taps are added up; those below each other are summed by the
product, which collects row y of the gradient from all rows of dout whose windows cover it, one block of `stacked` each:

    lowered[c, j, y, ox] = w.T (C * WW, HH * F) @ stacked (HH * F, rows * OW), stacked[i, f, y, ox] = dout[f, y - i, ox]
    padded dx[c, y, ox + j] += lowered[c, j, y, ox]

With a stride s, the rows y = q * s + phase of each phase meet only the taps i = t * s + phase: one product for each.

All of it is done in two threads (see cs231n.threads). Shapes follow the course: x (N, C, H, W), w (F, C, HH, WW),
b (F,), out (N, F, OH, OW).
"""

from math import prod
from typing import NamedTuple

import numpy as np

from cs231n.fast_pooling import max_pool_backward_fast, max_pool_forward_fast
from cs231n.threads import in_even_parts, in_two_halves

__all__ = ["conv_backward_fast", "conv_forward_fast", "max_pool_backward_fast", "max_pool_forward_fast"]

WORKSPACE = 1 << 21  # bytes that what is laid out for one product may take, in each thread
SMALL = 1 << 23  # multiplications below which a layer is not worth a second thread


class Geometry(NamedTuple):
    """The sizes of one convolution; OH, OW: of its output."""

    N: int
    C: int
    H: int
    W: int
    F: int
    HH: int
    WW: int
    OH: int
    OW: int
    stride: int
    pad: int


class Workspace:
    """Memory that one array after the other uses: memory fresh from the system costs more than what is done in it."""

    def __init__(self, dtype):
        self.memory = np.empty(0, dtype)

    def array(self, *shape):
        """An array of this shape, its values arbitrary; the array that was returned before it is no more."""
        size = prod(shape)
        if size > self.memory.size:
            self.memory = np.empty(size, self.memory.dtype)
        return self.memory[:size].reshape(shape)


def conv_forward_fast(x, w, b, conv_param):
    """Convolve N images with F filters (cross-correlation, as everywhere in deep learning).

    x: images (N, C, H, W), any memory order, not modified.
    w: filters (F, C, HH, WW).  b: biases (F,).  Both are converted to the dtype of x.
    conv_param: {"stride": s, "pad": p}: s pixels between windows both ways, p rows and columns of zeros on each side.
    Returns (out, cache): out (N, F, OH, OW) of the dtype of x, OH = 1 + (H + 2 * p - HH) // s and likewise OW: rows and
    columns that a last, incomplete window would cover are left out. cache is for conv_backward_fast; it holds the
    inputs, no copies.
    ValueError: for shapes that do not fit together.
    """
    x, w, b = np.asarray(x), np.asarray(w), np.asarray(b)
    g = _geometry(x, w, b, conv_param)
    dtype = _working_dtype(x)
    out = np.empty((g.N, g.F, g.OH, g.OW), dtype)
    pixels = out.reshape(g.N, g.F, g.OH * g.OW)
    filters = np.column_stack((w.reshape(g.F, -1), b)).astype(dtype)

    def forward(blocks):
        columns = Columns(x, g, dtype)
        for images, rows in blocks:
            matrices = columns.of_each(images, rows)
            np.matmul(filters, matrices, out=pixels[images, :, rows.start * g.OW : rows.stop * g.OW])

    in_two_halves(forward, _blocks(g, range(g.OH), Columns.row_size(g) * dtype.itemsize))
    return out.astype(_result_dtype(x), copy=False), (x, w, b, dict(conv_param))


def conv_backward_fast(dout, cache, input_gradient=True):
    """Gradients of a convolution.

    dout: upstream gradient (N, F, OH, OW).  cache: what conv_forward_fast returned.
    input_gradient: False leaves out dx, about half of the work (the first layer of a network has no use for it).
    Returns (dx, dw, db), of the shapes of x, w and b and the dtype of x; dx is None without input_gradient.
    ValueError: when dout has not the shape of the output.
    """
    x, w, b, conv_param = cache
    g = _geometry(x, w, b, conv_param)
    if np.shape(dout) != (g.N, g.F, g.OH, g.OW):
        raise ValueError(
            f"conv_backward_fast: dout has the shape {np.shape(dout)}, but the output of this convolution has "
            f"{(g.N, g.F, g.OH, g.OW)}: pass the upstream gradient of that output"
        )
    dout = np.ascontiguousarray(dout, _working_dtype(x))
    dtype = _result_dtype(x)
    dw, db = _filter_gradient(dout, x, g)
    dx = _input_gradient(dout, w, g).astype(dtype, copy=False) if input_gradient else None
    return dx, dw.astype(dtype, copy=False), db.astype(dtype, copy=False)


def _filter_gradient(dout, x, g):
    """(dw, db): the sum over all blocks of columns (C * HH * WW + 1, n * pixels) @ dout.T (n * pixels, F)."""
    pixels = dout.reshape(g.N, g.F, g.OH * g.OW)

    def gradient(blocks):
        columns = Columns(x, g, dout.dtype)
        total = np.zeros((g.C * g.HH * g.WW + 1, g.F), dout.dtype)
        for images, rows in blocks:
            d = pixels[images, :, rows.start * g.OW : rows.stop * g.OW].swapaxes(0, 1).reshape(g.F, -1)
            total += columns.of_all(images, rows) @ d.T
        return total

    row_bytes = (Columns.row_size(g) + g.F * g.OW) * dout.itemsize
    total = sum(in_two_halves(gradient, _blocks(g, range(g.OH), row_bytes)))
    return total[:-1].T.reshape(g.F, g.C, g.HH, g.WW), total[-1].copy()


def _input_gradient(dout, w, g):
    """dx: rows q * stride + phase of the lowered gradient are w[:, :, phase::stride] times the rows q, q - 1, ... of
    dout, one for each of these taps, stacked."""
    dx = np.zeros((g.N, g.C, g.H, g.W), dout.dtype)
    filters = [  # of each phase, (C * WW, taps * F)
        w[:, :, phase :: g.stride].transpose(1, 3, 2, 0).reshape(g.C * g.WW, -1).astype(dout.dtype, order="C")
        for phase in range(min(g.stride, g.HH))
    ]
    taps = 1 + (g.HH - 1) // g.stride  # of phase 0, which has the most

    def gradient(blocks):
        stacked_workspace, lowered_workspace = Workspace(dout.dtype), Workspace(dout.dtype)
        for images, rows in blocks:
            n, height = images.stop - images.start, rows.stop - rows.start
            stacked = stacked_workspace.array(n, taps, g.F, height, g.OW)
            for tap in range(taps):
                here, there = _inside(height, rows.start - tap, 1, g.OH)
                stacked[:, tap, :, : here.start] = stacked[:, tap, :, here.stop :] = 0
                stacked[:, tap, :, here] = dout[images, :, there]
            stacked = stacked.reshape(n, taps * g.F, height * g.OW)
            lowered = lowered_workspace.array(n, g.C, g.WW, height, g.OW)
            for phase, matrix in enumerate(filters):
                product = lowered.reshape(n, g.C * g.WW, height * g.OW)
                np.matmul(matrix, stacked[:, : matrix.shape[1]], out=product)
                _add_up(lowered, dx[images], g, rows.start * g.stride + phase)

    # Of the rows q, those that lie in the image, not in its padding
    rows = range(g.pad // g.stride, min(g.OH + taps - 1, (g.pad + g.H - 1) // g.stride + 1))
    row_bytes = (g.C * g.WW + taps * g.F) * g.OW * dout.itemsize
    in_two_halves(gradient, _blocks(g, rows, row_bytes))
    return dx


def _add_up(lowered, dx, g, first):
    """dx[n, c, first + k * stride, ox * stride + j] += lowered[n, c, j, k, ox], rows and columns of dx counted with the
    padding, which is not there: what belongs to it is left out."""
    rows, x_rows = _inside(lowered.shape[3], first - g.pad, g.stride, g.H)
    for j in range(g.WW):
        columns, x_columns = _inside(g.OW, j - g.pad, g.stride, g.W)
        dx[:, :, x_rows, x_columns] += lowered[:, :, j, rows, columns]


class Columns:
    """The windows of images as the columns of a matrix, block after block in the same memory: a matrix that was laid
    out before is no more."""

    def __init__(self, x, g, dtype):
        self.x, self.g = x, g
        self.padded, self.columns = Workspace(dtype), Workspace(dtype)

    @staticmethod
    def row_size(g):
        """How many numbers are laid out for one row of the output."""
        return (g.C * g.HH * g.WW + 1) * g.OW + g.C * g.stride * (g.W + 2 * g.pad)

    def of_each(self, images, rows):
        """A matrix for each image, (n, C * HH * WW + 1, rows * OW): the windows of these rows of the output, and 1."""
        windows = self._windows(images, rows)
        n, C, HH, WW, height, OW = windows.shape
        matrices = self.columns.array(n, C * HH * WW + 1, height * OW)
        matrices[:, :-1].reshape(windows.shape)[...] = windows
        matrices[:, -1] = 1
        return matrices

    def of_all(self, images, rows):
        """The same matrices side by side, (C * HH * WW + 1, n * rows * OW)."""
        windows = self._windows(images, rows).transpose(1, 2, 3, 0, 4, 5)
        C, HH, WW, n, height, OW = windows.shape
        matrix = self.columns.array(C * HH * WW + 1, n * height * OW)
        matrix[:-1].reshape(windows.shape)[...] = windows
        matrix[-1] = 1
        return matrix

    def _windows(self, images, rows):
        """A view (n, C, HH, WW, rows, OW) of the windows, in the part of the images that they cover, padded."""
        x, g = self.x[images], self.g
        height = rows.stop - rows.start
        padded = self.padded.array(len(x), g.C, (height - 1) * g.stride + g.HH, g.W + 2 * g.pad)
        here, there = _inside(padded.shape[2], rows.start * g.stride - g.pad, 1, g.H)
        padded[...] = 0
        padded[:, :, here, g.pad : g.pad + g.W] = x[:, :, there]
        image, channel, row, column = padded.strides
        shape = (len(x), g.C, g.HH, g.WW, height, g.OW)
        strides = (image, channel, row, column, row * g.stride, column * g.stride)
        return np.ndarray(shape, padded.dtype, padded, strides=strides)


def _inside(count, first, step, size):
    """Which of the positions first + k * step, k < count, lie in range(size)? The slices of k and of the positions."""
    start = min(count, max(0, -(first // step)))
    stop = max(start, min(count, -((first - size) // step)))
    if start == stop:
        return slice(start, start), slice(0, 0)
    return slice(start, stop), slice(first + start * step, first + (stop - 1) * step + 1, step)


def _blocks(g, rows, row_bytes):
    """The work in pieces, (slice of images, slice of rows), of about WORKSPACE bytes each; whole images where they fit.

    rows: a range, the rows of each image that there is work for.  row_bytes: workspace for one of them.
    """
    small = g.N * g.F * g.OH * g.OW * g.C * g.HH * g.WW < SMALL
    images = in_even_parts(g.N, WORKSPACE // (len(rows) * row_bytes), 1 if small else 2)
    parts = [rows[part] for part in in_even_parts(len(rows), WORKSPACE // row_bytes, 1)]
    return [(n, slice(part.start, part.stop)) for n in images for part in parts]


def _working_dtype(x):
    """What is computed in: the dtype of x, but at least float32, and float64 for integers."""
    return np.result_type(x.dtype, np.float32)


def _result_dtype(x):
    """The dtype of x; float64 for integers, which cannot hold a gradient."""
    return x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)


def _geometry(x, w, b, conv_param):
    """The sizes; ValueError where they do not fit together."""
    stride, pad = (conv_param[name] for name in ("stride", "pad"))
    if x.ndim != 4 or w.ndim != 4:
        raise ValueError(f"convolution: x must be (N, C, H, W) and w (F, C, HH, WW), not {x.shape} and {w.shape}")
    (N, C, H, W), (F, filter_channels, HH, WW) = x.shape, w.shape
    if filter_channels != C:
        raise ValueError(f"convolution: x {x.shape} has {C} channels, the filters w {w.shape} have {filter_channels}")
    if b.shape != (F,):
        raise ValueError(f"convolution: b must have one bias for each of the {F} filters, ({F},), not {b.shape}")
    if stride < 1 or pad < 0:
        raise ValueError(f"convolution: stride must be at least 1 and pad at least 0, not {stride} and {pad}")
    if not (0 < HH <= H + 2 * pad and 0 < WW <= W + 2 * pad):
        raise ValueError(
            f"convolution: a filter of {HH} x {WW} does not fit into an image of {H} x {W} with pad {pad}: "
            "use smaller filters or more padding"
        )
    OH, OW = (1 + (size + 2 * pad - window) // stride for size, window in ((H, HH), (W, WW)))
    return Geometry(N, C, H, W, F, HH, WW, OH, OW, stride, pad)
