"""Where jobs are executed: processes of this machine, or a Dask cluster; both as a `concurrent.futures` executor."""

import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from autograder.core.errors import GraderError
from autograder.execution.environment import single_threaded_blas


@contextmanager
def local_pool(workers: int | None = None) -> Iterator[ProcessPoolExecutor]:
    """Open a pool of processes on this machine, by default one for each core. Ctrl-C ends them at once."""
    # not forked: the grader has threads, and children must not inherit its connection to the gradebook
    context = multiprocessing.get_context("spawn")
    with (
        TemporaryDirectory(prefix="cs231n-", ignore_cleanup_errors=True) as scratch,
        ProcessPoolExecutor(workers or os.cpu_count(), context, set_up_process, (scratch,)) as pool,
    ):
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def cluster(scheduler: str) -> Iterator[Executor]:
    """Open the cluster of a Dask scheduler, given its address; raises GraderError where that cannot be used."""
    try:
        from distributed import Client
    except ImportError:
        raise GraderError("--scheduler needs Dask: pip install 'cs231n-autograder[cluster]'") from None
    try:
        client = Client(scheduler, timeout="10s")
    except (OSError, TimeoutError, ValueError) as error:
        raise GraderError(f"no Dask scheduler answers at {scheduler}: {error}") from None
    with client:
        yield client.get_executor(pure=False)


def set_up_process(scratch: str) -> None:
    """Prepare a process of the pool. scratch: the folder of its temporary files, which the grader deletes."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback, and no next job
    tempfile.tempdir = scratch  # a process that is ended does not clean up
    os.environ.update(single_threaded_blas())  # the processes are as many as the cores
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """Wait until the grader has gone, however that came, and end this process; its fork server and its sandboxes end
    with it."""
    grader = multiprocessing.parent_process()
    if grader is not None:
        grader.join()
        os._exit(1)
