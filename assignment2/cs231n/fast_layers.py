"""Convolution by matrix products, in NumPy alone: first a plain version to read, then a fast one to train with.

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
from numpy.lib.stride_tricks import as_strided, sliding_window_view

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
    """Return the column matrix of images: each column is the window (C, HH, WW) of one output position (n, oy, ox)."""
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))  # (N, C, H + 2 * pad, W + 2 * pad)
    windows = sliding_window_view(padded, (HH, WW), axis=(2, 3))  # (N, C, every row, every column, HH, WW)
    windows = windows[:, :, ::stride, ::stride]  # (N, C, OH, OW, HH, WW)
    return windows.transpose(1, 4, 5, 0, 2, 3).reshape(x.shape[1] * HH * WW, -1)  # (C * HH * WW, N * OH * OW)


def col2im(columns, x_shape, HH, WW, stride, pad):
    """Reverse im2col for gradients: add each column to the pixels that its window was read from."""
    N, C, H, W = x_shape
    OH, OW = _output_size(H, HH, stride, pad), _output_size(W, WW, stride, pad)
    taps = columns.reshape(C, HH, WW, N, OH, OW)
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), columns.dtype)
    for i, j in np.ndindex(HH, WW):  # tap (i, j) of the windows is at every stride-th pixel from (i, j) on
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
    """Return the gradients of a convolution, (dx, dw, db).

    It computes the column matrix again, because keeping it takes much memory.
    """
    x, w, _, conv_param = cache
    F, _, HH, WW = w.shape
    dout = dout.swapaxes(0, 1).reshape(F, -1)  # (F, N * OH * OW)
    dw = dout @ im2col(x, HH, WW, **conv_param).T  # (F, C * HH * WW)
    dcolumns = w.reshape(F, -1).T @ dout  # (C * HH * WW, N * OH * OW)
    return col2im(dcolumns, x.shape, HH, WW, **conv_param), dw.reshape(w.shape), dout.sum(axis=1)


def _output_size(size, window, stride, pad):
    """Return how many windows fit side by side; an incomplete last one is left out."""
    return 1 + (size + 2 * pad - window) // stride


# -- the fast way
#
# After Cho and Brand, "MEC: Memory-Efficient Convolution for Deep Neural Network" (2017). Four things make it fast:
#
# - Half a lowering. Only the WW horizontal taps are copied, into memory in which each row of the padded images is
#   contiguous:
#
#       lowered (rows, C * WW, n * OW):  lowered[r, (c, j), (n, ox)] = padded x[n, c, r, ox * stride + j]
#
#   The window of the output row oy is then HH consecutive pieces, a matrix without another copy, which overlaps the
#   windows of the next rows:
#
#       out[oy] (F, n * OW) = w (F, HH * C * WW) @ lowered[oy * stride : oy * stride + HH] (HH * C * WW, n * OW) + b
#       dw (HH * C * WW, F) = sum over oy of lowered[oy * stride : oy * stride + HH] @ dout[oy].T (n * OW, F)
#
#   The gradient of x reads rows of dout the same way, those whose windows cover a row of the padded x (for stride 1),
#   and only the horizontal taps are left to be added up:
#
#       product[y] (C * WW, n * OW) = w.T (C * WW, HH * F) @ dout[y - HH + 1 : y + 1] (HH * F, n * OW)
#       padded dx[n, c, y, ox + j] += product[y, (c, j), (n, ox)]
#
#   With a stride s, the rows y = q * s + phase of each phase meet only the taps i = t * s + phase: one product each.
# - Cache blocking. What is laid out for a block of a few images, or of a few rows of one image, is in a workspace that
#   is reused, and so stays in the processor's cache.
# - Small products. OpenBLAS multiplies small matrices in place; it first copies large ones into another order, which
#   takes longer here than it gains.
# - Two threads. See cs231n.threads.

WORKSPACE = 3 << 19  # bytes that what is laid out for one product may take, in each thread
SMALL = 1 << 23  # multiplications below which a layer is not worth a second thread
PRODUCT = 1_000_000  # multiplications in one product: as many as OpenBLAS does without copying
FEWEST_ROWS = 16  # of the left matrix in one product
SUMMED = 2  # images whose share of the filter gradient one product sums, at least


def conv_forward_fast(x, w, b, conv_param):
    """Convolve N images with F filters (as a cross-correlation, which is usual in deep learning).

    x: images (N, C, H, W), any memory order, not modified.
    w: filters (F, C, HH, WW). b: biases (F,). Both are converted to the dtype of x.
    conv_param: {"stride": s, "pad": p}: windows are s pixels apart in both directions, and p rows and columns
        of zeros are on each side of an image.
    Returns (out, cache): out (N, F, OH, OW) of the dtype of x, OH = 1 + (H + 2 * p - HH) // s and likewise OW: a
    last, incomplete window is left out. cache is for conv_backward_fast; it holds the inputs themselves, not copies.
    Raises ValueError if the shapes do not fit together.
    """
    x, w, b = np.asarray(x), np.asarray(w), np.asarray(b)
    g = _geometry(x, w, b, conv_param)
    dtype = _working_dtype(x)
    out = np.empty((g.N, g.F, g.OH, g.OW), dtype)
    filters = w.transpose(0, 2, 1, 3).reshape(g.F, -1).astype(dtype, order="C")  # (F, HH * C * WW)
    biases = b.astype(dtype)[:, None, None]

    def forward(blocks):
        lowering, products = Lowering(g, dtype), Workspace(dtype)
        for images, rows in blocks:
            windows, block = lowering.windows(x[images], rows), out[images, :, rows]
            if lowering.whole:
                _multiply(filters, windows, block.reshape(len(windows), g.F, -1))
            else:
                product = products.array(len(windows), g.F, windows.shape[2])
                _multiply(filters, windows, product)
                block[...] = _images_first(product.reshape(len(windows), g.F, -1, g.OW))
            block += biases

    in_two_halves(forward, _blocks(g, range(g.OH), Lowering.row_size(g) * dtype.itemsize, PRODUCT // filters.size))
    return out.astype(_result_dtype(x), copy=False), (x, w, b, dict(conv_param))


def conv_backward_fast(dout, cache, input_gradient=True):
    """Return the gradients of a convolution.

    dout: upstream gradient (N, F, OH, OW). cache: what conv_forward_fast returned.
    input_gradient: False leaves out dx, about half of the work (the first layer of a network has no use for it).
    Returns (dx, dw, db), of the shapes of x, w and b and the dtype of x; dx is None without input_gradient.
    Raises ValueError if dout does not have the shape of the output.
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
    """Return (dw, db): dw is the sum over all rows of windows (HH * C * WW, n * OW) @ dout.T (n * OW, F)."""
    size = g.HH * g.C * g.WW * g.F

    def gradient(blocks):
        lowering = Lowering(g, dout.dtype)
        upstream, transposed, products = (Workspace(dout.dtype) for _ in range(3))
        dw, db = np.zeros((g.HH * g.C * g.WW, g.F), dout.dtype), np.zeros(g.F, dout.dtype)
        for images, rows in blocks:
            windows, block = lowering.windows(x[images], rows), dout[images, :, rows]
            if lowering.whole:
                columns = block.reshape(len(windows), g.F, -1).swapaxes(1, 2)
            else:
                columns = transposed.array(len(windows), windows.shape[2], g.F)
                columns[...] = _rows_of(block, 0, len(windows), upstream).swapaxes(1, 2)
            for some in in_even_parts(len(windows), WORKSPACE // (size * dout.itemsize), 1):
                product = products.array(some.stop - some.start, *dw.shape)
                _multiply(windows[some], columns[some], product)
                dw += product.sum(axis=0)
            db += block.sum(axis=(0, 2, 3))
        return dw, db

    blocks = _blocks(g, range(g.OH), Lowering.row_size(g) * dout.itemsize, max(PRODUCT // size, SUMMED))
    dw, db = (sum(parts) for parts in zip(*in_two_halves(gradient, blocks), strict=True))
    return dw.reshape(g.HH, g.C, g.WW, g.F).transpose(3, 1, 0, 2), db


def _input_gradient(dout, w, g):
    """Return dx (N, C, H, W): its padded rows q * stride + phase come from the vertical taps phase, phase + stride, ...
    of w and the rows q, q - 1, ... of dout."""
    dx = np.zeros((g.N, g.C, g.H, g.W), dout.dtype)
    w = w.astype(dout.dtype)
    filters = [  # of each phase, (C * WW, taps * F), the last tap first
        w[:, :, phase :: g.stride][:, :, ::-1].transpose(1, 3, 2, 0).reshape(g.C * g.WW, -1)
        for phase in range(min(g.stride, g.HH))
    ]
    taps = 1 + (g.HH - 1) // g.stride  # vertical taps of phase 0, which has the most

    def gradient(blocks):
        upstream, products = Workspace(dout.dtype), Workspace(dout.dtype)
        for images, rows in blocks:
            n, height = images.stop - images.start, rows.stop - rows.start
            lowered = _rows_of(dout[images], rows.start - taps + 1, height + taps - 1, upstream)
            product = products.array(height, g.C * g.WW, n * g.OW)
            for phase, matrix in enumerate(filters):
                count = matrix.shape[1] // g.F
                _multiply(matrix, _overlapping(lowered[taps - count :], count, 1), product)
                by_tap = product.reshape(height, g.C, g.WW, n, g.OW)
                _add_horizontal_taps(by_tap, dx[images], g, rows.start * g.stride + phase)

    # Of the rows q, those that are in the image, not in its padding
    rows = range(g.pad // g.stride, min(g.OH + taps - 1, (g.pad + g.H - 1) // g.stride + 1))
    row_size = (g.C * g.WW + g.F) * g.OW
    in_two_halves(gradient, _blocks(g, rows, row_size * dout.itemsize, PRODUCT // filters[0].size))
    return dx


def _add_horizontal_taps(product, dx, g, first):
    """Do the horizontal half of col2im: dx[n, c, first + k * stride, ox * stride + j] += product[k, c, j, n, ox].

    Rows and columns of dx are counted with the padding, which dx does not have: what belongs there is left out.
    """
    rows, x_rows = _inside(len(product), first - g.pad, g.stride, g.H)
    for j in range(g.WW):
        columns, x_columns = _inside(g.OW, j - g.pad, g.stride, g.W)
        dx[:, :, x_rows, x_columns] += _images_first(product[rows, :, j, :, columns])


def _images_first(a):
    """Return (rows, channels, n, columns) as (n, channels, rows, columns), or the reverse: a view."""
    return a.transpose(2, 1, 0, 3)


def _rows_of(dout, first, count, workspace):
    """Return `count` rows of dout from the row `first` on, zeros where there is none: (count, F, n * OW)."""
    n, F, OH, OW = dout.shape
    rows = workspace.array(count, F, n, OW)
    here, there = _inside(count, first, 1, OH)
    rows[: here.start] = rows[here.stop :] = 0
    rows[here] = _images_first(dout[:, :, there])
    return rows.reshape(count, F, n * OW)


def _overlapping(rows, HH, stride):
    """Return a view (OH, HH * K, P) of rows (count, K, P): HH consecutive ones from each stride-th row on."""
    count, K, P = rows.shape
    row, *others = rows.strides
    return as_strided(rows, (1 + (count - HH) // stride, HH * K, P), (row * stride, *others), writeable=False)


def _multiply(left, right, out):
    """Multiply stacks of matrices into `out`, some rows of the left ones at a time, so that each product is small."""
    rows, inner = left.shape[-2:]
    most = PRODUCT // (inner * right.shape[-1])
    for some in in_even_parts(rows, most if most >= FEWEST_ROWS else rows, 1):
        np.matmul(left[..., some, :], right, out=out[:, some])


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


class Lowering:
    """The windows of one block of images after the other.

    All blocks use the same workspace: what was laid out before is overwritten.
    whole: whether windows are laid out in columns of all taps for each image, and not in rows with their horizontal
    taps: whichever takes less memory
    """

    def __init__(self, g, dtype):
        self.g = g
        of_taps, of_rows = self.sizes(g)
        self.whole = of_taps <= of_rows
        self.padded, self.lowered = Workspace(dtype), Workspace(dtype)

    @staticmethod
    def sizes(g):
        """Return how many numbers each way lays out for one output position: all taps; rows of taps and the product."""
        return g.HH * g.C * g.WW, g.stride * g.C * g.WW + g.F

    @staticmethod
    def row_size(g):
        """Return about how many numbers are laid out for one row of the output."""
        return min(Lowering.sizes(g)) * g.OW + g.C * g.stride * (g.W + 2 * g.pad)

    def windows(self, x, rows):
        """Return the windows of these rows of the output, (rows, HH * C * WW, n * OW), a view of shared memory.

        If whole, those of each image are one matrix: (n, HH * C * WW, rows * OW).
        """
        g, n, height = self.g, len(x), rows.stop - rows.start
        padded = self._padded(x, rows)
        tap_columns = [slice(j, j + (g.OW - 1) * g.stride + 1, g.stride) for j in range(g.WW)]
        if self.whole:
            columns = self.lowered.array(n, g.HH, g.C, g.WW, height, g.OW)
            for i, j in np.ndindex(g.HH, g.WW):
                tap_rows = slice(i, i + (height - 1) * g.stride + 1, g.stride)
                columns[:, i, :, j] = padded[:, :, tap_rows, tap_columns[j]]
            return columns.reshape(n, g.HH * g.C * g.WW, height * g.OW)
        lowered = self.lowered.array(padded.shape[2], g.C, g.WW, n, g.OW)
        for j in range(g.WW):
            lowered[:, :, j] = _images_first(padded[..., tap_columns[j]])
        return _overlapping(lowered.reshape(len(lowered), g.C * g.WW, n * g.OW), g.HH, g.stride)

    def _padded(self, x, rows):
        """Return the padded images' part that these rows read: (n, C, (rows - 1) * stride + HH, W + 2 * pad)."""
        g = self.g
        padded = self.padded.array(len(x), g.C, (rows.stop - rows.start - 1) * g.stride + g.HH, g.W + 2 * g.pad)
        here, there = _inside(padded.shape[2], rows.start * g.stride - g.pad, 1, g.H)
        padded[...] = 0
        padded[:, :, here, g.pad : g.pad + g.W] = x[:, :, there]
        return padded


class Workspace:
    """Memory that one array after the other uses: new memory from the system costs more than the work in it."""

    def __init__(self, dtype):
        self.memory = np.empty(0, dtype)

    def array(self, *shape):
        """Return an array of this shape with arbitrary values; it overwrites the one that was returned before."""
        size = prod(shape)
        if size > self.memory.size:
            self.memory = np.empty(size, self.memory.dtype)
        return self.memory[:size].reshape(shape)


def _inside(count, first, step, size):
    """Return which of the positions first + k * step, k < count, are in range(size): slices of k and of positions."""
    start = min(count, max(0, -(first // step)))
    stop = max(start, min(count, -((first - size) // step)))
    if start == stop:
        return slice(start, start), slice(0, 0)
    return slice(start, stop), slice(first + start * step, first + (stop - 1) * step + 1, step)


def _blocks(g, rows, row_bytes, most):
    """Return the work in blocks, (slice of images, slice of rows), of about WORKSPACE bytes each; whole images if they
    fit.

    rows: a range, the rows of each image that have work. row_bytes: of workspace for one of them. most: images in one
    block, at least 1.
    """
    small = g.N * g.F * g.OH * g.OW * g.C * g.HH * g.WW < SMALL
    images = in_even_parts(g.N, min(most, WORKSPACE // (len(rows) * row_bytes)), 1 if small else 2)
    parts = [rows[part] for part in in_even_parts(len(rows), WORKSPACE // row_bytes, 1)]
    return [(n, slice(part.start, part.stop)) for n in images for part in parts]


def _working_dtype(x):
    """Return the dtype of the computation: that of x, but at least float32, and float64 for integers."""
    return np.result_type(x.dtype, np.float32)


def _result_dtype(x):
    """Return the dtype of x; float64 for integers, which cannot hold a gradient."""
    return x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)


def _geometry(x, w, b, conv_param):
    """Return the sizes of a convolution; raises ValueError if they do not fit together."""
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
