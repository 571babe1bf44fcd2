"""Results of jobs, wherever they come from."""

from functools import cache
from pathlib import Path

from autograder.core.results import CellResult
from autograder.execution.job import Job
from autograder.execution.store import Store, pack
from autograder.execution.worker import Worker, process_worker


class NotExecuted(Exception):
    """A job whose results are not in the store, although nothing may be executed in place."""

    def __init__(self, job: Job):
        super().__init__(job)
        self.job = job


class Executions:
    """The results of jobs: from the store, or executed in place, by a worker of this process, and stored.

    worker: None if somebody else executes; executed: how many jobs were executed here
    """

    def __init__(self, store: Store, worker: Worker | None):
        self.store, self.worker = store, worker
        self.executed = 0

    def results(self, job: Job) -> list[CellResult]:
        """Return the results of a job; where they are not stored yet, raises what `Worker.execute` raises, NotExecuted
        where there is no worker."""
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
    """Return the executions that are stored in a folder, with the worker of this process, or none if it is
    somebody else who executes."""
    return Executions(Store(folder), None if remote else process_worker())
