"""Execute a job: a pure function from code cells to outputs.

Nothing that a cell does keeps later cells from running: the cell at fault is marked, a new kernel runs the definitions
before it again, and the execution continues after it.
"""

import tempfile
import time
from contextlib import AbstractContextManager
from pathlib import Path

from autograder.core.results import CellResult, Status
from autograder.execution.environment import plain_environment, sandboxed_environment
from autograder.execution.job import Job, Role
from autograder.execution.kernel import sandbox
from autograder.execution.kernel.client import Kernel
from autograder.execution.kernel.compiled import for_kernel
from autograder.execution.kernel.fork_server import ForkServer
from autograder.execution.kernel.frames import Kind
from autograder.execution.kernel.launch import plain_kernel, sandboxed_kernel
from autograder.execution.workspace import lay_out

SETTLE_SECONDS = 0.3  # within which a kernel dies that a cell has broken


def execute(job: Job, fork_server: ForkServer) -> list[CellResult]:
    """Run a job; returns the result of each of its cells.

    fork_server: where kernels in a sandbox come from; a job without a sandbox does not need it
    Raises NoSandbox if the job asks for a sandbox and there is none, GraderError if a kernel does not start.
    """
    if job.sandboxed:
        sandbox.require()
    return Run(job, fork_server).finish()


class Run:
    """One execution of a job, in as many kernels as it takes."""

    def __init__(self, job: Job, fork_server: ForkServer):
        self.job, self.fork_server = job, fork_server
        self.deadline = 0.0
        self.tried_again: set[int] = set()
        self.settled: set[int] = set()  # definitions that a kernel has survived
        self.results = [CellResult(Status.NOT_REACHED, []) for _ in job.cells]

    def finish(self) -> list[CellResult]:
        """Run all cells, and return the result of each."""
        self.deadline = time.monotonic() + self.job.limits.notebook_seconds
        for modules in sorted({(), *(cell.withheld for cell in self.job.cells)}):
            todo = [n for n, cell in enumerate(self.job.cells) if cell.withheld == modules]
            self._without(modules, todo)
        return self.results

    def _without(self, modules: tuple[str, ...], todo: list[int]) -> None:
        """Run the cells `todo`, in order, where these modules are withheld. They have a folder of their own, and cannot
        read the files that other cells wrote."""
        with tempfile.TemporaryDirectory(prefix="cs231n-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            lay_out(folder, self.job, modules)
            while todo and time.monotonic() < self.deadline:
                with self._kernel(folder) as kernel:
                    todo = self._one_kernel(kernel, todo)

    def _kernel(self, folder: Path) -> AbstractContextManager[Kernel]:
        runtime, seed, limits = self.job.runtime, self.job.seed, self.job.limits
        if self.job.sandboxed:
            return sandboxed_kernel(folder, limits, sandboxed_environment(runtime, seed), self.fork_server)
        return plain_kernel(folder, limits, plain_environment(runtime, seed, folder))

    def _one_kernel(self, kernel: Kernel, todo: list[int]) -> list[int]:
        """Run the cells `todo`, with the definitions between them that have run before, until the end or until one
        breaks the kernel; return those still to run."""
        for index in range(todo[-1] + 1):
            if index in todo:
                self.results[index] = self._cell(kernel, index)
                if self._ended(index) is Status.KILLED and index not in self.tried_again:
                    self.tried_again.add(index)  # the kernel may have been dying of what ran before
                    self.results[index] = CellResult(Status.NOT_REACHED, [])
                    return [n for n in todo if n >= index]
                if self._ended(index) is not Status.DONE:
                    return [n for n in todo if n > index]
            elif self._ended(index) is Status.DONE and self.job.cells[index].role is Role.DEFINITION:
                again = self._again(kernel, index)
                if again.status is not Status.DONE:  # it worked before: give up on it, and go on with another kernel
                    self.results[index] = CellResult(again.status, self.results[index].outputs)
                    return [n for n in todo if self._ended(n) is Status.NOT_REACHED]
        return []

    def _again(self, kernel: Kernel, index: int) -> CellResult:
        """Run a definition once more. If a kernel has died before, see whether this one survives: a cell can end
        normally and kill the kernel a moment later, which looks like the fault of the next cell."""
        result = self._cell(kernel, index)
        if self.tried_again and index not in self.settled and result.status is Status.DONE:
            time.sleep(SETTLE_SECONDS)
            result = kernel.run(Kind.SOURCE, b"", self.job.limits.cell_seconds)
            self.settled |= {index} if result.status is Status.DONE else set()
        return result

    def _ended(self, index: int) -> Status:
        return self.results[index].status

    def _cell(self, kernel: Kernel, index: int) -> CellResult:
        seconds = max(1.0, min(self.job.limits.cell_seconds, self.deadline - time.monotonic()))
        return kernel.run(*for_kernel(self.job.cells[index]), seconds)
