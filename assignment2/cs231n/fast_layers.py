"""Convolution by matrix products, in NumPy alone: first the plain way, to be read, then a fast one, to train with.

Both lower a convolution to a matrix product: im2col copies the window of each output position into a column of C * HH *
WW numbers, one for each tap of a filter, and then

    out = w (F, C * HH * WW) @ columns (C * HH * WW, N * OH * OW) + b

Chellapilla, Puri and Simard had the idea ("High Performance Convolutional Neural Networks for Document Processing",
2006); Caffe made the names im2col and col2im known (Jia et al., 2014). Max pooling is in cs231n.fast_pooling.

x (N, C, H, W): images. w (F, C, HH, WW): filters. b (F,): biases. out (N, F, OH, OW). conv_param {"stride", "pad"}.
"""

from math import prod
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cs231n.fast_pooling import max_pool_backward_fast, max_pool_forward_fast
from cs231n.threads import in_even_parts, in_two_halves

__all__ = [
    "col2im",
    "conv_backward_fast",
    "conv_backward_im2col",
    "conv_forward_fast",
    "conv_forward_im2col",
    "im2col",
    "max_pool_backward_fast",
    "max_pool_forward_fast",
]

# -- the plain way


def im2col(x, HH, WW, stride, pad):
    """The column matrix of images: each column is the window (C, HH, WW) of one output position (n, oy, ox)."""
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))  # (N, C, H + 2 * pad, W + 2 * pad)
    windows = sliding_window_view(padded, (HH, WW), axis=(2, 3))  # (N, C, every row, every column, HH, WW)
    windows = windows[:, :, ::stride, ::stride]  # (N, C, OH, OW, HH, WW)
    return windows.transpose(1, 4, 5, 0, 2, 3).reshape(x.shape[1] * HH * WW, -1)  # (C * HH * WW, N * OH * OW)


def col2im(columns, x_shape, HH, WW, stride, pad):
    """The reverse for gradients: each column is added to the pixels that its window was read from."""
    N, C, H, W = x_shape
    OH, OW = _output_size(H, HH, stride, pad), _output_size(W, WW, stride, pad)
    taps = columns.reshape(C, HH, WW, N, OH, OW)
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), columns.dtype)
    for i, j in np.ndindex(HH, WW):  # tap (i, j) of the windows lies on every stride-th pixel from (i, j) on
        padded[:, :, i : i + stride * OH : stride, j : j + stride * OW : stride] += taps[:, i, j].swapaxes(0, 1)
    return padded[:, :, pad : pad + H, pad : pad + W]  # (N, C, H, W)


def conv_forward_im2col(x, w, b, conv_param):
    """Convolve images with filters; arguments and results are those of conv_forward_fast."""
    (N, _, H, W), (F, _, HH, WW) = x.shape, w.shape
    OH, OW = (_output_size(size, window, **conv_param) for size, window in ((H, HH), (W, WW)))
    columns = im2col(x, HH, WW, **conv_param)  # (C * HH * WW, N * OH * OW)
    out = w.reshape(F, -1) @ columns + b[:, None]  # (F, N * OH * OW)
    return out.reshape(F, N, OH, OW).swapaxes(0, 1), (x, w, b, conv_param)  # out (N, F, OH, OW)


def conv_backward_im2col(dout, cache):
    """Gradients of a convolution, (dx, dw, db); the column matrix is made again, since it takes much memory to keep."""
    x, w, _, conv_param = cache
    F, _, HH, WW = w.shape
    dout = dout.swapaxes(0, 1).reshape(F, -1)  # (F, N * OH * OW)
    dw = dout @ im2col(x, HH, WW, **conv_param).T  # (F, C * HH * WW)
    dcolumns = w.reshape(F, -1).T @ dout  # (C * HH * WW, N * OH * OW)
    return col2im(dcolumns, x.shape, HH, WW, **conv_param), dw.reshape(w.shape), dout.sum(axis=1)


def _output_size(size, window, stride, pad):
    """How many windows fit side by side; an incomplete last one is left out."""
    return 1 + (size + 2 * pad - window) // stride


