"""The grader's end of a fork server."""

import socket
import subprocess
import sys
import threading

from autograder.core.errors import GraderError
from autograder.execution.kernel.protocol import KernelRequest


class ForkServer:
    """A process that kernels are forked from, started when the first kernel is needed; threads may share it."""

    def __init__(self, environment: dict[str, str], frameworks: tuple[str, ...] = ()):
        """environment: the variables of the process; frameworks: what it loads besides what all kernels need"""
        self._environment, self._frameworks = environment, frameworks
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self) -> socket.socket:
        """Start the process unless it is running; returns the grader's end of the socket to it."""
        if self._control is None or self._process is None or self._process.poll() is not None:
            self.close()
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            server = f"{__package__}.server"  # not imported here: it exists on Linux only
            command = [sys.executable, "-m", server, *(f"{__package__}.preload_{name}" for name in self._frameworks)]
            with theirs:
                self._process = subprocess.Popen(
                    command,
                    stdin=theirs.fileno(),
                    env=self._environment,
                    cwd="/",
                    process_group=0,  # its own: Ctrl-C reaches the grader only, and the server ends with it
                )
        return self._control

    def fork(self, request: KernelRequest, pipe: int, theirs: int) -> None:
        """Have a kernel forked; raises GraderError if the server has died.

        pipe: descriptor that stays open while the kernel runs; theirs: descriptor of the kernel's end of a socket
        """
        with self._lock:
            try:
                socket.send_fds(self.start(), [request.to_bytes()], [pipe, theirs])
            except (BrokenPipeError, ConnectionResetError):
                raise GraderError("the fork server has ended: read what it printed above, and grade again") from None

    def close(self) -> None:
        """End the process; kernels that it has forked live on."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
