"""Convolution by matrix products, in NumPy alone: first a plain version to read, then a fast one to train with.

Both lower a convolution to a matrix product: im2col copies the window of each output position into a column of C * HH *
WW numbers, one for each tap of a filter, and then

    out = w (F, C * HH * WW) @ columns (C * HH * WW, N * OH * OW) + b

Chellapilla, Puri and Simard had the idea ("High Performance Convolutional Neural Networks for Document Processing",
2006); Caffe made the names im2col and col2im known (Jia et al., 2014). Max pooling is in cs231n.fast_pooling.

x (N, C, H, W): images. w (F, C, HH, WW): filters. b (F,): biases. out (N, F, OH, OW). conv_param {"stride", "pad"}.
"""

import threading
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
# After Cho and Brand, "MEC: Memory-Efficient Convolution for Deep Neural Network" (2017). What makes it fast:
#
# - Half a lowering. Only the WW horizontal taps of a window are copied, not all HH * WW: the vertical taps of a row of
#   windows are whole rows, which are in memory already. (Only where the stride is large against HH, and little would be
#   copied twice, does the forward pass lay out whole windows.)
#
#   With the rows of each image one after the other, the window of the output row oy is HH consecutive pieces, a matrix
#   without another copy, which overlaps the windows of the next rows:
#
#       lowered[n, r, (c, j), ox] = padded x[n, c, r, ox * stride + j]
#       out[n, :, oy] (F, OW) = w (F, HH * C * WW) @ lowered[n, oy * stride : oy * stride + HH] (HH * C * WW, OW) + b
#
#   With the rows of each channel and tap one after the other, what the vertical tap i of all windows reads is
#   consecutive too (for stride 1):
#
#       lowered[n, (c, j), r, ox] = padded x[n, c, r, ox + j]
#       dw[i] (C * WW, F) = sum over n of lowered[n, :, i : i + OH] (C * WW, OH * OW) @ dout[n].T (OH * OW, F)
#
#   With a stride s, the rows q * s + phase of one phase are laid out together: the taps t * s + phase read them.
# - A backward pass that is a forward pass. For stride 1, square filters, pad < HH and many channels, the gradient of x
#   is computed as a convolution: of dout with the filters turned by 180 degrees. Otherwise each row of x is a product
#   with those rows of dout whose windows cover it, and only the horizontal taps are left to be added up.
# - Cache blocking. What is laid out for a block of a few images, or of a few rows of one image, is in memory that is
#   used again, and so stays in the processor's cache.
# - Small products. OpenBLAS reads small matrices where they are; it first copies large ones into another order, which
#   takes longer here than it gains.
# - Two threads. See cs231n.threads.

WORKSPACE = 1 << 21  # about how many bytes are laid out for one block, in each thread
KEPT = 4 * WORKSPACE  # bytes of one workspace that a thread keeps for the next call
SMALL = 1 << 23  # multiplications below which work is not split for the sake of a second thread
HEAD_START = 1 << 20  # by how many multiplications the calling thread's half is larger: the second thread starts later
PRODUCT = 1_000_000  # multiplications in one product, as many as OpenBLAS does without copying
TRANSPOSED_RESULT = 1200  # numbers in the result of one product with a transposed matrix, for the same reason
FEWEST_ROWS = 12  # of the left matrix in one product; if there would be fewer, it is not split
MANY_CHANNELS = 8  # from so many on, the gradient of x is fastest as a convolution


