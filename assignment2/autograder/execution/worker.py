"""Who executes jobs: one worker in each process. It needs no file of the course's and no gradebook."""

import atexit
from functools import cache
from types import TracebackType

from autograder.core.errors import GraderError
from autograder.core.results import CellResult
from autograder.execution.environment import fork_server_environment
from autograder.execution.job import Job, Runtime
from autograder.execution.kernel.fork_server import ForkServer
from autograder.execution.run import execute
from autograder.execution.store import pack


class Worker:
    """Executes jobs, in any number of threads; its kernels come from a fork server, which ends with it.

    Use as `with`, or close it.
    """

    def __init__(self) -> None:
        self._fork_server = ForkServer(fork_server_environment())

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the fork server."""
        self._fork_server.close()

    def execute(self, job: Job) -> list[CellResult]:
        """Execute a job and return the result of each cell.

        Raises GraderError if the job is meant for another runtime than this worker's, whose values would differ;
        NoSandbox where there is none; GraderError if a kernel does not start.
        """
        if different := Runtime.current().differences(job.runtime):
            raise GraderError(
                "a worker differs from the grader, so its values could differ: "
                f"{'; '.join(different)} (here: the worker, there: the grader). Make them the same."
            )
        return execute(job, self._fork_server)


@cache
def process_worker() -> Worker:
    """Return the worker of this process, which is closed when the process ends."""
    worker = Worker()
    atexit.register(worker.close)
    return worker


def execute_packed(job: Job) -> bytes:
    """Execute a job on the worker of whichever process gets it, and return its results packed: what pools do."""
    return pack(process_worker().execute(job))
