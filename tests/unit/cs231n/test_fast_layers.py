"""Convolution and max pooling: the fast layers against simple ones written here, on many geometries."""

import multiprocessing
import threading
import tracemalloc

import numpy as np
import pytest
from cs231n import fast_layers, fast_pooling, threads
from cs231n.fast_layers import (
    conv_backward_fast,
    conv_backward_im2col,
    conv_forward_fast,
    conv_forward_im2col,
    max_pool_backward_fast,
    max_pool_forward_fast,
)
from numpy.lib.stride_tricks import sliding_window_view
from threadpoolctl import ThreadpoolController, threadpool_limits

# (N, C, H, W, F, HH, WW, stride, pad)
CONVOLUTIONS = [
    (2, 3, 5, 5, 4, 3, 3, 1, 1),
    (3, 2, 6, 9, 5, 3, 5, 1, 2),  # nothing square
    (2, 3, 7, 8, 2, 3, 2, 2, 0),  # strides that do not tile, without padding
    (2, 1, 8, 5, 1, 2, 3, 3, 1),
    (1, 2, 11, 10, 3, 5, 4, 2, 3),
    (2, 2, 9, 9, 3, 2, 2, 4, 0),  # windows with gaps between them
    (2, 2, 9, 7, 3, 1, 1, 3, 0),
    (2, 2, 3, 3, 3, 1, 1, 1, 2),  # windows that see nothing but padding
    (1, 2, 2, 3, 2, 5, 6, 2, 4),  # filters larger than the image
    (2, 1, 4, 4, 2, 4, 4, 1, 0),  # one output
    (3, 2, 6, 5, 3, 2, 3, 5, 4),  # stride and padding larger than the filter
    (2, 2, 1, 7, 1, 1, 2, 1, 0),  # images of one row
    (3, 1, 3, 4, 2, 3, 3, 2, 5),  # most rows of the gradient lie in the padding
    (17, 2, 4, 4, 3, 3, 3, 1, 1),
    (2, 9, 6, 5, 4, 3, 3, 1, 1),  # channels enough for the gradient of x to be a convolution
    (2, 8, 4, 5, 3, 2, 2, 1, 0),
    (2, 8, 3, 4, 2, 2, 2, 1, 3),  # as many, but pad >= HH: the gradient cannot be that convolution
    (2, 8, 5, 6, 3, 2, 3, 1, 1),
]

# (N, C, H, W, PH, PW, stride)
POOLINGS = [
    (2, 3, 6, 8, 2, 2, 2),
    (2, 3, 7, 7, 3, 3, 2),  # overlapping
    (3, 2, 9, 6, 3, 2, 1),
    (2, 2, 8, 9, 2, 3, 4),  # does not tile, gaps between the windows
    (1, 1, 5, 5, 5, 5, 1),
    (2, 2, 4, 5, 1, 1, 1),
    (2, 2, 5, 6, 1, 4, 3),
]


