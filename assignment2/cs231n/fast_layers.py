"""Convolution and max pooling, fast, in NumPy alone: nothing to compile.

The classic way to a fast convolution (im2col) copies every window of the image into a column, HH * WW copies of every
pixel, and multiplies all of it at once. Here only the *horizontal* taps are laid out, WW copies:

    lowered[y, c, j, ox] = padded x[c, y, ox * stride + j]              (rows, C, WW, OW)

The vertical taps cost nothing: the window of output row oy is the HH consecutive rows of `lowered` from oy * stride,
one block of memory, which read as a matrix has HH * C * WW rows and OW columns. The matrices of neighbouring output
rows overlap in memory; no copy is made of what they share:

    out[:, oy, :] = w (F, HH * C * WW) @ lowered[oy * stride : oy * stride + HH] (HH * C * WW, OW)

The gradient of the input goes the same way back. Row y of the lowered gradient collects from the output rows that saw
it: another product with overlapping slabs, now of dout; then the horizontal taps are added up. The gradient of the
filters wants long rows, so there `lowered` has the taps first, (C, WW, y, ox): row i of the filters is
lowered[:, :, i : i + OH] (C * WW, OH * OW) @ dout.T (OH * OW, F). With a stride, y is sorted by y % stride to keep
that a contiguous slab.

All of it is done for a few images at a time, few enough that they stay in the processor's cache, in two threads
(see cs231n.threads). Shapes follow the course: x (N, C, H, W), w (F, C, HH, WW), b (F,), out (N, F, OH, OW).
"""

from math import prod
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cs231n.fast_pooling import max_pool_backward_fast, max_pool_forward_fast
from cs231n.threads import in_even_parts, in_two_halves

__all__ = ["conv_backward_fast", "conv_forward_fast", "max_pool_backward_fast", "max_pool_forward_fast"]

