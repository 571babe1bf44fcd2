"""The protocol between the two ends of a fork server: one packet for each kernel."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class KernelRequest:
    """Asks for a kernel in a sandbox that exists already. With the packet come the write end of the sandbox's pipe and
    the socket over which the kernel talks to the grader.

    sandbox_pid: a process in the sandbox, whose namespaces the kernel enters
    uid: the user that the kernel becomes; None if it stays the one that the grader is
    limits: those of Python's module `resource`, by name; environment: all its variables
    path: what goes to the front of `sys.path`; folder: where the kernel works
    forget: the names of top-level modules that the server may have imported and this kernel must not have
    """

    sandbox_pid: int
    uid: int | None
    limits: dict[str, int]
    environment: dict[str, str]
    path: list[str]
    folder: str
    forget: list[str]

    def to_bytes(self) -> bytes:
        """Return the packet."""
        return json.dumps(vars(self)).encode()

    @classmethod
    def from_bytes(cls, packet: bytes) -> "KernelRequest":
        """Return what a packet asks for."""
        return cls(**json.loads(packet))