def naive_convolution(x, w, b, stride, pad):
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = sliding_window_view(padded, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("ncyxij,fcij->nfyx", windows, w) + b[:, None, None]


def naive_convolution_backward(dout, x, w, stride, pad):
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    HH, WW = w.shape[2:]
    for n, f, y, z in np.ndindex(dout.shape):
        window = (n, slice(None), slice(y * stride, y * stride + HH), slice(z * stride, z * stride + WW))
        dw[f] += dout[n, f, y, z] * padded[window]
        dpadded[window] += dout[n, f, y, z] * w[f]
    H, W = x.shape[2:]
    return dpadded[:, :, pad : pad + H, pad : pad + W], dw, dout.sum(axis=(0, 2, 3))


def naive_pooling(x, PH, PW, stride, dout=None):
    """(out, dx), with loops; the first maximum in row-major order gets the gradient."""
    N, C, H, W = x.shape
    out, dx = np.zeros((N, C, 1 + (H - PH) // stride, 1 + (W - PW) // stride), x.dtype), np.zeros_like(x)
    for n, c, y, z in np.ndindex(out.shape):
        window = x[n, c, y * stride : y * stride + PH, z * stride : z * stride + PW]
        i, j = np.unravel_index(np.argmax(window), window.shape)
        out[n, c, y, z] = window[i, j]
        if dout is not None:
            dx[n, c, y * stride + i, z * stride + j] += dout[n, c, y, z]
    return out, dx


def convolution_inputs(geometry, dtype=np.float64):
    N, C, H, W, F, HH, WW, stride, pad = geometry
    random = np.random.RandomState(231)
    x, w, b = random.randn(N, C, H, W), random.randn(F, C, HH, WW), random.randn(F)
    return x.astype(dtype), w.astype(dtype), b.astype(dtype), {"stride": stride, "pad": pad}


def upstream(out):
    return np.random.RandomState(7).randn(*out.shape).astype(out.dtype)


def numerical_gradient(f, x, dout, h=1e-5):
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += h
        down[place] -= h
        gradient[place] = ((f(up) - f(down)) * dout).sum() / (2 * h)
    return gradient


def pool_param(PH, PW, stride):
    return {"pool_height": PH, "pool_width": PW, "stride": stride}


def blas_threads():
    return [library["num_threads"] for library in ThreadpoolController().select(user_api="blas").info()]


@pytest.fixture
def two_threads(monkeypatch):
    """Every input that gives two tasks is worked on in two threads, in blocks as small as possible."""
    monkeypatch.setattr(threads, "_may_use_two", lambda: True)
    monkeypatch.setattr(fast_layers, "SMALL", 0)
    monkeypatch.setattr(fast_pooling, "SMALL", 0)
    monkeypatch.setattr(fast_layers, "WORKSPACE", 1)
    monkeypatch.setattr(fast_pooling, "BLOCK", 1)


@pytest.mark.parametrize("geometry", CONVOLUTIONS, ids=str)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 1e-4)])
def test_convolution_agrees_with_loops(geometry, dtype, tolerance):
    """Are out, dx, dw and db what the definition gives, in the dtype of the input?"""
    x, w, b, param = convolution_inputs(geometry, dtype)
    out, cache = conv_forward_fast(x, w, b, param)
    dout = upstream(out)
    results = (out, *conv_backward_fast(dout, cache))
    wide = [array.astype(np.float64) for array in (x, w, b, dout)]
    expected = naive_convolution(*wide[:3], **param), *naive_convolution_backward(wide[3], *wide[:2], **param)
    for name, actual, right in zip(("out", "dx", "dw", "db"), results, expected, strict=True):
        assert actual.dtype == dtype, name
        assert actual.shape == right.shape, name
        np.testing.assert_allclose(actual, right, atol=tolerance, rtol=tolerance, err_msg=name)


@pytest.mark.parametrize(
    "geometry", [*CONVOLUTIONS, (6, 3, 32, 32, 8, 7, 7, 1, 3), (3, 16, 32, 32, 32, 3, 3, 1, 1)], ids=str
)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 1e-4)])
def test_the_fast_way_agrees_with_the_plain_one(geometry, dtype, tolerance):
    """Do the plain im2col, which students read, and the fast layers give the same, forward and backward?"""
    x, w, b, param = convolution_inputs(geometry, dtype)
    out, cache = conv_forward_fast(x, w, b, param)
    plain_out, plain_cache = conv_forward_im2col(x, w, b, param)
    dout = upstream(out)
    results = (out, *conv_backward_fast(dout, cache))
    plain = (plain_out, *conv_backward_im2col(dout, plain_cache))
    for name, actual, right in zip(("out", "dx", "dw", "db"), results, plain, strict=True):
        assert actual.dtype == right.dtype == dtype, name
        assert actual.shape == right.shape, name
        np.testing.assert_allclose(actual, right, atol=10 * tolerance, rtol=tolerance, err_msg=name)


@pytest.mark.parametrize("geometry", CONVOLUTIONS, ids=str)
def test_convolution_is_the_same_in_small_blocks_and_two_threads(geometry, two_threads):
    """Do blocks of single rows, halves of which another thread computes, fit together?"""
    assert_convolution_is_right(geometry)


