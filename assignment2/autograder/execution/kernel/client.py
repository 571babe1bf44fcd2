"""Talking to a kernel. Nothing that comes out of it is trusted: it may send anything, in any order, or nothing."""

import asyncio
import os
import signal
import subprocess
import time
from contextlib import suppress
from queue import Empty
from types import TracebackType
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from nbformat import NotebookNode

from autograder.core.errors import GraderError
from autograder.core.results import CellResult, Status
from autograder.execution.job import Limits
from autograder.execution.kernel.outputs import add_output, size_of
from autograder.execution.kernel.sandbox import Sandbox

MAX_MESSAGE = 64 * 2**20  # bytes
READY_SECONDS, LOOK_SECONDS = 60, 0.25


class TooMuchOutput(Exception):
    """A cell has sent more than it may."""


class Kernel:
    """A kernel's process and a client that is connected to it. Use as `async with`: it is ready, and in the end gone.

    sandbox: the one that it lives in, None where it has the grader's rights
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        connection: KernelConnectionInfo,
        limits: Limits,
        sandbox: Sandbox | None = None,
    ):
        self.process, self.limits, self.sandbox = process, limits, sandbox
        self.context = zmq.asyncio.Context()
        self.context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)  # whoever sends more is disconnected
        self.context.setsockopt(zmq.RECONNECT_IVL, 5)  # milliseconds between looks whether the kernel listens by now
        self.client = AsyncKernelClient(context=self.context)
        self.client.load_connection_info(connection)

    async def __aenter__(self) -> "Kernel":
        self.client.start_channels(stdin=False, hb=False, control=False)
        self.lost = self.client.iopub_channel.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        try:
            await self._become_ready()
        except BaseException:
            self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self.client.stop_channels()
        self.context.destroy(linger=0)
        if self.sandbox is None and os.name == "posix":
            kill_group(self.process)
        self.process.kill()
        self.process.wait()

    async def _become_ready(self) -> None:
        """Wait until the kernel answers on both channels that are listened to; raises GraderError where it does not."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            self.client.kernel_info()
            try:
                await self.client.get_shell_msg(timeout=1)
                await self.client.get_iopub_msg(timeout=0.02)  # comes once the kernel has seen the subscription
                return
            except Empty:
                if self.process.poll() is not None:
                    break
        raise GraderError("a kernel did not start: is there memory and disk left? `autograder doctor` looks")

    async def run(self, source: str, seconds: float) -> CellResult:
        """Execute a cell. When it has ended in any other way than DONE, the kernel is of no use."""
        outputs: list[NotebookNode] = []
        printed = 0

        def collect(message: dict[str, Any]) -> None:
            nonlocal printed
            printed += size_of(message)
            if printed > self.limits.output_bytes:
                raise TooMuchOutput
            with suppress(KeyError, TypeError, AttributeError):  # a message that no kernel sends shows nothing
                add_output(outputs, message)

        answer = self.client.execute_interactive(
            source, allow_stdin=False, stop_on_error=False, timeout=seconds, output_hook=collect
        )
        execution = asyncio.ensure_future(answer)
        watch = asyncio.ensure_future(self._watch())
        try:
            await asyncio.wait({execution, watch}, return_when=asyncio.FIRST_COMPLETED)
            return CellResult(how_it_ended(execution) if execution.done() else watch.result(), outputs)
        finally:
            await cancel(execution, watch)

    async def _watch(self) -> Status:
        """Return why the cell must be given up, once that is so."""
        while self.process.poll() is None:
            if self.sandbox is not None:
                processes, memory = self.sandbox.usage()
                if memory > self.limits.memory_bytes:
                    return Status.OUT_OF_MEMORY
                if processes > self.limits.processes:
                    return Status.TOO_MANY_PROCESSES
            if await self.lost.poll(0):
                await asyncio.sleep(LOOK_SECONDS)  # a dying kernel is disconnected too
                return Status.KILLED if self.process.poll() is not None else Status.TOO_MUCH_OUTPUT
            await asyncio.sleep(LOOK_SECONDS)
        await asyncio.sleep(LOOK_SECONDS)  # what it sent before it died is on its way
        return Status.KILLED


def how_it_ended(execution: asyncio.Future[Any]) -> Status:
    """Return the status of a cell from what its execution, which is done, has raised."""
    try:
        execution.result()
    except TimeoutError:
        return Status.TIMED_OUT
    except TooMuchOutput:
        return Status.TOO_MUCH_OUTPUT
    except Exception:  # messages that no kernel sends: student code has written them, and may write anything
        return Status.BROKEN_MESSAGES
    return Status.DONE


async def cancel(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what a kernel has started as well, as long as it did not leave the group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
