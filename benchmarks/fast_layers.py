"""The fast layers side by side with PyTorch's CPU kernels: `python benchmarks/fast_layers.py`, a minute.

Needs the optional extra: pip install -e ".[reference]". Prints Markdown: medians of interleaved runs in milliseconds,
two threads on each side, the ratios PyTorch / ours (above 1: ours is faster) and their geometric means; then one
training iteration of ThreeLayerConvNet and the peak memory that it takes. "product" is the time of NumPy's matrix
product alone, on columns that are there already: what a convolution by im2col cannot fall below.

--processor-time: one thread on each side, and the time that it ran. What else the machine does changes this little,
where two threads that wait for each other lose much more than their share.
"""

import argparse
import multiprocessing
import os
import sys
import time
from pathlib import Path

# As in the JupyterLab that a student's start.py opens; OpenBLAS reads it when NumPy is imported
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "assignment2"))

try:
    import torch
except ImportError:
    sys.exit('PyTorch is not installed: pip install -e ".[reference]"')

from cs231n.fast_layers import conv_backward_fast, conv_forward_fast, max_pool_backward_fast, max_pool_forward_fast
from threadpoolctl import threadpool_limits
from torch.nn import functional

CONVOLUTIONS = [
    (100, 3, 31, 25, 3, 2, 1),
    (50, 3, 32, 32, 7, 1, 3),
    (64, 64, 32, 64, 3, 1, 1),
]  # N, C, H = W, F, k, s, p
POOLINGS = [(2, 2), (3, 2)]  # window, stride
DTYPES = [np.float32, np.float64]
WARM_UP = 0.05  # seconds


def interleaved(*functions, runs, clock):
    """The median time of each function in milliseconds; each warms up in every round, as in a training loop.

    It does so for longer than OpenMP's threads in PyTorch wait for more work, a few milliseconds. They do not give up
    their core while they wait, and the next function would pay for that. OpenBLAS' threads do the same, for 100 ms,
    unless OPENBLAS_THREAD_TIMEOUT is set.
    """
    times = np.zeros((runs + 2, len(functions)))
    for row in times:
        for k, function in enumerate(functions):
            warm = time.perf_counter() + WARM_UP
            while time.perf_counter() < warm:
                function()
            start = clock()
            function()
            row[k] = clock() - start
    return 1e3 * np.median(times[2:], axis=0)


def without_gradients(function, *arguments):
    with torch.no_grad():
        return function(*arguments)


def leaves(*arrays):
    """Tensors that share the memory of the arrays, with gradients."""
    return [torch.from_numpy(array).requires_grad_() for array in arrays]


def compare_convolution(shape, dtype, **measured):
    """Times (ours forward, PyTorch forward, ours backward, PyTorch backward, product), all three gradients in both."""
    N, C, H, F, k, stride, pad = shape
    random = np.random.RandomState(0)
    x, w, b = (random.randn(*s).astype(dtype) for s in ((N, C, H, H), (F, C, k, k), (F,)))
    param = {"stride": stride, "pad": pad}
    out, cache = conv_forward_fast(x, w, b, param)
    dout = random.randn(*out.shape).astype(dtype)
    inputs, upstream = leaves(x, w, b), torch.from_numpy(dout)
    output = functional.conv2d(*inputs, stride, pad)
    np.testing.assert_allclose(out, output.detach().numpy(), rtol=1e-3, atol=1e-3)
    filters, product = w.reshape(F, -1), np.empty((N, F, out[0, 0].size), dtype)
    columns = random.standard_normal((N, filters.shape[1], product.shape[2])).astype(dtype)
    return interleaved(
        lambda: conv_forward_fast(x, w, b, param),
        lambda: without_gradients(functional.conv2d, *inputs, stride, pad),
        lambda: conv_backward_fast(dout, cache),
        lambda: torch.autograd.grad(output, inputs, upstream, retain_graph=True),
        lambda: np.matmul(filters, columns, out=product),
        **measured,
    )


def compare_pooling(shape, dtype, **measured):
    """Times as compare_convolution, without a product, on the output of the second convolution."""
    size, stride = shape
    random = np.random.RandomState(0)
    x = random.randn(50, 32, 32, 32).astype(dtype)
    param = {"pool_height": size, "pool_width": size, "stride": stride}
    out, cache = max_pool_forward_fast(x, param)
    dout = random.randn(*out.shape).astype(dtype)
    inputs, upstream = leaves(x), torch.from_numpy(dout)
    output = functional.max_pool2d(*inputs, size, stride)
    np.testing.assert_array_equal(out, output.detach().numpy())
    return interleaved(
        lambda: max_pool_forward_fast(x, param),
        lambda: without_gradients(functional.max_pool2d, *inputs, size, stride),
        lambda: max_pool_backward_fast(dout, cache),
        lambda: torch.autograd.grad(output, inputs, upstream, retain_graph=True),
        **measured,
    )


