"""Where no thread can be started, as in a browser or in a container at its limit, everything works without."""

import os
import threading
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
from cs231n import cifar10_files, data_utils, fast_layers, fast_pooling, threads
from cs231n.fast_layers import conv_backward_fast, conv_forward_fast, max_pool_backward_fast, max_pool_forward_fast
from cs231n.layers import softmax_loss
from cs231n.solver import Solver
from tqdm import tqdm

X = np.random.RandomState(0).randn(4, 2, 6, 6)
DOUT = np.random.RandomState(1).randn(4, 3, 6, 6)
W, B = np.random.RandomState(2).randn(3, 2, 3, 3), np.zeros(3)


@pytest.fixture
def two_threads(monkeypatch):
    """Even small layers are worth a second thread."""
    monkeypatch.setattr(threads, "_may_use_two", lambda: True)
    for module in (fast_layers, fast_pooling):
        monkeypatch.setattr(module, "SMALL", 0)


@contextmanager
def no_thread_starts():
    """Starting a thread fails as where the system has none to give; the second thread of before is gone."""
    attempts = []

    def start(thread):
        attempts.append(thread)
        raise RuntimeError("can't start new thread")

    threads._executor().shutdown()
    threads._executor.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        patch.setattr(tqdm, "monitor", None)
        patch.setattr(tqdm, "monitor_interval", 10)
        yield attempts


@pytest.fixture
def no_threads(two_threads):
    with no_thread_starts() as attempts:
        yield attempts


def layers():
    """Outputs and gradients of a convolution and a pooling layer."""
    out, cache = conv_forward_fast(X, W, B, {"stride": 1, "pad": 1})
    pooled, pool_cache = max_pool_forward_fast(out, {"pool_height": 2, "pool_width": 2, "stride": 2})
    return out, pooled, max_pool_backward_fast(pooled, pool_cache), *conv_backward_fast(DOUT, cache)


def test_layers(two_threads):
    """Do the fast layers give the same, bit for bit, in the calling thread?"""
    expected = layers()
    with no_thread_starts() as attempts:
        alone = layers()
    assert attempts
    for actual, right in zip(alone, expected, strict=True):
        np.testing.assert_array_equal(actual, right)


def test_an_executor_that_refuses(two_threads, monkeypatch):
    """Is it the same where the executor itself takes no work?"""

    def refuse(*_):
        raise RuntimeError("can't start new thread")

    expected = layers()
    monkeypatch.setattr("concurrent.futures.ThreadPoolExecutor.submit", refuse)
    for actual, right in zip(layers(), expected, strict=True):
        np.testing.assert_array_equal(actual, right)


def test_what_could_not_start_never_runs_later(two_threads):
    """When threads can be started again, is a second one used, and no work of the past done again?"""
    done = []

    def work(tasks):
        done.extend(tasks)
        return threading.get_ident()

    with no_thread_starts():
        assert threads.in_two_halves(work, ["a", "b"]) == [threading.get_ident()] * 2
    mine, other = threads.in_two_halves(work, ["c", "d"])
    assert mine != other
    assert sorted(done) == ["a", "b", "c", "d"]


def test_errors_of_the_work_itself_are_raised(no_threads):
    """Is a RuntimeError of the work not taken for a thread that is missing?"""
    calls = []

    def work(tasks):
        calls.append(tasks)
        raise RuntimeError("can't start new thread")

    with pytest.raises(RuntimeError):
        threads.in_two_halves(work, [1, 2])
    assert calls == [[1]]


def test_synthetic_images(no_threads):
    """Are there images to train on?"""
    assert data_utils.get_CIFAR10_data(20, 10, 10, source="synthetic")["X_train"].shape == (20, 3, 32, 32)


@pytest.mark.parametrize("source", ["auto", "cifar-10"])
def test_a_download_that_fails(source, no_threads, monkeypatch, tmp_path, capsys):
    """Is a site out of reach found out, so that the synthetic images step in or the error says it?"""
    for variable in ("CS231N_DATA", "CS231N_DATA_DIR", *(v for v in os.environ if v.lower().endswith("_proxy"))):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(data_utils, "_failure", None)
    monkeypatch.setattr(cifar10_files, "URL", "http://127.0.0.1:9/cifar-10-python.tar.gz")
    if source == "cifar-10":
        with pytest.raises(cifar10_files.DownloadError, match="no connection"):
            data_utils.get_CIFAR10_data(20, 10, 10, source=source, folder=tmp_path)
    else:
        data = data_utils.get_CIFAR10_data(20, 10, 10, source=source, folder=tmp_path)
        assert data["X_train"].shape == (20, 3, 32, 32)
        assert "no connection" in capsys.readouterr().err


class Linear:
    params = {"W": np.zeros((5, 3))}  # noqa: RUF012  one object of this class is made

    def loss(self, X, y=None):
        scores = X @ self.params["W"]
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        return loss, {"W": X.T @ dscores}


def test_training_with_a_progress_bar(no_threads, monkeypatch, capsys):
    """Does a run show its bar, without a warning about a monitor?"""
    monkeypatch.setenv("CS231N_PROGRESS", "1")
    X, y = np.random.RandomState(0).randn(20, 5), np.arange(20) % 3
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Solver(Linear(), data, num_epochs=2, batch_size=5).train()
    out, err = capsys.readouterr()
    assert "(Epoch 2 / 2)" in out
    assert "/8 [" in err


def test_libraries_that_cannot_be_looked_up(monkeypatch):
    """Does a layer work in a sandbox without /proc, where nobody can tell how many threads BLAS has?"""

    def refuse():
        raise FileNotFoundError("/proc/self/maps")

    monkeypatch.setattr(threads, "_controller", refuse)
    assert threads.in_two_halves(list, [1, 2, 3]) == [[1, 2], [3]]


@pytest.mark.parametrize("count", [*range(8), 100])
@pytest.mark.parametrize("size", [0, 1, 3, 200])
@pytest.mark.parametrize("multiple", [1, 2])
@pytest.mark.parametrize("head_start", [0, 6, 1000])
def test_parts(count, size, multiple, head_start):
    """Are the parts everything once, none of them empty?"""
    parts = threads.in_even_parts(count, size, multiple, head_start)
    assert [k for part in parts for k in range(count)[part]] == list(range(count))
    assert all(part.start < part.stop for part in parts)
    assert len(parts) % multiple == 0 or len(parts) == count


def test_the_first_half_has_a_head_start():
    """Is the first of two halves longer by this many?"""
    assert threads.in_even_parts(100, 50, 2, head_start=6) == [slice(0, 53), slice(53, 100)]
    assert threads.in_even_parts(100, 25, 2, head_start=8)[1:3] == [slice(27, 54), slice(54, 77)]
    assert threads.in_even_parts(10, 5, 2, head_start=100) == [slice(0, 9), slice(9, 10)]
