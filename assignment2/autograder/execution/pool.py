"""The executors (of `concurrent.futures`) that do the work: processes of this machine, or a Dask cluster."""

import multiprocessing
import os
import pickle
import signal
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from tempfile import TemporaryDirectory
from typing import Any

from threadpoolctl import threadpool_limits

from autograder.core.errors import GraderError, NotGraded, SubmissionError
from autograder.core.memory import MIB, data_bytes, limit_data
from autograder.execution.environment import single_threaded

WORKER_BYTES = 2048 * MIB  # of data that a process may hold: several times what the largest submission takes
LARGE_BYTES = 768 * MIB  # a process that still holds so much after a job is replaced
TRIES = 2  # a process may have been killed because another one needed the memory
SPAWN = multiprocessing.get_context("spawn")  # not forked: children must not inherit threads, nor the gradebook
Work = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]  # a function and its arguments
LOST_SECONDS = 120  # that a scheduler may take to restart


class WorkerDied(NotGraded):
    """A job that ended its process each time it was tried."""


class TooLong(SubmissionError):
    """Work on a submission that was ended because it took too long."""


class Workers(Executor):
    """Processes of this machine, each with its own pipe: if one dies, only its job is affected, and another tries that.

    A future raises what its function raises; WorkerDied if every process that called the function has died; TooLong if
    the function took more than `seconds` of wall-clock time.
    """

    def __init__(self, count: int, seconds: float, scratch: str):
        self._seconds, self._scratch = seconds, scratch
        self._threads = ThreadPoolExecutor(count, "worker")  # each has a process of its own
        self._own = threading.local()
        self._lock = threading.Lock()
        self._processes: set[WorkerProcess] = set()
        self._closed = False

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Have one of the processes call a function; return the future of its result."""
        return self._threads.submit(self._call, function, arguments, named)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Close the pool; if futures are canceled, running jobs are ended at once."""
        self._threads.shutdown(wait=not cancel_futures, cancel_futures=cancel_futures)
        with self._lock:
            self._closed = True
        for process in self._processes.copy():
            process.end()
        self._threads.shutdown()

    def _call(self, function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        for _ in range(TRIES):
            process = self._process()
            try:
                result, error = process.call((function, arguments, named), self._seconds)
            except TimeoutError:
                process.end()
                raise TooLong(f"it took more than {self._seconds:.0f} s") from None
            except (EOFError, OSError):  # it has died, perhaps in the middle of an answer
                ended = process.end()
                continue
            if error is not None:
                raise error
            return result
        raise WorkerDied(f"the worker died {TRIES} times ({how(ended)}): is there enough memory?")

    def _process(self) -> "WorkerProcess":
        """Return the process of this thread, a new one if there is none that takes another job."""
        process: WorkerProcess | None = getattr(self._own, "process", None)
        if process is not None and process.usable:
            return process
        with self._lock:
            if self._closed:
                raise CancelledError
            if process is not None:
                self._processes.discard(process)
            self._own.process = process = WorkerProcess(self._scratch)
            self._processes.add(process)
        return process


class WorkerProcess:
    """The grader's end of one process. usable: whether it takes another job"""

    _children = threading.Lock()  # `multiprocessing` does not expect several threads to start and reap them

    def __init__(self, scratch: str):
        self._pipe, theirs = SPAWN.Pipe()
        self._process = SPAWN.Process(target=serve, args=(theirs, scratch), daemon=True)
        with self._children, interrupts_blocked():
            self._process.start()
        theirs.close()
        self.usable = True

    def call(self, work: Work, seconds: float) -> tuple[Any, Exception | None]:
        """Call a function in the process; return its result, and the exception if it raised one.

        Raises TimeoutError if it takes more than `seconds`, EOFError or OSError if the process dies.
        """
        self._pipe.send(work)
        if not self._pipe.poll(seconds):
            raise TimeoutError
        result, error, usable = self._pipe.recv()
        if not usable:
            self.end()
        return result, error

    def end(self) -> int | None:
        """Kill the process; return its exit code."""
        self.usable = False
        self._process.kill()
        with self._children:
            self._process.join()
        return self._process.exitcode


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Keep Ctrl-C, which a terminal sends to all processes, from a process that starts in this context.

    The process unblocks it when it is ready.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def how(exit_code: int | None) -> str:
    """Say how a process ended, by the name of a signal or by its exit status."""
    if exit_code is not None and exit_code < 0:
        with suppress(ValueError):
            return signal.Signals(-exit_code).name
    return f"exit status {exit_code}"


@contextmanager
def local_pool(workers: int | None = None, seconds: float = 3600) -> Iterator[Workers]:
    """Open a pool of processes on this machine, by default one for each core. Running jobs end with it.

    seconds: of wall-clock time that each job may take
    """
    with TemporaryDirectory(prefix="cs231n-", ignore_cleanup_errors=True) as scratch:
        pool = Workers(workers or os.cpu_count() or 1, seconds, scratch)
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def cluster(scheduler: str) -> Iterator[Executor]:
    """Open the cluster of the Dask scheduler at an address; raises GraderError if Dask is missing or nobody answers."""
    try:
        from distributed import Client
    except ImportError:
        raise GraderError("--scheduler needs Dask: pip install 'cs231n-autograder[cluster]'") from None
    try:
        Client(scheduler, timeout="10s").close()  # fails soon for a wrong address; the next one waits for a restart
        client = Client(scheduler, timeout=f"{LOST_SECONDS}s")
    except (OSError, TimeoutError, ValueError) as error:
        raise GraderError(f"no Dask scheduler answers at {scheduler}: {error}") from None
    with client:
        yield client.get_executor(pure=False)


# -- in a process of the pool


def serve(grader: Connection, scratch: str) -> None:
    """Call functions for the grader, until it is gone or this process holds too much memory.

    scratch: the folder of temporary files, which the grader deletes
    """
    signal.signal(signal.SIGINT, lambda *_: None)  # the grader ends this process; what it starts has the usual handler
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    tempfile.tempdir = scratch  # a killed process does not clean up
    os.environ.update(single_threaded())  # there is a process for each core
    threadpool_limits(1, user_api="blas")  # NumPy was imported before, and reads no variable again
    limit_data(WORKER_BYTES)
    threading.Thread(target=end_with_parent, daemon=True).start()
    goes_on = True
    while goes_on:
        result, error = None, None
        function, arguments, named = grader.recv()
        try:
            result = function(*arguments, **named)
        except Exception as raised:
            error = portable(raised)
        goes_on = data_bytes() < LARGE_BYTES
        grader.send((result, error, goes_on))


def portable(error: Exception) -> Exception:
    """Return an exception that can be sent, with its traceback as a note."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(traceback.format_exc())
    return error


def end_with_parent() -> None:
    """Wait until the grader is gone, for whatever reason, and end this process; its fork server and its sandboxes end
    with it."""
    grader = multiprocessing.parent_process()
    if grader is not None:
        grader.join()
        os._exit(1)
