"""Get the results of jobs, from the store or by executing them."""

from functools import cache
from pathlib import Path

from autograder.core.results import CellResult
from autograder.execution.job import Job
from autograder.execution.store import Store, pack
from autograder.execution.worker import Worker, process_worker


class NotExecuted(Exception):
    """The results of a job are not in the store, and this process may not execute it."""

    def __init__(self, job: Job):
        super().__init__(job)
        self.job = job


class Executions:
    """The results of jobs: from the store, or executed by a worker of this process and stored.

    worker: None if this process may not execute jobs; executed: the number of jobs that it executed
    """

    def __init__(self, store: Store, worker: Worker | None):
        self.store, self.worker = store, worker
        self.executed = 0

    def results(self, job: Job) -> list[CellResult]:
        """Return the results of a job. If they are not stored yet, raises what `Worker.execute` raises, or NotExecuted
        if there is no worker."""
        results = self.store.get(job)
        if results is None:
            if self.worker is None:
                raise NotExecuted(job)
            results = self.worker.execute(job)
            self.store.put(job, pack(results))
            self.executed += 1
        return results


@cache
def executions_in(folder: Path, remote: bool = False) -> Executions:
    """Return the executions that are stored in a folder, with the worker of this process.

    remote: without a worker, because a cluster executes the jobs
    """
    return Executions(Store(folder), None if remote else process_worker())