WORKSPACE = 1 << 21  # bytes that a block's lowered images may take in each thread
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
    # Filters as rows, in the order of a slab: (F, HH * C * WW)
    filters = w.transpose(0, 2, 1, 3).reshape(g.F, -1).astype(dtype, order="C")
    biases = b.astype(dtype)[:, None, None]
    row_bytes = g.C * g.WW * g.OW * dtype.itemsize

    def forward(blocks):
        workspace = Workspace(dtype)
        for images, rows in blocks:
            lowered_rows = (rows.stop - rows.start - 1) * g.stride + g.HH
            lowered = workspace.array(images.stop - images.start, lowered_rows, g.C, g.WW, g.OW)
            _lower(x[images], lowered.transpose(0, 2, 1, 3, 4), g, rows.start * g.stride, 1)
            slabs = _slabs(lowered, g.HH, g.stride, rows.stop - rows.start)
            part = out[images, :, rows]
            np.matmul(filters, slabs, out=part.transpose(0, 2, 1, 3))
            part += biases

    in_two_halves(forward, _blocks(g, g.OH, g.stride * row_bytes))
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
    """(dw, db): for each row i of the filters, lowered[:, :, i : i + OH] (C * WW, OH * OW) @ dout.T (OH * OW, F)."""
    phases = min(g.stride, g.HH)

    def gradient(blocks):
        dw, db = np.zeros((g.HH, g.C * g.WW, g.F), dout.dtype), np.zeros(g.F, dout.dtype)
        workspace = Workspace(dout.dtype)
        for images, rows in blocks:
            n, height = images.stop - images.start, rows.stop - rows.start
            reach = height + (g.HH - 1) // g.stride  # rows of each phase
            lowered = workspace.array(n, g.C, g.WW, phases, reach, g.OW)
            for phase in range(phases):
                taps_last = lowered[:, :, :, phase].transpose(0, 1, 3, 2, 4)
                _lower(x[images], taps_last, g, rows.start * g.stride + phase, g.stride)
            lowered = lowered.reshape(n, g.C * g.WW, phases * reach * g.OW)
            d = dout[images, :, rows].reshape(n, g.F, height * g.OW)
            for i in range(g.HH):
                start = (i % g.stride * reach + i // g.stride) * g.OW
                slab = lowered[:, :, start : start + height * g.OW]
                dw[i] += np.matmul(slab, d.transpose(0, 2, 1)).sum(axis=0)
            db += d.sum(axis=2).sum(axis=0)
        return dw, db

    row_bytes = g.stride * g.C * g.WW * g.OW * dout.itemsize
    dws, dbs = zip(*in_two_halves(gradient, _blocks(g, g.OH, row_bytes)), strict=True)
    dw = sum(dws).reshape(g.HH, g.C, g.WW, g.F).transpose(3, 1, 0, 2)
    return np.ascontiguousarray(dw), sum(dbs)


def _input_gradient(dout, w, g):
    """dx: row q * stride + phase of the lowered gradient gathers w[:, :, phase + t * stride] * dout[:, :, q - t] over
    the taps t; as one product, the taps and filters of those rows with the slab of dout from q - taps + 1 to q."""
    dx = np.zeros((g.N, g.C, g.H, g.W), dout.dtype)
    # w of each phase, (C * WW, taps * F), the last tap first as it meets the first row of the slab
    filters = [
        w[:, :, phase :: g.stride][:, :, ::-1]
        .transpose(1, 3, 2, 0)
        .reshape(g.C * g.WW, -1)
        .astype(dout.dtype, order="C")
        for phase in range(min(g.stride, g.HH))
    ]
    before = (g.HH - 1) // g.stride  # rows of dout above q that some phase wants

    def gradient(blocks):
        workspace, slab_workspace = Workspace(dout.dtype), Workspace(dout.dtype)
        for images, rows in blocks:
            n, height = images.stop - images.start, rows.stop - rows.start
            d = slab_workspace.array(n, before + height, g.F, g.OW)
            here, there = _inside(before + height, rows.start - before, 1, g.OH)
            d[:, : here.start] = d[:, here.stop :] = 0
            d[:, here] = dout[images, :, there].transpose(0, 2, 1, 3)
            lowered = workspace.array(n, height, g.C, g.WW, g.OW)
            for phase, matrix in enumerate(filters):
                taps = matrix.shape[1] // g.F
                slabs = _slabs(d[:, before + 1 - taps :], taps, 1, height)
                np.matmul(matrix, slabs, out=lowered.reshape(n, height, g.C * g.WW, g.OW))
                _add_up(lowered.transpose(0, 2, 1, 3, 4), dx[images], g, rows.start * g.stride + phase, g.stride)

    row_bytes = (g.C * g.WW + g.F) * g.OW * dout.itemsize
    in_two_halves(gradient, _blocks(g, g.OH + before, row_bytes))
    return dx


def _lower(x, lowered, g, first, step):
    """lowered[n, c, k, j, ox] = x[n, c, first + k * step, ox * stride + j], rows and columns counted with the padding.

    x (n, C, H, W) without padding; lowered (n, C, rows, WW, OW), in any memory order, is filled.
    """
    rows, x_rows = _inside(lowered.shape[2], first - g.pad, step, g.H)
    lowered[:, :, : rows.start] = 0
    lowered[:, :, rows.stop :] = 0
    for j in range(g.WW):
        columns, x_columns = _inside(g.OW, j - g.pad, g.stride, g.W)
        tap = lowered[:, :, rows, j]
        tap[..., : columns.start] = 0
        tap[..., columns.stop :] = 0
        tap[..., columns] = x[:, :, x_rows, x_columns]


def _add_up(lowered, dx, g, first, step):
    """The gradient of _lower: dx[n, c, first + k * step, ox * stride + j] += lowered[n, c, k, j, ox]."""
    rows, x_rows = _inside(lowered.shape[2], first - g.pad, step, g.H)
    for j in range(g.WW):
        columns, x_columns = _inside(g.OW, j - g.pad, g.stride, g.W)
        dx[:, :, x_rows, x_columns] += lowered[:, :, rows, j, columns]


def _inside(count, first, step, size):
    """Which of the positions first + k * step, k < count, lie in range(size)? The slices of k and of the positions."""
    start = min(count, max(0, -(first // step)))
    stop = max(start, min(count, -((first - size) // step)))
    if start == stop:
        return slice(start, start), slice(0, 0)
    return slice(start, stop), slice(first + start * step, first + (stop - 1) * step + 1, step)


def _slabs(lowered, taps, step, count):
    """lowered (n, rows, ..., OW), each row contiguous, as matrices (n, count, taps * ..., OW) of `taps` rows each: the
    k-th begins at row k * step. They overlap in memory: to be read, not written."""
    n, width, strides = lowered.shape[0], lowered.shape[-1], lowered.strides
    shape = (n, count, taps * prod(lowered.shape[2:-1]), width)
    strides = (strides[0], step * strides[1], strides[-2], strides[-1])
    return as_strided(lowered, shape, strides, writeable=False)


def _blocks(g, rows, row_bytes):
    """The work in pieces, (slice of images, slice of rows), of about WORKSPACE bytes each; whole images where they fit.

    rows: how many of them one image has.  row_bytes: workspace for one.
    """
    height = rows if rows * row_bytes <= WORKSPACE else max(1, g.HH, WORKSPACE // row_bytes)
    small = g.N * g.F * g.OH * g.OW * g.C * g.HH * g.WW < SMALL
    images = in_even_parts(g.N, WORKSPACE // (rows * row_bytes), 1 if small else 2)
    return [(n, slice(y, min(y + height, rows))) for n in images for y in range(0, rows, height)]


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
