"""Results of jobs, wherever they come from."""

from functools import cache
from pathlib import Path

from autograder.core.results import CellResult
from autograder.execution.job import Job
from autograder.execution.store import Store, pack
from autograder.execution.worker import Worker, process_worker


class Executions:
    """The results of jobs: from the store, or executed in place, by a worker of this process, and stored."""

    def __init__(self, store: Store, worker: Worker):
        self.store, self.worker = store, worker

    def results(self, job: Job) -> list[CellResult]:
        """Return the results of a job; raises what `Worker.execute` raises where they are not stored yet."""
        results = self.store.get(job)
        if results is None:
            results = self.worker.execute(job)
            self.store.put(job, pack(results))
        return results


@cache
def executions_in(folder: Path) -> Executions:
    """Return the executions that are stored in a folder, with the worker of this process."""
    return Executions(Store(folder), process_worker())
