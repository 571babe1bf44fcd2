"""A kernel's end of the pipes to the grader, which also buffers what cells print."""

import io
import os
import stat
import tempfile
import threading
import time
from contextlib import suppress

from autograder.execution.kernel.frames import HEADER, NO_CELL, Kind, frame

FLUSH_SECONDS, FLUSH_CHARACTERS = 0.2, 2**16
READ_BYTES = 2**20


class Channel:
    """Reads cells from one file descriptor and writes frames about the current one to another.

    What child processes print does not come through Python: they write to a file, which is read when the channel is
    flushed. A process that student code forks keeps no channel: what it prints goes into that file too.
    """

    def __init__(self, source: int, sink: int):
        self.source, self.sink = source, sink
        self.token = NO_CELL
        self.is_fork = False
        self._lock = threading.Lock()
        self._printed: list[tuple[Kind, str]] = []
        self._characters = 0
        self._flushed = 0.0
        self._file = capture_children()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self.flush, after_in_child=self._become_fork)

    def _become_fork(self) -> None:
        self.is_fork = True

    def read(self) -> tuple[Kind, bytes] | None:
        """Wait for the next cell, whose frames are written from now on; returns None when the grader is gone."""
        header = self._read_exactly(HEADER.size)
        if header is None:
            return None
        token, kind, length = HEADER.unpack(header)
        body = self._read_exactly(length)
        if body is None:
            return None
        self.token = token
        return Kind(kind), body

    def _read_exactly(self, length: int) -> bytes | None:
        parts = []
        while length > 0:
            part = os.read(self.source, min(length, READ_BYTES))
            if not part:
                return None
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def send(self, kind: Kind, body: bytes = b"") -> None:
        """Write a frame about the current cell, after all that was printed before it."""
        self.flush()
        self._write(kind, body)

    def _write(self, kind: Kind, body: bytes) -> None:
        if self.is_fork:
            return
        with self._lock:  # threads print too
            rest = memoryview(frame(self.token, kind, body))
            while rest:
                rest = rest[os.write(self.sink, rest) :]

    def print(self, kind: Kind, text: str) -> None:
        """Buffer what was printed, and send it if there is much of it or the last flush is some time ago."""
        if self.is_fork:
            os.write(self._file, text.encode(errors="replace"))
            return
        self._printed.append((kind, text))
        self._characters += len(text)
        if self._characters > FLUSH_CHARACTERS or time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what was printed, and what child processes have printed, in as few frames as possible."""
        printed, self._printed, self._characters = self._printed, [], 0
        self._flushed = time.monotonic()
        start = 0
        for end in range(1, len(printed) + 1):
            if end == len(printed) or printed[end][0] is not printed[start][0]:
                text = "".join(text for _, text in printed[start:end])
                self._write(printed[start][0], text.encode(errors="replace"))
                start = end
        self._flush_children()

    def _flush_children(self) -> None:
        with suppress(OSError):  # student code may have closed anything
            if self.is_fork or not os.fstat(self._file).st_size:
                return
            os.lseek(self._file, 0, os.SEEK_SET)
            while part := os.read(self._file, READ_BYTES):
                self._write(Kind.STDOUT, part)
            os.ftruncate(self._file, 0)


def capture_children() -> int:
    """Redirect the standard output and error of this process, which its children inherit, to a file without a name, and
    its standard input to the null device; returns the descriptor of the file."""
    descriptor, path = tempfile.mkstemp()
    os.close(descriptor)
    # appending, so that it can be emptied between two writes
    file = os.open(path, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_TEMPORARY", 0))
    if os.name == "posix":
        os.unlink(path)
    assert stat.S_ISREG(os.fstat(file).st_mode)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for standard, target in ((0, nothing), (1, file), (2, file)):
        os.dup2(target, standard)
    os.close(nothing)
    return file


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of a kernel."""

    def __init__(self, channel: Channel, kind: Kind):
        self.channel, self.kind = channel, kind

    encoding = "UTF-8"
    errors = "replace"

    @property
    def name(self) -> str:
        return f"<{self.kind.name.lower()}>"

    def fileno(self) -> int:
        """Return the descriptor that child processes may print to."""
        return 1 if self.kind is Kind.STDOUT else 2

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.channel.print(self.kind, text)
        return len(text)

    def flush(self) -> None:
        self.channel.flush()
