"""Where notebooks are executed: processes of this machine, or a Dask cluster; both as a `concurrent.futures` executor.

A worker gets a job and returns its results, packed. It needs no file of the course's and no gradebook.
"""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

from autograder.execution.kernel.client import blas_on_one_thread
from autograder.execution.run import Job, package_digest
from autograder.execution.store import execute_packed


@contextmanager
def local_pool(workers: int | None = None) -> Iterator[ProcessPoolExecutor]:
    """Open a pool of processes on this machine, by default one for each core."""
    # not forked: the grader has threads, and children must not inherit its connection to the gradebook
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers or os.cpu_count(), context, initializer=set_up_worker) as pool:
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def cluster(scheduler: str) -> Iterator[Executor]:
    """Open the cluster of a Dask scheduler, given its address; raises ValueError where that cannot be used."""
    try:
        from distributed import Client
    except ImportError:
        raise ValueError("--scheduler needs Dask: pip install 'cs231n-assignment2[cluster]'") from None
    try:
        client = Client(scheduler, timeout="10s")
    except (OSError, TimeoutError, ValueError) as error:
        raise ValueError(f"no Dask scheduler answers at {scheduler}: {error}") from None
    with client:
        yield client.get_executor(pure=False)


def set_up_worker() -> None:
    os.environ.update(blas_on_one_thread())  # the processes are as many as the cores


def execute_remotely(job: Job, digest: str) -> bytes:
    """Run a job on a worker; raises RuntimeError where its `cs231n` is not the grader's, whose values would differ.

    digest: `package_digest()` of the grader
    """
    if package_digest() != digest:
        raise RuntimeError("the worker has another version of the package cs231n than the grader: update it")
    return execute_packed(job)