# -- the fast way
#
# The same products; four things make them fast:
#
# - Cache blocking. The column matrix takes HH * WW times the memory of the images. It is laid out for a block of a few
#   images, or of a few rows of one image, at a time, in a workspace that is used again, and so stays in the processor's
#   cache.
# - The bias trick. Each column ends in a 1. This makes the bias one more weight, and db one more row of dw:
#
#       out = (w, b) (F, C * HH * WW + 1) @ columns (C * HH * WW + 1, OH * OW)
#       (dw, db).T = columns (C * HH * WW + 1, N * OH * OW) @ dout.T (N * OH * OW, F)
#
# - Half a col2im. To add up HH * WW taps, row by row, is slow in NumPy. Here the product sums the HH vertical taps, and
#   only the WW horizontal ones are left to be added up. For that, row y of the padded dx comes from all rows of dout
#   whose windows cover it, stacked one below the other (for stride 1):
#
#       stacked[i, f, y, ox] = dout[f, y - i, ox]
#       lowered (C * WW, rows * OW) = w.T (C * WW, HH * F) @ stacked (HH * F, rows * OW)
#       padded dx[c, y, ox + j] += lowered[c, j, y, ox]
#
#   With a stride s, the rows y = q * s + phase of each phase meet only the taps i = t * s + phase: one product each.
# - Two threads. See cs231n.threads.

WORKSPACE = 1 << 21  # bytes that what is laid out for one product may take, in each thread
SMALL = 1 << 23  # multiplications below which a layer is not worth a second thread


