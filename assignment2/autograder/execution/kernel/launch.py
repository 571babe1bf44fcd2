"""Start kernels: in a sandbox, or as processes with the grader's rights."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from autograder.execution.job import Limits
from autograder.execution.kernel import sandbox
from autograder.execution.kernel.client import Kernel, kill_group
from autograder.execution.kernel.fork_server import ForkServer
from autograder.execution.kernel.protocol import KernelRequest


@asynccontextmanager
async def sandboxed_kernel(
    folder: Path, limits: Limits, environment: dict[str, str], fork_server: ForkServer
) -> AsyncIterator[Kernel]:
    """Run a kernel in a sandbox. folder: on the grader's disk, with what `sandbox.file_system` shows of it."""
    opened = sandbox.open_sandbox(folder, limits.scratch_bytes)
    ours, theirs = socket.socketpair()
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
        reader, writer = await asyncio.open_connection(sock=ours)
    except BaseException:
        ours.close()
        opened.kill()
        raise
    finally:
        theirs.close()
        os.close(opened.pipe)  # from now on only the kernel's side keeps the sandbox open
    async with Kernel(reader, writer, limits, opened.kill, opened) as kernel:
        yield kernel


@asynccontextmanager
async def plain_kernel(folder: Path, limits: Limits, environment: dict[str, str]) -> AsyncIterator[Kernel]:
    """Run a kernel without a sandbox, in `folder`/work."""
    process = await create_subprocess_exec(
        *command(),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        cwd=folder / "work",
        env=environment,
        start_new_session=True,
    )

    def end() -> None:
        with suppress(ProcessLookupError):
            process.kill()

    ending = asyncio.ensure_future(end_with(process))
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        async with Kernel(process.stdout, process.stdin, limits, end) as kernel:
            yield kernel
    finally:
        await ending


def command() -> list[str]:
    """Return the command line of a kernel without a sandbox."""
    return [sys.executable, "-P", "-m", f"{__package__}.program"]


async def end_with(process: Process) -> None:
    """Wait until a kernel has ended, then kill what it has started, which may keep its pipes open."""
    await process.wait()
    if os.name == "posix":
        kill_group(process.pid)