def assert_convolution_is_right(geometry):
    x, w, b, param = convolution_inputs(geometry)
    out, cache = conv_forward_fast(x, w, b, param)
    dout = upstream(out)
    results = (out, *conv_backward_fast(dout, cache))
    expected = naive_convolution(x, w, b, **param), *naive_convolution_backward(dout, x, w, **param)
    for actual, right in zip(results, expected, strict=True):
        np.testing.assert_allclose(actual, right, atol=1e-11, rtol=1e-11)


@pytest.mark.parametrize("workspace", [700, 3000, 12000])
@pytest.mark.parametrize("geometry", CONVOLUTIONS, ids=str)
def test_convolution_is_the_same_in_blocks_of_any_size(geometry, workspace, monkeypatch):
    """Do blocks of a few rows or a few images, the last of another size, fit together?"""
    monkeypatch.setattr(fast_layers, "WORKSPACE", workspace)
    assert_convolution_is_right(geometry)


def test_nan_stays_where_it_is_seen():
    """Does one NaN pixel spoil the outputs whose windows hold it, and no others?"""
    x, w, b, param = convolution_inputs(CONVOLUTIONS[0])
    x[1, 2, 0, 4] = np.nan
    out, _ = conv_forward_fast(x, w, b, param)
    spoiled = np.zeros(out.shape, bool)
    spoiled[1, :, :2, 3:] = True
    np.testing.assert_array_equal(np.isnan(out), spoiled)


@pytest.mark.parametrize("geometry", [CONVOLUTIONS[2], CONVOLUTIONS[6]], ids=str)
def test_convolution_gradients_are_the_numerical_ones(geometry):
    """Are the gradients those of the forward pass itself, whatever it computes?"""
    x, w, b, param = convolution_inputs(geometry)
    out, cache = conv_forward_fast(x, w, b, param)
    dout = upstream(out)
    dx, dw, db = conv_backward_fast(dout, cache)
    right = numerical_gradient(lambda x: conv_forward_fast(x, w, b, param)[0], x, dout)
    np.testing.assert_allclose(dx, right, atol=1e-8)
    right = numerical_gradient(lambda w: conv_forward_fast(x, w, b, param)[0], w, dout)
    np.testing.assert_allclose(dw, right, atol=1e-8)
    right = numerical_gradient(lambda b: conv_forward_fast(x, w, b, param)[0], b, dout)
    np.testing.assert_allclose(db, right, atol=1e-8)


@pytest.mark.parametrize("geometry", POOLINGS, ids=str)
@pytest.mark.parametrize("ties", [False, True])
def test_pooling_agrees_with_loops(geometry, ties):
    """Is out the maximum, and does the first maximum get the gradient, also when there are many?"""
    *shape, PH, PW, stride = geometry
    random = np.random.RandomState(231)
    x = random.randint(0, 2, shape).astype(float) if ties else random.randn(*shape)
    out, cache = max_pool_forward_fast(x, pool_param(PH, PW, stride))
    dout = upstream(out)
    right_out, right_dx = naive_pooling(x, PH, PW, stride, dout)
    np.testing.assert_array_equal(out, right_out)
    np.testing.assert_allclose(max_pool_backward_fast(dout, cache), right_dx, atol=1e-12)


@pytest.mark.parametrize("geometry", POOLINGS, ids=str)
def test_pooling_is_the_same_in_small_blocks_and_two_threads(geometry, two_threads):
    """Do the halves of the two threads fit together?"""
    *shape, PH, PW, stride = geometry
    x = np.random.RandomState(231).randn(*shape)
    out, cache = max_pool_forward_fast(x, pool_param(PH, PW, stride))
    dout = upstream(out)
    right_out, right_dx = naive_pooling(x, PH, PW, stride, dout)
    np.testing.assert_array_equal(out, right_out)
    np.testing.assert_allclose(max_pool_backward_fast(dout, cache), right_dx, atol=1e-12)


