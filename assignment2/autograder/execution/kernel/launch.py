"""Start kernels: in a sandbox, or as processes with the grader's rights."""

import io
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from autograder.execution.job import Limits
from autograder.execution.kernel import sandbox
from autograder.execution.kernel.client import Kernel, Pipes
from autograder.execution.kernel.fork_server import ForkServer
from autograder.execution.kernel.protocol import KernelRequest

BUFFER_BYTES = 2**16


@contextmanager
def sandboxed_kernel(
    folder: Path, limits: Limits, environment: dict[str, str], fork_server: ForkServer
) -> Iterator[Kernel]:
    """Run a kernel in a sandbox. folder: on the grader's disk, with what `sandbox.file_system` shows of it."""
    opened = sandbox.open_sandbox(folder, limits.scratch_bytes)
    ours, theirs = socket.socketpair()
    with ours:
        try:
            request = KernelRequest(
                sandbox_pid=opened.pid,
                uid=opened.uid,
                limits=limits.resources(),
                environment=environment,
                path=[sandbox.IMPORTS, sandbox.WORK, sandbox.PACKAGES],
                folder=sandbox.WORK,
                forget=[path.stem for path in (folder / "withheld").glob("*.py")],
            )
            fork_server.fork(request, opened.pipe, theirs.fileno())
        except BaseException:
            opened.kill()
            raise
        finally:
            theirs.close()
            os.close(opened.pipe)  # from now on only the kernel's side keeps the sandbox open
        with Kernel(pipes_of(ours), limits, opened) as kernel:
            yield kernel


@contextmanager
def plain_kernel(folder: Path, limits: Limits, environment: dict[str, str]) -> Iterator[Kernel]:
    """Run a kernel without a sandbox, in `folder`/work."""
    process = PlainProcess(folder / "work", environment)
    with Kernel(process.pipes, limits, process) as kernel:
        yield kernel


class PlainProcess:
    """A kernel's process with the grader's rights. pipes: to its standard input and from its standard output"""

    pipes: Pipes

    def __init__(self, folder: Path, environment: dict[str, str]):
        self._socket: socket.socket | None = None
        self._ended = False
        theirs: Any = subprocess.PIPE
        if os.name == "posix":  # a socket can be shut: a process that the kernel has started may keep a pipe open
            self._socket, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            command(),
            bufsize=0,
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        if self._socket is not None:
            theirs.close()
            self.pipes = pipes_of(self._socket)
        else:
            process: Any = self._process  # the types of `subprocess` do not say that its pipes are raw
            self.pipes = io.BufferedRWPair(process.stdout, process.stdin, BUFFER_BYTES)

    def usage(self) -> tuple[int, int]:
        """Return nothing: only times and output are limited. What a process has left running when it ended is ended."""
        if self._process.poll() is not None:
            self.kill()
        return 0, 0

    def kill(self) -> None:
        """End the process and what it has started, as long as that did not leave its group."""
        if self._ended:
            return
        self._ended = True
        self._process.kill()
        self._process.wait()
        if self._socket is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            with suppress(OSError):  # a socket whose other end is closed
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()


def pipes_of(connection: socket.socket) -> Pipes:
    """Return the buffered two ways of a socket."""
    raw = connection.makefile("rwb", 0)
    return io.BufferedRWPair(raw, raw, BUFFER_BYTES)


def command() -> list[str]:
    """Return the command line of a kernel without a sandbox."""
    return [sys.executable, "-P", "-m", f"{__package__}.program"]
