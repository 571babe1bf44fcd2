"""Who executes jobs: one worker in each process. It needs no file of the course's and no gradebook."""

import atexit
import threading
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
    """Executes jobs, in any number of threads; its kernels come from fork servers, which end with it: one that has
    imported no framework, and one for each choice of frameworks that jobs need.

    Use as `with`, or close it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fork_servers: dict[tuple[str, ...], ForkServer] = {}

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the fork servers."""
        for server in self._fork_servers.values():
            server.close()

    def fork_server(self, frameworks: tuple[str, ...] = ()) -> ForkServer:
        """Return the fork server that has imported these frameworks; it starts when the first kernel is asked for."""
        with self._lock:
            if frameworks not in self._fork_servers:
                self._fork_servers[frameworks] = ForkServer(fork_server_environment(), frameworks)
            return self._fork_servers[frameworks]

    def execute(self, job: Job) -> list[CellResult]:
        """Execute a job and return the result of each cell.

        Raises GraderError if the job is meant for another runtime than this worker's, whose values would differ;
        NoSandbox if there is none; GraderError if a kernel does not start.
        """
        frameworks = tuple(job.runtime.frameworks)
        if different := Runtime.current(frameworks).differences(job.runtime):
            raise GraderError(
                "a worker differs from the grader, so its values could differ: "
                f"{'; '.join(different)} (here: the worker, there: the grader). Make them the same."
            )
        return execute(job, self.fork_server(frameworks))


@cache
def process_worker() -> Worker:
    """Return the worker of this process, which is closed when the process ends."""
    worker = Worker()
    atexit.register(worker.close)
    return worker


def execute_packed(job: Job) -> bytes:
    """Execute a job on the worker of whichever process gets it, and return its results packed: what pools do."""
    return pack(process_worker().execute(job))
