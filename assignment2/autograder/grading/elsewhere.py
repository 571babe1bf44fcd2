"""Grade submissions whose notebooks are executed on a cluster.

The cluster's workers have no files of the course and no secrets: they get jobs and return outputs. Processes on this
machine do everything else, and answer with the jobs whose outputs are missing.
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

SUBMITTED_AGAIN = 10  # times at most, for each job


class Elsewhere:
    """Evaluates submissions in a pool of local processes, and sends their jobs to a cluster. Use as `with`.

    executed: the number of jobs that were sent to the cluster
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
        self._threads.shutdown(wait=False, cancel_futures=True)  # pool and cluster end what the threads wait for

    def submit(self, task: Task) -> Future[bytes]:
        """Start a task; return the future of what `evaluated` returns."""
        return self._threads.submit(self._evaluated, task)

    def _evaluated(self, task: Task) -> bytes:
        while True:  # once for the notebooks, and once more for follow-through
            packed: bytes = self.pool.submit(evaluated, task).result()
            missing = unpacked(packed).missing
            if not missing:
                return packed
            with self._lock:
                self.executed += len(missing)
            for job, future in [(job, self._sent(job)) for job in missing]:
                self.store.put(job, self._executed(job, future))

    def _executed(self, job: Job, future: Future[bytes]) -> bytes:
        """Return the outputs of a job; submits it again if the scheduler was restarted and so has lost it."""
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
        except Exception as error:  # Dask has its own exceptions
            raise GraderError(f"the scheduler does not answer: start it and grade again ({error})") from error


def outputs(future: Future[bytes]) -> bytes:
    """Return the outputs that the cluster computed; raises WorkerDied if it could not compute them."""
    try:
        return future.result()
    except (GraderError, CancelledError):
        raise
    except Exception as error:  # Dask has its own exceptions
        raise WorkerDied(f"the cluster could not execute a notebook: {type(error).__name__} {error}") from error
