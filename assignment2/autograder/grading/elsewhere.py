"""Submissions whose notebooks are executed on a cluster.

Its workers hold no file of the course's and no secret: they get jobs and return outputs. All else is done by the
processes of this machine, which say what they lack.
"""

import threading
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from types import TracebackType

from autograder.core.errors import GraderError
from autograder.execution.job import Job
from autograder.execution.pool import WorkerDied
from autograder.execution.store import Store
from autograder.execution.worker import execute_packed
from autograder.grading.task import Task, evaluated, unpacked

SUBMITTED_AGAIN = 10  # times, for one job


class Elsewhere:
    """Evaluates submissions in a pool, and has executed on a cluster what that takes. Use as `with`.

    executed: how many jobs were sent to the cluster
    """

    def __init__(self, pool: Executor, cluster: Executor, store: Store, at_once: int):
        self.pool, self.cluster, self.store = pool, cluster, store
        self.executed = 0
        self._ended = False
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(at_once)  # they only wait

    def __enter__(self) -> "Elsewhere":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        self._threads.shutdown(wait=False, cancel_futures=True)  # pool and cluster end what they wait for

    def submit(self, task: Task) -> Future[bytes]:
        """Return the future of what `evaluated` returns."""
        return self._threads.submit(self._evaluated, task)

    def _evaluated(self, task: Task) -> bytes:
        while True:  # once for the notebooks, once more for what is followed through
            packed: bytes = self.pool.submit(evaluated, task).result()
            missing = unpacked(packed).missing
            if not missing:
                return packed
            with self._lock:
                self.executed += len(missing)
            for job, future in [(job, self._sent(job)) for job in missing]:
                self.store.put(job, self._executed(job, future))

    def _executed(self, job: Job, future: Future[bytes]) -> bytes:
        """Return the outputs of a job. A scheduler that was started again knows of no job: it gets this one again."""
        for _ in range(SUBMITTED_AGAIN):
            try:
                return outputs(future)
            except CancelledError:
                if self._ended:
                    raise
                future = self._sent(job)
        return outputs(future)

    def _sent(self, job: Job) -> Future[bytes]:
        try:
            return self.cluster.submit(execute_packed, job)
        except Exception as error:  # of Dask's own kinds
            raise GraderError(f"the scheduler is gone: start it and grade again: {error}") from error


def outputs(future: Future[bytes]) -> bytes:
    """Return what the cluster has executed; raises WorkerDied if it could not."""
    try:
        return future.result()
    except (GraderError, CancelledError):
        raise
    except Exception as error:  # of Dask's own kinds
        raise WorkerDied(f"the cluster could not execute it: {type(error).__name__} {error}") from error