def test_pooling_gradient_is_the_numerical_one():
    """Is dx the gradient of the forward pass where windows overlap?"""
    x, param = np.random.RandomState(0).permutation(2 * 2 * 5 * 7).reshape(2, 2, 5, 7) / 7.0, pool_param(3, 3, 2)
    out, cache = max_pool_forward_fast(x, param)
    dout = upstream(out)
    right = numerical_gradient(lambda x: max_pool_forward_fast(x, param)[0], x, dout)
    np.testing.assert_allclose(max_pool_backward_fast(dout, cache), right, atol=1e-8)


def test_pooling_with_values_that_are_not_finite():
    """Does NaN come out of its window only and take its gradient, and does an infinite dout stay in its place?"""
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    x[0, 0, 0, 1] = np.nan
    out, cache = max_pool_forward_fast(x, pool_param(2, 2, 2))
    np.testing.assert_array_equal(out, [[[[np.nan, 7], [13, 15]]]])
    dx = max_pool_backward_fast(np.array([[[[1, np.inf], [2, np.nan]]]]), cache)
    expected = np.zeros((1, 1, 4, 4))
    expected[0, 0, [0, 1, 3, 3], [1, 3, 1, 3]] = 1, np.inf, 2, np.nan
    np.testing.assert_array_equal(dx, expected)


def test_any_memory_order_goes_in_and_nothing_is_modified():
    """Do Fortran order, negative strides and broadcast gradients give the same, and stay the inputs as they are?"""
    x, w, b, param = convolution_inputs((3, 4, 8, 7, 5, 3, 3, 2, 1), np.float32)
    expected, cache = conv_forward_fast(x, w, b, param)
    gradients = conv_backward_fast(np.ones_like(expected), cache)
    pooled, _ = max_pool_forward_fast(x, pool_param(2, 2, 2))
    for change in (np.asfortranarray, lambda a: a[::-1].copy()[::-1], lambda a: np.repeat(a, 2, -1)[..., ::2]):
        given = [change(a) for a in (x, w, b)]
        for a in given:
            a.flags.writeable = False
        out, cache = conv_forward_fast(*given, param)
        np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)
        for actual, right in zip(
            conv_backward_fast(np.broadcast_to(np.float32(1), out.shape), cache), gradients, strict=True
        ):
            np.testing.assert_allclose(actual, right, rtol=1e-5, atol=1e-4)
        np.testing.assert_array_equal(max_pool_forward_fast(given[0], pool_param(2, 2, 2))[0], pooled)
        for a, right in zip(given, (x, w, b), strict=True):
            np.testing.assert_array_equal(a, right)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_dtype_of_the_input_comes_out(dtype):
    """Does a float64 filter, bias or upstream gradient leave a float32 network a float32 network?"""
    x, w, b, param = convolution_inputs(CONVOLUTIONS[0])
    out, cache = conv_forward_fast(x.astype(dtype), w, b, param)
    assert out.dtype == dtype
    assert {a.dtype for a in conv_backward_fast(np.ones(out.shape), cache)} == {np.dtype(dtype)}
    out, cache = max_pool_forward_fast(x.astype(dtype), pool_param(2, 2, 1))
    assert out.dtype == dtype
    assert max_pool_backward_fast(np.ones(out.shape), cache).dtype == dtype


def test_integer_images():
    """Do images of integers, whose gradients are not integers, give the results of the same images in float64?"""
    x, w, b, param = convolution_inputs(CONVOLUTIONS[0])
    pixels = (100 * x).astype(np.int64)
    out, cache = conv_forward_fast(pixels, w, b, param)
    right, right_cache = conv_forward_fast(pixels.astype(float), w, b, param)
    np.testing.assert_array_equal(out, right)
    np.testing.assert_array_equal(conv_backward_fast(out, cache)[0], conv_backward_fast(out, right_cache)[0])
    out, cache = max_pool_forward_fast(pixels, pool_param(2, 2, 2))
    assert max_pool_backward_fast(np.full(out.shape, 0.5), cache).sum() == 0.5 * out.size