def conv_forward_fast(x, w, b, conv_param):
    """Convolve N images with F filters (as a cross-correlation, which is usual in deep learning).

    x: images (N, C, H, W), any memory order, not modified.
    w: filters (F, C, HH, WW). b: biases (F,). Both are converted to the dtype of the computation.
    conv_param: {"stride": s, "pad": p}: windows are s pixels apart in both directions, and p rows and columns
        of zeros are on each side of an image.
    Returns (out, cache): out (N, F, OH, OW) of the dtype of x, OH = 1 + (H + 2 * p - HH) // s and likewise OW: a
    last, incomplete window is left out. cache is for conv_backward_fast; it holds the inputs themselves, not copies.
    Raises ValueError if the shapes do not fit together.
    """
    x, w, b = np.asarray(x), np.asarray(w), np.asarray(b)
    g = _geometry(x, w, b, conv_param)
    dtype = _working_dtype(x)
    return _convolve(x, w, b, g, dtype).astype(_result_dtype(x), copy=False), (x, w, b, dict(conv_param))


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


def _convolve(x, w, b, g, dtype):
    """Return the convolution of x (N, C, H, W) with w (F, C, HH, WW), plus the biases b (F,) unless they are None.

    Its shape is (N, F, OH, OW).
    """
    out = np.empty((g.N, g.F, g.OH, g.OW), dtype)
    filters = w.transpose(0, 2, 1, 3).reshape(g.F, -1).astype(dtype)  # (F, HH * C * WW)
    biases = np.zeros(g.F, dtype) if b is None else b.astype(dtype)
    if g.whole_windows:
        filters = np.concatenate([filters, biases[:, None]], axis=1)

    def forward(blocks):
        for images, rows in blocks:
            windows, block = _windows(_padded(x[images], rows, g, dtype), g), out[images, :, rows]
            if g.whole_windows:
                _multiply(filters, windows, block.reshape(len(windows), g.F, -1))
            else:
                _multiply(filters, windows, block.swapaxes(1, 2))
                if b is not None:
                    block += biases[:, None, None]

    in_two_halves(
        forward, _blocks(g, range(g.OH), g.row_size(g.HH if g.whole_windows else g.stride) * dtype.itemsize, g.N)
    )
    return out


