"""Talk to a kernel. Nothing that it sends is trusted: it may send anything, in any order, or nothing."""

import secrets
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Protocol

from autograder.core.errors import GraderError
from autograder.core.results import CellResult, Status
from autograder.execution.job import Limits
from autograder.execution.kernel.frames import HEADER, NO_CELL, Kind, frame
from autograder.execution.kernel.outputs import BrokenFrame, Outputs, TooMuchOutput

READY_SECONDS, LOOK_SECONDS = 180, 0.25  # a framework takes seconds to load, on a busy machine minutes


class Pipes(Protocol):
    """What is written to them goes to the kernel, and what is read comes from it; buffered."""

    def read(self, size: int, /) -> bytes: ...
    def write(self, data: bytes, /) -> int: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...


class Home(Protocol):
    """What a kernel lives in: a sandbox, or a process with the grader's rights."""

    def usage(self) -> tuple[int, int]:
        """Return the number of processes and the memory in bytes, as far as they are limited."""

    def kill(self) -> None:
        """End the kernel and all that it has started; then nothing more can be read from it."""


class Kernel:
    """The grader's end of the pipes to a kernel. Use as `with`, which waits until it is ready, and ends it."""

    def __init__(self, pipes: Pipes, limits: Limits, home: Home):
        self.limits, self.home = limits, home
        self._pipes = pipes
        self._watch = Watch(limits, home)

    def __enter__(self) -> "Kernel":
        try:
            status = self._outcome(NO_CELL, Outputs(self.limits.output_bytes), READY_SECONDS)
            if status is not Status.DONE:
                raise GraderError(
                    "a kernel did not start: is there enough memory and disk space? Run `autograder doctor`"
                )
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        self._watch.stop()
        self.home.kill()
        with suppress(OSError):  # there may be a cell left that it did not read
            self._pipes.close()

    def run(self, kind: Kind, body: bytes, seconds: float) -> CellResult:
        """Execute a cell. After any status but DONE, the kernel cannot be used any more.

        kind: SOURCE or CODE, which says what the body is; seconds: of wall-clock time that the cell may take
        """
        token, outputs = secrets.token_bytes(8), Outputs(self.limits.output_bytes)
        status = self._outcome(token, outputs, seconds, frame(token, kind, body))
        return CellResult(status, outputs.finish())

    def _outcome(self, token: bytes, outputs: Outputs, seconds: float, cell: bytes = b"") -> Status:
        """Send a cell, and collect its outputs until it ends or has to be given up; return how it ended."""
        self._watch.begin(seconds)
        try:
            self._pipes.write(cell)
            self._pipes.flush()
            status = self._read(token, outputs)
        except OSError:
            status = Status.KILLED
        except TooMuchOutput:
            status = Status.TOO_MUCH_OUTPUT
        except BrokenFrame:
            status = Status.BROKEN_MESSAGES
        return self._watch.finish(status)

    def _read(self, token: bytes, outputs: Outputs) -> Status:
        """Collect outputs until the cell ends; frames with another token are counted and skipped."""
        while len(header := self._pipes.read(HEADER.size)) == HEADER.size:
            theirs, kind, length = HEADER.unpack(header)
            outputs.count(length)
            body = self._pipes.read(length)
            if len(body) < length:
                break
            if theirs != token:
                continue
            if kind == Kind.DONE:
                return Status.DONE
            outputs.add(kind, body)
        return Status.KILLED


class Watch:
    """Ends a kernel whose cell takes too long or too much. It is a thread, since the one that talks to the kernel
    only waits for it."""

    def __init__(self, limits: Limits, home: Home):
        self.limits, self.home = limits, home
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._deadline: float | None = None  # of the cell that runs
        self._found: Status | None = None
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def begin(self, seconds: float) -> None:
        """Start to watch a cell. seconds: of wall-clock time that it may take"""
        self._deadline = time.monotonic() + seconds

    def finish(self, status: Status) -> Status:
        """Stop watching a cell that has ended. Return why its kernel was killed; its status if it was not."""
        with self._lock:
            self._deadline = None
            return self._found or status

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(self._pause()):
            with self._lock:
                self._found = self._too_much() if self._deadline is not None else None
                if self._found is not None:
                    self.home.kill()
                    return

    def _pause(self) -> float:
        """Return the seconds until the next look: cells of less than a second are looked at when they are due."""
        deadline = self._deadline  # read once: the cell may end meanwhile, in the other thread
        left = LOOK_SECONDS if deadline is None else deadline - time.monotonic()
        return max(0.0, min(LOOK_SECONDS, left))

    def _too_much(self) -> Status | None:
        if self._pause() == 0.0:
            return Status.TIMED_OUT
        processes, memory = self.home.usage()
        if memory > self.limits.memory_bytes:
            return Status.OUT_OF_MEMORY
        if processes > self.limits.processes:
            return Status.TOO_MANY_PROCESSES
        return None