def test_an_empty_batch():
    """Does a batch of no images give an output of no images and gradients of zeros?"""
    x, w, b, param = convolution_inputs(CONVOLUTIONS[0])
    out, cache = conv_forward_fast(x[:0], w, b, param)
    dx, dw, db = conv_backward_fast(out, cache)
    assert out.shape == (0, 4, 5, 5)
    assert dx.shape == (0, 3, 5, 5)
    assert dw.shape == w.shape
    assert not dw.any()
    assert db.shape == b.shape
    assert not db.any()
    out, cache = max_pool_forward_fast(x[:0], pool_param(2, 2, 2))
    assert out.shape == (0, 3, 2, 2)
    assert max_pool_backward_fast(out, cache).shape == (0, 3, 5, 5)


def test_no_input_gradient_for_the_first_layer():
    """Are dw and db the same, and dx None, when the gradient of the input is not asked for?"""
    x, w, b, param = convolution_inputs(CONVOLUTIONS[1])
    out, cache = conv_forward_fast(x, w, b, param)
    dout = upstream(out)
    dx, dw, db = conv_backward_fast(dout, cache, input_gradient=False)
    _, right_dw, right_db = conv_backward_fast(dout, cache)
    assert dx is None
    np.testing.assert_array_equal(dw, right_dw)
    np.testing.assert_array_equal(db, right_db)


LARGE = (40, 8, 20, 20, 12, 5, 5, 1, 2)  # more than fast_layers.SMALL: two threads where there are two


def test_large_inputs_are_right_and_come_out_the_same_every_time():
    """Is the result of two threads right, and bit for bit the same in each run?"""
    x, w, b, param = convolution_inputs(LARGE)
    out, cache = conv_forward_fast(x, w, b, param)
    dout = upstream(out)
    dx, dw, db = conv_backward_fast(dout, cache)
    np.testing.assert_allclose(out, naive_convolution(x, w, b, **param), atol=1e-10)
    # The adjoint: <dout, conv(x)> = <dx, x>, for dw likewise; and dx of one image is that of the image alone
    products = [(dout * (out - b[:, None, None])).sum(), (dx * x).sum(), (dw * w).sum()]
    np.testing.assert_allclose(products, products[0], rtol=1e-9)
    alone, _, _ = conv_backward_fast(dout[:1], conv_forward_fast(x[:1], w, b, param)[1])
    np.testing.assert_allclose(dx[:1], alone, atol=1e-10)
    for again, first in zip(conv_backward_fast(dout, cache), (dx, dw, db), strict=True):
        np.testing.assert_array_equal(again, first)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_the_number_of_blas_threads_is_restored(limit, two_threads):
    """Is the setting what it was before, also after an error in either thread?"""
    x, w, b, param = convolution_inputs(LARGE)
    with threadpool_limits(limit, user_api="blas"):
        before = blas_threads()
        out, cache = conv_forward_fast(x, w, b, param)
        conv_backward_fast(out, cache)
        assert blas_threads() == before
        for bad in (0, 1):
            with pytest.raises(ZeroDivisionError):
                threads.in_two_halves(lambda half, bad=bad: 1 // (half[0] - bad), [0, 1])
            assert blas_threads() == before


def test_blas_has_one_thread_while_two_threads_work(two_threads):
    """Do both halves run at the same time, in two threads, each with a BLAS of one thread?"""
    meet = threading.Barrier(2, timeout=20)

    def work(half):
        meet.wait()
        return half, threading.get_ident(), blas_threads()

    (first, one, counts), (second, other, _) = threads.in_two_halves(work, [1, 2, 3])
    assert (first, second) == ([1, 2], [3])
    assert one != other
    assert set(counts) <= {1}


def test_calls_at_the_same_time_leave_the_blas_threads_alone(two_threads):
    """Do layers that several threads call at once agree, and is the setting restored in the end?"""
    x, w, b, param = convolution_inputs(LARGE, np.float32)
    before = blas_threads()
    expected, _cache = conv_forward_fast(x, w, b, param)
    results = [None] * 4

    def call(k):
        results[k] = conv_forward_fast(x, w, b, param)[0]

    callers = [threading.Thread(target=call, args=(k,)) for k in range(len(results))]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    for out in results:
        np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-4)
    assert blas_threads() == before


