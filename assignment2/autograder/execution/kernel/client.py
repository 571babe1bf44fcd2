"""Talk to a kernel. Nothing that it sends is trusted: it may send anything, in any order, or nothing."""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from autograder.core.errors import GraderError
from autograder.core.results import CellResult, Status
from autograder.execution.job import Limits
from autograder.execution.kernel.frames import HEADER, NO_CELL, Kind, frame
from autograder.execution.kernel.outputs import BrokenFrame, Outputs, TooMuchOutput
from autograder.execution.kernel.sandbox import Sandbox

READY_SECONDS, LOOK_SECONDS = 180, 0.25  # a framework takes seconds to load, on a busy machine minutes


class Kernel:
    """The grader's end of the pipes to a kernel. Use as `async with`, which waits until it is ready, and ends it.

    end: kills the kernel and everything that it has started
    sandbox: the one that it runs in, None if it has the grader's rights
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        limits: Limits,
        end: Callable[[], None],
        sandbox: Sandbox | None = None,
    ):
        self.reader, self.writer = reader, writer
        self.limits, self.sandbox = limits, sandbox
        self._end = end
        self._next_look = 0.0

    async def __aenter__(self) -> "Kernel":
        try:
            status = await self._outcome(NO_CELL, Outputs(self.limits.output_bytes), READY_SECONDS)
            if status is not Status.DONE:
                raise GraderError(
                    "a kernel did not start: is there enough memory and disk space? Run `autograder doctor`"
                )
        except BaseException:
            self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        self.writer.close()
        self._end()

    async def run(self, kind: Kind, body: bytes, seconds: float) -> CellResult:
        """Execute a cell. After any status but DONE, the kernel cannot be used any more.

        kind: SOURCE or CODE, which says what the body is; seconds: of wall-clock time that the cell may take
        """
        token, outputs = secrets.token_bytes(8), Outputs(self.limits.output_bytes)
        self.writer.write(frame(token, kind, body))
        status = await self._outcome(token, outputs, seconds)
        return CellResult(status, outputs.finish())

    async def _outcome(self, token: bytes, outputs: Outputs, seconds: float) -> Status:
        """Collect the outputs of a cell until it ends or has to be given up; return how it ended."""
        reading = asyncio.ensure_future(self._read(token, outputs))
        watching = asyncio.ensure_future(self._watch())
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wait({reading, watching}, return_when=asyncio.FIRST_COMPLETED)
            return reading.result() if reading.done() else watching.result()
        except TimeoutError:
            return Status.TIMED_OUT
        finally:
            await cancel(reading, watching)

    async def _read(self, token: bytes, outputs: Outputs) -> Status:
        """Collect outputs until the cell ends; frames with another token are counted and skipped."""
        try:
            while True:
                theirs, kind, length = HEADER.unpack(await self.reader.readexactly(HEADER.size))
                outputs.count(length)
                body = await self.reader.readexactly(length)
                if theirs != token:
                    continue
                if kind == Kind.DONE:
                    return Status.DONE
                outputs.add(kind, body)
        except (asyncio.IncompleteReadError, ConnectionError):
            return Status.KILLED
        except TooMuchOutput:
            return Status.TOO_MUCH_OUTPUT
        except BrokenFrame:
            return Status.BROKEN_MESSAGES

    async def _watch(self) -> Status:
        """Poll what the sandbox uses, at intervals that continue from cell to cell; return when that is too much."""
        while True:
            await asyncio.sleep(max(0.0, self._next_look - time.monotonic()))
            self._next_look = time.monotonic() + LOOK_SECONDS
            if self.sandbox is not None:
                processes, memory = self.sandbox.usage()
                if memory > self.limits.memory_bytes:
                    return Status.OUT_OF_MEMORY
                if processes > self.limits.processes:
                    return Status.TOO_MANY_PROCESSES


async def cancel(*tasks: asyncio.Future[Status]) -> None:
    """Cancel tasks, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def kill_group(pid: int) -> None:
    """Kill a process that leads its group, and what it has started unless that has left the group."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