def table(title, shapes, compare, **measured):
    print(f"| {title} | dtype | forward: ours | PyTorch | ratio | backward: ours | PyTorch | ratio | product |")
    print("| --- | --- | --: | --: | --: | --: | --: | --: | --: |")
    means = []
    for dtype in DTYPES:
        ratios = []
        for shape in shapes:
            ours, theirs, ours_back, theirs_back, *product = compare(shape, dtype, **measured)
            ratios.append((theirs / ours, theirs_back / ours_back))
            forward = f"{ours:.2f} | {theirs:.2f} | {ratios[-1][0]:.2f}"
            backward = f"{ours_back:.2f} | {theirs_back:.2f} | {ratios[-1][1]:.2f}"
            exact = f"{product[0]:.2f}" if product else "—"
            print(f"| {shape} | {dtype.__name__} | {forward} | {backward} | {exact} |", flush=True)
        forward, backward = np.exp(np.log(ratios).mean(axis=0))
        means.append(
            f"{dtype.__name__}: forward {forward:.2f}, backward {backward:.2f}, both {np.sqrt(forward * backward):.2f}"
        )
    print("\nGeometric means of the ratios: " + "; ".join(means) + ".\n", flush=True)


def network():
    """(X, y, parameters) of one training iteration in float32: 32 filters 7x7, 2x2 max pooling, 500 hidden units."""
    random = np.random.RandomState(0)
    shapes = [(32, 3, 7, 7), (32,), (32 * 16 * 16, 500), (500,), (500, 10), (10,)]
    parameters = [(1e-2 * random.randn(*shape)).astype(np.float32) for shape in shapes]
    return random.randn(50, 3, 32, 32).astype(np.float32), random.randint(0, 10, 50), parameters


def our_iteration():
    """A function that does one training iteration with the fast layers and returns the loss."""
    X, y, parameters = network()
    W1, b1, W2, b2, W3, b3 = parameters
    pool = {"pool_height": 2, "pool_width": 2, "stride": 2}

    def iteration():
        conv, conv_cache = conv_forward_fast(X, W1, b1, {"stride": 1, "pad": 3})
        pooled, pool_cache = max_pool_forward_fast(np.maximum(conv, 0), pool)
        flat = pooled.reshape(len(X), -1)
        hidden = np.maximum(flat @ W2 + b2, 0)
        scores = hidden @ W3 + b3
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1
        p /= len(y)
        dhidden = (p @ W3.T) * (hidden > 0)
        dpool = max_pool_backward_fast((dhidden @ W2.T).reshape(pooled.shape), pool_cache)
        _, dW1, db1 = conv_backward_fast(dpool * (conv > 0), conv_cache, input_gradient=False)
        gradients = [dW1, db1, flat.T @ dhidden, dhidden.sum(axis=0), hidden.T @ p, p.sum(axis=0)]
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter -= 1e-2 * gradient
        return loss

    return iteration


def their_iteration():
    """The same with PyTorch."""
    X, y, parameters = network()
    X, y, parameters = torch.from_numpy(X), torch.from_numpy(y), leaves(*parameters)
    W1, b1, W2, b2, W3, b3 = parameters

    def iteration():
        pooled = functional.max_pool2d(functional.relu(functional.conv2d(X, W1, b1, padding=3)), 2)
        scores = functional.relu(pooled.flatten(1) @ W2 + b2) @ W3 + b3
        loss = functional.cross_entropy(scores, y)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter -= 1e-2 * gradient
        return loss.item()

    return iteration


def memory(field):
    """A size from Linux' /proc/self/status in MB: VmRSS, what the process has now, VmHWM, the most that it had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def peak_memory(make):
    """How many MB the process grows by in three iterations (data and parameters are there before)."""
    torch.set_num_threads(2)
    iteration = make()
    before = memory("VmRSS")
    for _ in range(3):
        iteration()
    return memory("VmHWM") - before


def compare_training(**measured):
    """Time and peak memory of an iteration; the memory of each side in a new process, on Linux only."""
    ours, theirs = our_iteration(), their_iteration()
    np.testing.assert_allclose([ours() for _ in range(3)], [theirs() for _ in range(3)], rtol=1e-4)
    times = interleaved(ours, theirs, **measured)
    peaks = ["—", "—"]
    if sys.platform == "linux":
        with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
            peaks = [f"{pool.apply(peak_memory, (make,)):.0f} MB" for make in (our_iteration, their_iteration)]
    print("| ThreeLayerConvNet, one training iteration, float32 | ours | PyTorch | ours / PyTorch |")
    print("| --- | --: | --: | --: |")
    print(f"| time (ms) | {times[0]:.1f} | {times[1]:.1f} | {times[0] / times[1]:.2f} |")
    print(f"| memory on top of data and parameters | {peaks[0]} | {peaks[1]} | |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=25, help="rounds that the medians are taken of")
    parser.add_argument("--processor-time", action="store_true", help="of one thread on each side")
    args = parser.parse_args()
    threads, clock = (1, time.thread_time) if args.processor_time else (2, time.perf_counter)
    torch.set_num_threads(threads)
    with threadpool_limits(threads, user_api="blas"):
        measured = {"runs": args.runs, "clock": clock}
        table("convolution (N, C, H, F, k, stride, pad)", CONVOLUTIONS, compare_convolution, **measured)
        table("max pooling of (50, 32, 32, 32): window, stride", POOLINGS, compare_pooling, **measured)
        compare_training(**measured)


if __name__ == "__main__":
    main()