def test_without_a_blas_that_can_be_limited(monkeypatch):
    """Does a machine on which threadpoolctl finds no BLAS give the same result, in one thread?"""
    x, w, b, param = convolution_inputs(LARGE)
    expected, _ = conv_forward_fast(x, w, b, param)
    nothing = ThreadpoolController().select(user_api="there is none")
    monkeypatch.setattr(threads, "_controller", lambda: nothing)
    monkeypatch.setattr(threads, "_executor", lambda: pytest.fail("a second thread was used"))
    out, cache = conv_forward_fast(x, w, b, param)
    np.testing.assert_allclose(out, expected, atol=1e-10)
    assert conv_backward_fast(out, cache)[0].shape == x.shape


def test_small_inputs_stay_in_one_thread(monkeypatch):
    """Is a small layer computed at once, without a thread and without touching the BLAS settings?"""
    monkeypatch.setattr(threads, "_may_use_two", lambda: pytest.fail("a second thread was asked for"))
    x, w, b, param = convolution_inputs(CONVOLUTIONS[-1])
    out, cache = conv_forward_fast(x, w, b, param)
    conv_backward_fast(out, cache)
    out, cache = max_pool_forward_fast(x, pool_param(2, 2, 2))
    max_pool_backward_fast(out, cache)


def _forward_in_child(inputs, results):
    results.put(conv_forward_fast(*inputs)[0])


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_a_second_thread_of_its_own():
    """Does a child that was forked after the second thread was started finish?"""
    inputs = convolution_inputs(LARGE)
    expected, _ = conv_forward_fast(*inputs)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=_forward_in_child, args=(inputs, results), daemon=True)
    child.start()
    try:
        np.testing.assert_allclose(results.get(timeout=30), expected, atol=1e-10)
    finally:
        child.kill()
        child.join()


