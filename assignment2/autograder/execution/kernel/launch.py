"""Starting kernels: in a sandbox, or without one as processes with the grader's rights."""

import os
import secrets
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from jupyter_client.connect import KernelConnectionInfo, write_connection_file
from jupyter_client.launcher import launch_kernel

from autograder.execution.job import Limits
from autograder.execution.kernel import program, sandbox
from autograder.execution.kernel.client import Kernel
from autograder.execution.kernel.fork_server import ForkServer
from autograder.execution.kernel.protocol import KernelRequest


@asynccontextmanager
async def sandboxed_kernel(
    folder: Path, limits: Limits, environment: dict[str, str], fork_server: ForkServer
) -> AsyncIterator[Kernel]:
    """Run a kernel in a sandbox. folder: on the grader's disk, with what `sandbox.file_system` shows of it."""
    opened = sandbox.open_sandbox(folder, limits.scratch_bytes)
    try:
        # the sockets are inside the sandbox, in memory: on the grader's disk there is nothing that could be filled
        connection = new_connection(folder, "ipc", opened.root + sandbox.SOCKETS)
        request = KernelRequest(
            sandbox_pid=opened.pid,
            uid=opened.uid,
            connection=dict(connection, ip=sandbox.SOCKETS),
            limits=limits.resources(),
            environment=environment,
            path=[sandbox.WORK, sandbox.PACKAGES],
            folder=sandbox.WORK,
            forget=[path.stem for path in (folder / "withheld").glob("*.py")],
        )
        fork_server.fork(request, opened.pipe)
    except BaseException:
        opened.process.kill()
        opened.process.wait()
        raise
    finally:
        os.close(opened.pipe)  # from now on only the kernel's side keeps the sandbox open
    async with Kernel(opened.process, connection, limits, opened) as kernel:
        yield kernel


@asynccontextmanager
async def plain_kernel(folder: Path, limits: Limits, environment: dict[str, str]) -> AsyncIterator[Kernel]:
    """Run a kernel without a sandbox, in `folder`/work. It is reached over Unix sockets where there are any: a port
    could be reached by other users."""
    transport, ip = ("ipc", str(folder / "kernel")) if os.name == "posix" else ("tcp", "127.0.0.1")
    connection = new_connection(folder, transport, ip)
    command = program.command(str(folder / "connection.json"))
    nothing = subprocess.DEVNULL
    work = str(folder / "work")
    process = launch_kernel(command, stdin=nothing, stdout=nothing, stderr=nothing, cwd=work, env=environment)
    async with Kernel(process, connection, limits) as kernel:
        yield kernel


def new_connection(folder: Path, transport: str, ip: str) -> KernelConnectionInfo:
    """Choose the key and the ports of a new kernel and write its connection file."""
    key = secrets.token_hex().encode()
    _, connection = write_connection_file(str(folder / "connection.json"), transport=transport, ip=ip, key=key)
    return connection