def conv_forward_fast(x, w, b, conv_param):
    """Convolve N images with F filters (cross-correlation, as everywhere in deep learning).

    x: images (N, C, H, W), any memory order, not modified.
    w: filters (F, C, HH, WW). b: biases (F,). Both are converted to the dtype of x.
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
    positions = out.reshape(g.N, g.F, g.OH * g.OW)
    filters = np.column_stack((w.reshape(g.F, -1), b)).astype(dtype)

    def forward(blocks):
        columns = ColumnMatrices(x, g, dtype)
        for images, rows in blocks:
            matrices = columns.of_each_image(images, rows)
            np.matmul(filters, matrices, out=positions[images, :, rows.start * g.OW : rows.stop * g.OW])

    in_two_halves(forward, _blocks(g, range(g.OH), ColumnMatrices.row_size(g) * dtype.itemsize))
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
    """(dw, db): the sum over all blocks of columns (C * HH * WW + 1, n * positions) @ dout.T (n * positions, F)."""
    positions = dout.reshape(g.N, g.F, g.OH * g.OW)

    def gradient(blocks):
        columns = ColumnMatrices(x, g, dout.dtype)
        total = np.zeros((g.C * g.HH * g.WW + 1, g.F), dout.dtype)
        for images, rows in blocks:
            block = positions[images, :, rows.start * g.OW : rows.stop * g.OW]
            total += columns.of_all_images(images, rows) @ block.swapaxes(0, 1).reshape(g.F, -1).T
        return total

    row_bytes = (ColumnMatrices.row_size(g) + g.F * g.OW) * dout.itemsize
    total = sum(in_two_halves(gradient, _blocks(g, range(g.OH), row_bytes)))
    return total[:-1].T.reshape(g.F, g.C, g.HH, g.WW), total[-1].copy()


def _input_gradient(dout, w, g):
    """dx (N, C, H, W): the padded rows q * stride + phase come from the vertical taps phase, phase + stride, ... of w
    and the rows q, q - 1, ... of dout, stacked."""
    dx = np.zeros((g.N, g.C, g.H, g.W), dout.dtype)
    filters = [  # of each phase, (C * WW, taps * F)
        w[:, :, phase :: g.stride].transpose(1, 3, 2, 0).reshape(g.C * g.WW, -1).astype(dout.dtype, order="C")
        for phase in range(min(g.stride, g.HH))
    ]
    taps = 1 + (g.HH - 1) // g.stride  # vertical taps of phase 0, which has the most

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
                _add_horizontal_taps(lowered, dx[images], g, rows.start * g.stride + phase)

    # Of the rows q, those that lie in the image, not in its padding
    rows = range(g.pad // g.stride, min(g.OH + taps - 1, (g.pad + g.H - 1) // g.stride + 1))
    row_bytes = (g.C * g.WW + taps * g.F) * g.OW * dout.itemsize
    in_two_halves(gradient, _blocks(g, rows, row_bytes))
    return dx


def _add_horizontal_taps(lowered, dx, g, first):
    """The horizontal half of col2im: dx[n, c, first + k * stride, ox * stride + j] += lowered[n, c, j, k, ox].

    Rows and columns of dx are counted with the padding, which dx does not have: what belongs there is left out.
    """
    rows, x_rows = _inside(lowered.shape[3], first - g.pad, g.stride, g.H)
    for j in range(g.WW):
        columns, x_columns = _inside(g.OW, j - g.pad, g.stride, g.W)
        dx[:, :, x_rows, x_columns] += lowered[:, :, j, rows, columns]


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


class ColumnMatrices:
    """im2col for a block of images after the other, each column with a 1 at its end.

    All blocks use the same workspace: a matrix that was laid out before is overwritten.
    """

    def __init__(self, x, g, dtype):
        self.x, self.g = x, g
        self.padded, self.columns = Workspace(dtype), Workspace(dtype)

    @staticmethod
    def row_size(g):
        """How many numbers the workspace holds for one row of the output."""
        return (g.C * g.HH * g.WW + 1) * g.OW + g.C * g.stride * (g.W + 2 * g.pad)

    def of_each_image(self, images, rows):
        """A matrix for each image, (n, C * HH * WW + 1, rows * OW): the windows of these rows of the output, and 1."""
        windows = self._windows(images, rows)
        n, C, HH, WW, height, OW = windows.shape
        matrices = self.columns.array(n, C * HH * WW + 1, height * OW)
        matrices[:, :-1].reshape(windows.shape)[...] = windows
        matrices[:, -1] = 1
        return matrices

    def of_all_images(self, images, rows):
        """The same matrices side by side, (C * HH * WW + 1, n * rows * OW)."""
        windows = self._windows(images, rows).transpose(1, 2, 3, 0, 4, 5)
        C, HH, WW, n, height, OW = windows.shape
        matrix = self.columns.array(C * HH * WW + 1, n * height * OW)
        matrix[:-1].reshape(windows.shape)[...] = windows
        matrix[-1] = 1
        return matrix

    def _windows(self, images, rows):
        """A view (n, C, HH, WW, rows, OW) of the windows: [..., i, j, oy, ox] is tap (i, j) at an output position."""
        x, g = self.x[images], self.g
        height = rows.stop - rows.start
        padded = self.padded.array(len(x), g.C, (height - 1) * g.stride + g.HH, g.W + 2 * g.pad)
        here, there = _inside(padded.shape[2], rows.start * g.stride - g.pad, 1, g.H)
        padded[...] = 0
        padded[:, :, here, g.pad : g.pad + g.W] = x[:, :, there]
        image, channel, row, column = padded.strides
        shape = (len(x), g.C, g.HH, g.WW, height, g.OW)
        strides = (image, channel, row, column, row * g.stride, column * g.stride)  # of memory, in bytes
        return np.ndarray(shape, padded.dtype, padded, strides=strides)


class Workspace:
    """Memory that one array after the other uses: fresh memory from the system costs more than the work in it."""

    def __init__(self, dtype):
        self.memory = np.empty(0, dtype)

    def array(self, *shape):
        """An array of this shape, its values arbitrary; it overwrites the one that was returned before."""
        size = prod(shape)
        if size > self.memory.size:
            self.memory = np.empty(size, self.memory.dtype)
        return self.memory[:size].reshape(shape)


def _inside(count, first, step, size):
    """Which of the positions first + k * step, k < count, lie in range(size)? The slices of k and of the positions."""
    start = min(count, max(0, -(first // step)))
    stop = max(start, min(count, -((first - size) // step)))
    if start == stop:
        return slice(start, start), slice(0, 0)
    return slice(start, stop), slice(first + start * step, first + (stop - 1) * step + 1, step)


def _blocks(g, rows, row_bytes):
    """The work in blocks, (slice of images, slice of rows), of about WORKSPACE bytes each; whole images where they fit.

    rows: a range, the rows of each image that there is work for.  row_bytes: of workspace for one of them.
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
    """The sizes; ValueError if they do not fit together."""
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
    OH, OW = (_output_size(size, window, stride, pad) for size, window in ((H, HH), (W, WW)))
    return Geometry(N, C, H, W, F, HH, WW, OH, OW, stride, pad)
