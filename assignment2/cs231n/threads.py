"""Do a layer's work in two halves in two threads, each with a BLAS of one thread, or in one if there can be no other.

NumPy releases the interpreter's lock inside its loops and its matrix products. So two threads keep two cores busy with
*everything* that a layer does (copies, sums, products). A BLAS with two threads only splits the products, and splits
small ones badly.

Some systems cannot start threads: Python in a browser, a container that has reached its limit. There `Thread.start`
raises RuntimeError, and the calling thread does the work. All threads of cs231n are started here.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import pairwise

from threadpoolctl import ThreadpoolController

# Held by the call that has the second thread and the BLAS settings. A call that finds it taken works alone: the number
# of BLAS threads belongs to the whole process, and only one call at a time can change it and put it back.
_second_thread = threading.Lock()


@cache
def _controller():
    """Return what sets the number of BLAS threads; made once, because finding the libraries takes milliseconds."""
    return ThreadpoolController().select(user_api="blas")


@cache
def _executor():
    """Return the second thread; it is kept, because starting one takes as long as a small layer."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="cs231n-fast-layers")


def _after_fork():
    """Forget the second thread and the lock in a forked child: the thread, and perhaps the lock's holder, are gone."""
    global _second_thread
    _second_thread = threading.Lock()
    _executor.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def start(work):
    """Start work() in a thread and return the thread; None if none can be started, and then work has not run.

    The thread is a daemon: a process that ends does not wait for it.
    """
    thread = threading.Thread(target=work, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread


def can_start():
    """Return whether a thread can be started here and now."""
    return start(lambda: None) is not None


def _submit(work, tasks):
    """Have the second thread compute work(tasks) and return the Future; None if there can be no second thread."""
    executor = _executor()
    try:
        return executor.submit(work, tasks)
    except RuntimeError:
        # The task is in the queue nevertheless: no thread that starts later may find it there.
        executor.shutdown(wait=False, cancel_futures=True)
        _executor.cache_clear()
        return None


def _may_use_two():
    """Return whether the BLAS can be limited and may use two threads or more; with OMP_NUM_THREADS=1 it may not."""
    try:
        libraries = _controller().lib_controllers
    except OSError:  # a sandbox without /proc, where threadpoolctl looks for libraries
        return False
    return bool(libraries) and all((library.num_threads or 1) > 1 for library in libraries)


@contextmanager
def _one_blas_thread():
    """Limit the BLAS to one thread in the block: what _controller().limit does, but in a few microseconds."""
    before = [(library, library.num_threads) for library in _controller().lib_controllers]
    for library, _ in before:
        library.set_num_threads(1)
    try:
        yield
    finally:
        for library, number in before:
            library.set_num_threads(number)


def in_two_halves(work, tasks):
    """Return [work(first half of tasks), work(second half)], computed in two threads when there are two available.

    tasks: a list; with fewer than two there is only one half. The halves are the same however many threads compute
    them, so that sums over a half do not depend on that. The number of BLAS threads is 1 while two threads work and
    restored after it, also when work raises.
    """
    if len(tasks) < 2:
        return [work(tasks)]
    middle = (len(tasks) + 1) // 2
    first, second = tasks[:middle], tasks[middle:]
    lock = _second_thread
    if not lock.acquire(blocking=False):
        return [work(first), work(second)]
    try:
        if _may_use_two():
            with _one_blas_thread():
                other = _submit(work, second)
                if other is not None:
                    try:
                        mine = work(first)
                    finally:
                        other.exception()  # waits: the BLAS threads must not come back while the other half still runs
                    return [mine, other.result()]
        return [work(first), work(second)]
    finally:
        lock.release()


def in_even_parts(count, size, multiple, head_start=0):
    """Return slices of range(count) of about equal length, at most `size` (at least 1) without a head start.

    Their number is a multiple of `multiple` if count is large enough, so that the two halves are two halves of the
    work. head_start: by how much the first half is longer, as far as each part keeps one item.
    """
    parts = -(-count // max(1, size))
    parts = min(count, -(-parts // multiple) * multiple)
    head_start = min(head_start, count - parts)
    edges = [(count * k + head_start * min(k, parts - k)) // parts for k in range(parts + 1)] if parts else []
    return [slice(start, stop) for start, stop in pairwise(edges)]