@pytest.mark.parametrize(
    "geometry",
    [
        (50, 3, 32, 32, 32, 7, 7, 1, 3),
        (32, 32, 32, 32, 32, 3, 3, 1, 1),
        (1, 3, 500, 400, 8, 7, 7, 1, 3),
        (20, 16, 128, 128, 4, 1, 1, 4, 0),  # few of the pixels are seen
        (40, 8, 64, 64, 64, 1, 1, 1, 0),  # many more filters than weights in one
    ],
    ids=str,
)
def test_workspaces_are_small(geometry):
    """Does a layer take, besides what it returns, a few megabytes only, whatever the size of batch and image?"""
    x, w, b, param = convolution_inputs(geometry, np.float32)
    conv_forward_fast(x, w, b, param)  # starts the second thread
    limit = 16e6
    tracemalloc.start()
    try:
        out, cache = conv_forward_fast(x, w, b, param)
        assert tracemalloc.get_traced_memory()[1] - out.nbytes < limit
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        gradients = conv_backward_fast(out, cache)
        assert tracemalloc.get_traced_memory()[1] - before - sum(a.nbytes for a in gradients) < limit
        pooled, cache = max_pool_forward_fast(out, pool_param(3, 3, 2))
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        dx = max_pool_backward_fast(pooled, cache)
        assert tracemalloc.get_traced_memory()[1] - before - dx.nbytes < limit
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("geometry", [CONVOLUTIONS[0], CONVOLUTIONS[4], CONVOLUTIONS[-4]], ids=str)
def test_results_stay_what_they_are(geometry, monkeypatch):
    """Are the results of one call unchanged after others that use the same workspaces?"""
    monkeypatch.setattr(fast_layers, "SMALL", 0)
    monkeypatch.setattr(threads, "_may_use_two", lambda: True)
    x, w, b, param = convolution_inputs(geometry)
    out, cache = conv_forward_fast(x, w, b, param)
    results = (out, *conv_backward_fast(upstream(out), cache))
    copies = [array.copy() for array in results]
    other, cache = conv_forward_fast(-3 * x, w + 1, b, param)
    conv_backward_fast(other, cache)
    for array, copy in zip(results, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_the_cache_holds_no_copies():
    """Does the cache refer to the inputs, rather than keep lowered images for the backward pass?"""
    x, w, b, param = convolution_inputs(CONVOLUTIONS[0])
    _, cache = conv_forward_fast(x, w, b, param)
    assert cache[0] is x
    assert cache[1] is w
    assert cache[2] is b
    assert len(cache) == 4
    out, cache = max_pool_forward_fast(x, pool_param(2, 2, 2))
    assert cache[0] is x
    np.testing.assert_array_equal(x.reshape(-1)[cache[1]], out)  # where the maxima are
    assert len(cache) == 3


def test_windows_of_more_entries_than_a_byte_counts():
    """Does the gradient find the last entry of a window of 17 x 17?"""
    x = np.zeros((1, 2, 17, 18))
    x[0, :, 16, 16] = 1
    out, cache = max_pool_forward_fast(x, pool_param(17, 17, 1))
    np.testing.assert_array_equal(out, np.ones((1, 2, 1, 2)))
    dx = max_pool_backward_fast(np.array([[[[1.0, 2.0]], [[3.0, 4.0]]]]), cache)
    np.testing.assert_array_equal(dx[0, :, 16, 16], [3, 7])
    assert np.count_nonzero(dx) == 2


@pytest.mark.parametrize(
    ("shapes", "param", "message"),
    [
        (((2, 3, 5, 5), (4, 2, 3, 3), (4,)), (1, 1), "channels"),
        (((2, 3, 5, 5), (4, 3, 3, 3), (3,)), (1, 1), "one bias for each of the 4 filters"),
        (((2, 3, 5, 5), (4, 3, 3, 3), (4, 1)), (1, 1), "one bias"),
        (((3, 5, 5), (4, 3, 3, 3), (4,)), (1, 1), r"\(N, C, H, W\)"),
        (((2, 3, 5, 5), (4, 3, 6, 3), (4,)), (1, 0), "does not fit into an image of 5 x 5"),
        (((2, 3, 5, 5), (4, 3, 3, 8), (4,)), (1, 1), "does not fit"),
        (((2, 3, 5, 5), (4, 3, 3, 3), (4,)), (0, 1), "stride"),
        (((2, 3, 5, 5), (4, 3, 3, 3), (4,)), (1, -1), "pad"),
    ],
)
def test_convolution_errors_say_what_does_not_fit(shapes, param, message):
    """Do shapes that do not fit together raise a ValueError that names them?"""
    with pytest.raises(ValueError, match=message):
        conv_forward_fast(*[np.ones(shape) for shape in shapes], {"stride": param[0], "pad": param[1]})


@pytest.mark.parametrize(
    ("shape", "param", "message"),
    [
        ((2, 3, 5), (2, 2, 2), r"\(N, C, H, W\)"),
        ((2, 3, 4, 5), (5, 2, 1), "a window of 5 x 2 does not fit into an image of 4 x 5"),
        ((2, 3, 5, 4), (2, 5, 1), "does not fit"),
        ((2, 3, 5, 4), (2, 2, 0), "stride"),
    ],
)
def test_pooling_errors_say_what_does_not_fit(shape, param, message):
    """Do windows that do not fit into the image raise a ValueError that says so?"""
    with pytest.raises(ValueError, match=message):
        max_pool_forward_fast(np.ones(shape), pool_param(*param))


def test_an_upstream_gradient_of_the_wrong_shape():
    """Is a dout that only broadcasts to the shape of the output refused, with both shapes?"""
    x, w, b, param = convolution_inputs(CONVOLUTIONS[0])
    _, cache = conv_forward_fast(x, w, b, param)
    with pytest.raises(ValueError, match=r"\(4, 5, 5\).*\(2, 4, 5, 5\)"):
        conv_backward_fast(np.ones((4, 5, 5)), cache)
    _, cache = max_pool_forward_fast(x, pool_param(2, 2, 2))
    with pytest.raises(ValueError, match=r"\(2, 3, 1, 1\).*\(2, 3, 2, 2\)"):
        max_pool_backward_fast(np.ones((2, 3, 1, 1)), cache)
