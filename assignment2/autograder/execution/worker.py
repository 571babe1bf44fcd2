"""Execute jobs by the worker of each process, which needs no files of the course and no gradebook."""

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
    """Executes jobs, in any number of threads. Use as `with`, or close it.

    Its kernels come from fork servers, which end with it: one that has imported no framework, and one for each set of
    frameworks that jobs need.
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
        """Return the fork server that has imported these frameworks; it starts when the first kernel is needed."""
        with self._lock:
            if frameworks not in self._fork_servers:
                self._fork_servers[frameworks] = ForkServer(fork_server_environment(), frameworks)
            return self._fork_servers[frameworks]

    def execute(self, job: Job) -> list[CellResult]:
        """Execute a job and return the result of each cell.

        Raises GraderError if the job is for another runtime, whose values could differ, or if a kernel does not start;
        NoSandbox if the job needs a sandbox and there is none.
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
    """Execute a job on the worker of the process that calls this, one of a pool, and return its results packed."""
    return pack(process_worker().execute(job))