def _filter_gradient(dout, x, g):
    """Return (dw, db): dw is the sum over images of what each tap reads (C * WW, OH * OW) @ dout.T (OH * OW, F)."""
    size = g.HH * g.C * g.WW * g.F

    def gradient(blocks):
        dw, db = np.zeros((g.HH, g.C * g.WW, g.F), dout.dtype), np.zeros(g.F, dout.dtype)
        for images, rows in blocks:
            padded, block = _padded(x[images], rows, g, dout.dtype), dout[images, :, rows]
            upstream = block.reshape(len(block), 1, g.F, -1).swapaxes(2, 3)
            for phase in range(min(g.stride, g.HH)):
                by_tap = _by_tap(padded, phase, g)
                product = _workspace("product", dout.dtype, *by_tap.shape[:3], g.F)
                _multiply(by_tap, upstream, product, TRANSPOSED_RESULT // g.F)
                dw[phase :: g.stride] += product.sum(axis=0)
            db += block.sum(axis=(0, 2, 3))
        return dw, db

    row_size = g.row_size(1) * dout.itemsize
    blocks = _blocks(g, range(g.OH), row_size, WORKSPACE // (size * dout.itemsize))
    dw, db = (sum(parts) for parts in zip(*in_two_halves(gradient, blocks), strict=True))
    return dw.reshape(g.HH, g.C, g.WW, g.F).transpose(3, 1, 0, 2), db


def _input_gradient(dout, w, g):
    """Return dx (N, C, H, W): its padded rows q * stride + phase come from the vertical taps phase, phase + stride, ...
    of w and the rows q, q - 1, ... of dout."""
    if g.stride == 1 and g.HH == g.WW and g.pad < g.HH and g.C >= MANY_CHANNELS:
        back = Geometry(g.N, g.F, g.OH, g.OW, g.C, g.HH, g.WW, g.H, g.W, stride=1, pad=g.HH - 1 - g.pad)
        return _convolve(dout, w[:, :, ::-1, ::-1].swapaxes(0, 1), None, back, dout.dtype)
    dx = np.zeros((g.N, g.C, g.H, g.W), dout.dtype)
    w = w.astype(dout.dtype)
    filters = [  # of each phase, (C * WW, taps * F), the last tap first
        w[:, :, phase :: g.stride][:, :, ::-1].transpose(1, 3, 2, 0).reshape(g.C * g.WW, -1)
        for phase in range(min(g.stride, g.HH))
    ]
    taps = 1 + (g.HH - 1) // g.stride  # vertical taps of phase 0, which has the most

    def gradient(blocks):
        for images, rows in blocks:
            n, height = images.stop - images.start, rows.stop - rows.start
            lowered = _rows_of(dout[images], rows.start - taps + 1, height + taps - 1)
            product = _workspace("product", dout.dtype, height, g.C * g.WW, n * g.OW)
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


def _rows_of(dout, first, count):
    """Return `count` rows of dout from the row `first` on, zeros where there is none: (count, F, n * OW)."""
    n, F, OH, OW = dout.shape
    rows = _workspace("lowered", dout.dtype, count, F, n, OW)
    here, there = _inside(count, first, 1, OH)
    rows[: here.start] = rows[here.stop :] = 0
    rows[here] = _images_first(dout[:, :, there])
    return rows.reshape(count, F, n * OW)


def _overlapping(rows, HH, stride):
    """Return a view (..., OH, HH * K, P) of rows (..., count, K, P): HH consecutive ones from each stride-th row on."""
    *others, count, K, P = rows.shape
    *to_others, to_row, to_k, to_p = rows.strides
    shape, strides = (*others, 1 + (count - HH) // stride, HH * K, P), (*to_others, to_row * stride, to_k, to_p)
    return _view(rows, shape, strides)


def _view(a, shape, strides):
    """Return a view of the memory of a contiguous array; as_strided does the same, but takes much longer."""
    return np.ndarray(shape, a.dtype, a, 0, strides)


def _multiply(left, right, out, most_rows=PRODUCT):
    """Multiply stacks of matrices into `out`, at most this many rows of the left ones at a time, and few enough for
    each product to be small."""
    rows, inner = left.shape[-2:]
    most = min(most_rows, PRODUCT // (inner * right.shape[-1]))
    for some in in_even_parts(rows, most if most >= FEWEST_ROWS else rows, 1):
        np.matmul(left[..., some, :], right, out=out[..., some, :])


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

    @property
    def whole_windows(self):
        """Return whether whole windows are laid out, with a row of ones for the biases, not only their horizontal taps.

        This takes HH / stride times as much memory, but the products are larger.
        """
        return 3 * self.stride >= 2 * self.HH

    def row_size(self, vertical):
        """Return about how many numbers are laid out for one row of the output, with this many vertical taps."""
        return self.C * (vertical * self.WW * self.OW + self.stride * (self.W + 2 * self.pad))


def _padded(x, rows, g, dtype):
    """Return the padded images' part that these rows read: (n, C, (rows - 1) * stride + HH, W + 2 * pad)."""
    count = (rows.stop - rows.start - 1) * g.stride + g.HH
    padded = _workspace("padded", dtype, len(x), g.C, count, g.W + 2 * g.pad)
    here, there = _inside(count, rows.start * g.stride - g.pad, 1, g.H)
    padded[...] = 0
    padded[:, :, here, g.pad : g.pad + g.W] = x[:, :, there]
    return padded


def _windows(padded, g):
    """Return the windows of padded images: (n, OH, HH * C * WW, OW).

    If g.whole_windows: (n, HH * C * WW + 1, OH * OW), the last row of ones.
    """
    if not g.whole_windows:
        lowered = _workspace("lowered", padded.dtype, len(padded), padded.shape[2], g.C, g.WW, g.OW)
        _copy_horizontal_taps(padded.swapaxes(1, 2), lowered, g)
        return _overlapping(lowered.reshape(*lowered.shape[:2], -1, g.OW), g.HH, g.stride)
    n, _, height, _ = padded.shape
    shape = (n, g.HH, g.C, g.WW, 1 + (height - g.HH) // g.stride, g.OW)
    columns = _workspace("lowered", padded.dtype, n, prod(shape[1:4]) + 1, prod(shape[4:]))
    to_image, to_channel, to_row, to_column = padded.strides
    strides = (to_image, to_row, to_channel, to_column, g.stride * to_row, g.stride * to_column)
    columns[:, :-1].reshape(shape)[...] = _view(padded, shape, strides)
    columns[:, -1] = 1
    return columns


def _by_tap(padded, phase, g):
    """Return what the vertical taps phase, phase + stride, ... of all windows read: (n, taps, C * WW, OH * OW)."""
    taps = len(range(phase, g.HH, g.stride))
    OH = 1 + (padded.shape[2] - g.HH) // g.stride
    rows = padded[:, :, phase :: g.stride]
    lowered = _workspace("lowered", padded.dtype, len(padded), g.C, g.WW, rows.shape[2], g.OW)
    _copy_horizontal_taps(rows, lowered.swapaxes(2, 3), g)
    to_image, _, to_tap, to_row, to_column = lowered.strides
    shape, strides = (len(padded), taps, g.C * g.WW, OH * g.OW), (to_image, to_row, to_tap, to_column)
    return _view(lowered, shape, strides)


def _copy_horizontal_taps(x, taps, g):
    """Copy rows of images (..., W) to those of their taps (..., WW, OW): taps[..., j, ox] = x[..., ox * stride + j]."""
    for j in range(g.WW):
        columns = x[..., j : j + (g.OW - 1) * g.stride + 1 : g.stride]
        if g.stride == 1:  # a tap's row is copied as one item of many bytes: much faster than number by number
            row = f"V{g.OW * x.itemsize}"
            taps[..., j, :].view(row)[...] = columns.view(row)
        else:
            taps[..., j, :] = columns


_memory = threading.local()


def _workspace(name, dtype, *shape):
    """Return this thread's workspace of a name, an array with arbitrary values.

    It uses the memory of the last one with this name again, because new memory from the system can cost more than the
    work in it. So no part of it may be returned to a caller of this module.
    """
    size = prod(shape) * dtype.itemsize
    memory = vars(_memory).get(name)
    if memory is None or memory.size < size:
        memory = np.empty(size, np.uint8)
        if size <= KEPT:
            vars(_memory)[name] = memory
    return memory[:size].view(dtype).reshape(shape)


def _inside(count, first, step, size):
    """Return which of the positions first + k * step, k < count, are in range(size): slices of k and of positions."""
    start = min(count, max(0, -(first // step)))
    stop = max(start, min(count, -((first - size) // step)))
    if start == stop:
        return slice(start, start), slice(0, 0)
    return slice(start, stop), slice(first + start * step, first + (stop - 1) * step + 1, step)


def _blocks(g, rows, row_bytes, most):
    """Return the work in blocks of about WORKSPACE bytes, (slice of images, slice of rows); images are cut into rows
    only if one does not fit.

    rows: a range, the rows of each image that have work. row_bytes: of workspace for one of them. most: images in one
    block, at least 1.
    """
    each = max(1, g.F * g.OH * g.OW * g.C * g.HH * g.WW)  # multiplications for one image
    multiple, head_start = (1, 0) if g.N * each < SMALL else (2, HEAD_START // each)
    images = in_even_parts(g.N, min(most, WORKSPACE // (len(rows) * row_bytes)), multiple, head_start)
    parts = [rows[part] for part in in_even_parts(len(rows), WORKSPACE // row_bytes, 1)]
    return [(n, slice(part.start, part.stop)) for n in images for part in parts]


def _working_dtype(x):
    """Return the dtype of the computation: that of the result, but at least float32."""
    return np.result_type(_result_dtype(x), np.float32)


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
    if 0 in (C, F, H, W):
        raise ValueError(f"convolution: images {x.shape} and filters {w.shape} must not be empty")
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
