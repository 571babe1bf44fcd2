"""Kernels that cells are executed in: in a sandbox, or without one as processes with the grader's rights."""

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty

import zmq.asyncio
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.connect import write_connection_file
from jupyter_client.launcher import launch_kernel
from nbformat import NotebookNode, from_dict

from autograder.execution.kernel import sandbox
from autograder.execution.kernel.sandbox import Sandbox

DONE, TIMED_OUT, KILLED, TOO_MUCH_OUTPUT = "done", "timed out", "killed", "too much output"
OUT_OF_MEMORY, TOO_MANY_PROCESSES = "out of memory", "too many processes"
BROKEN_MESSAGES = "broken messages"
FAULTS = (TIMED_OUT, KILLED, TOO_MUCH_OUTPUT, OUT_OF_MEMORY, TOO_MANY_PROCESSES, BROKEN_MESSAGES)
KERNEL_OPTIONS = ["--HistoryManager.enabled=False", "--InteractiveShellApp.exec_PYTHONSTARTUP=False"]
KERNEL_COMMAND = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *KERNEL_OPTIONS]
MAX_MESSAGE = 64 * 2**20  # bytes
READY_SECONDS, LOOK_SECONDS = 60, 0.25
MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """What one notebook may use; of a cell: seconds, and the bytes of all messages that it sends.

    Memory is that of all processes together; scratch is what may be written to files, which are kept in memory.
    Without a sandbox only times and output are limited.
    """

    cell_seconds: float = 30
    notebook_seconds: float = 240
    output_bytes: int = 10 * MIB
    memory_bytes: int = 2048 * MIB
    scratch_bytes: int = 256 * MIB
    processes: int = 64

    def resources(self) -> dict[str, int]:
        """Return what the operating system enforces for each process, by the names of Python's module `resource`."""
        return {
            "RLIMIT_DATA": self.memory_bytes,
            "RLIMIT_FSIZE": self.scratch_bytes,
            "RLIMIT_CPU": int(self.notebook_seconds) + 1,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_NOFILE": 512,
            "RLIMIT_CORE": 0,
        }


class Stopped(Exception):
    """A cell was stopped; the message is its status."""


def blas_on_one_thread() -> dict[str, str]:
    return dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class ForkServer:
    """The other end of `autograder.execution.kernel.fork_server`, one for each grader process, started when it is first needed."""

    lock = threading.Lock()
    running: "ForkServer | None" = None

    def __init__(self):
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        keep = ("PATH", "HOME", "LANG", "OPENBLAS_CORETYPE", "PYTHONPATH")  # HOME: there are Matplotlib's known fonts
        environment = {name: os.environ[name] for name in keep if name in os.environ}
        environment |= {"PYTHONHASHSEED": "0", **blas_on_one_thread()}
        environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # ipykernel's debugger, else, warns about frozen modules
        command = [sys.executable, "-m", "autograder.execution.kernel.fork_server"]
        with theirs:
            self.process = subprocess.Popen(command, stdin=theirs, env=environment, cwd="/")

    @classmethod
    def fork(cls, request: dict, pipe: int) -> None:
        """Have a kernel forked that keeps `pipe` open while it runs."""
        with cls.lock:
            if cls.running is None or cls.running.process.poll() is not None:
                cls.running = cls()
            socket.send_fds(cls.running.control, [json.dumps(request).encode()], [pipe])


@asynccontextmanager
async def sandboxed_kernel(folder: Path, limits: "Limits", environment: dict[str, str]) -> "AsyncIterator[Kernel]":
    """Run a kernel in a sandbox. folder: on the grader's disk, with what `sandbox.file_system` shows of it."""
    box = sandbox.open_sandbox(folder, limits.scratch_bytes)
    try:
        # the sockets are inside the sandbox, in memory: on the grader's disk there is nothing that could be filled
        connection = new_connection(folder, "ipc", box.root + sandbox.SOCKETS)
        request = {
            "pid": box.pid,
            "uid": box.uid,
            "connection": {**connection, "ip": sandbox.SOCKETS},
            "limits": limits.resources(),
            "environment": environment,
            "path": [sandbox.WORK, sandbox.PACKAGES],
            "folder": sandbox.WORK,
            "forget": [path.stem for path in (folder / "withheld").glob("*.py")],
        }
        ForkServer.fork(request, box.pipe)
    except BaseException:
        box.process.kill()
        raise
    finally:
        os.close(box.pipe)  # from now on only the kernel's side keeps the sandbox open
    async with Kernel(box.process, connection, limits, box) as kernel:
        yield kernel


@asynccontextmanager
async def plain_kernel(folder: Path, limits: "Limits", environment: dict[str, str]) -> "AsyncIterator[Kernel]":
    """Run a kernel without a sandbox, in `folder`/work. It is reached over Unix sockets where there are any: a port
    could be reached by other users."""
    transport, ip = ("ipc", str(folder / "kernel")) if os.name == "posix" else ("tcp", "127.0.0.1")
    connection = new_connection(folder, transport, ip)
    command = [part.format(connection_file=folder / "connection.json") for part in KERNEL_COMMAND]
    silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = launch_kernel(command, cwd=str(folder / "work"), env=environment, **silent)
    async with Kernel(process, connection, limits) as kernel:
        yield kernel


def new_connection(folder: Path, transport: str, ip: str) -> dict:
    """Choose the key and the ports of a new kernel and write its connection file."""
    key = secrets.token_hex().encode()
    _, connection = write_connection_file(str(folder / "connection.json"), transport=transport, ip=ip, key=key)
    return connection


class Kernel:
    """A kernel's process and a client that is connected to it. Use as `async with`: it is ready, and in the end gone.

    Nothing that comes out of it is trusted: it may send anything, in any order, or nothing.
    """

    def __init__(self, process: subprocess.Popen, connection: dict, limits: Limits, box: Sandbox | None = None):
        self.process, self.limits, self.box = process, limits, box
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
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_) -> None:
        self.client.stop_channels()
        self.context.destroy(linger=0)
        if self.box is None and os.name == "posix":
            kill_group(self.process)
        self.process.kill()
        self.process.wait()

    async def _become_ready(self) -> None:
        """Wait until the kernel answers on both channels that are listened to."""
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
        raise RuntimeError("a kernel did not start: is there memory and disk left? `autograder doctor` looks")

    async def run(self, source: str, seconds: float) -> tuple[str, list[NotebookNode]]:
        """Execute a cell; returns its status and its outputs. After any status but DONE the kernel is of no use."""
        outputs: list[NotebookNode] = []
        printed = 0

        def collect(message: dict) -> None:
            nonlocal printed
            printed += size_of(message)
            if printed > self.limits.output_bytes:
                raise Stopped(TOO_MUCH_OUTPUT)
            with suppress(KeyError, TypeError, AttributeError):  # a message that no kernel sends shows nothing
                add_output(outputs, message)

        options = {"allow_stdin": False, "stop_on_error": False, "timeout": seconds, "output_hook": collect}
        execution = asyncio.ensure_future(self.client.execute_interactive(source, **options))
        watch = asyncio.ensure_future(self._watch())
        await asyncio.wait({execution, watch}, return_when=asyncio.FIRST_COMPLETED)
        try:
            if not execution.done():
                return watch.result(), outputs
            execution.result()
            return DONE, outputs
        except TimeoutError:
            return TIMED_OUT, outputs
        except Stopped as reason:
            return str(reason), outputs
        except Exception:  # messages that no kernel sends: student code has written them, and may write anything
            return BROKEN_MESSAGES, outputs
        finally:
            await cancel(execution, watch)

    async def _watch(self) -> str:
        """Return why the cell must be given up, once that is so."""
        while self.process.poll() is None:
            if self.box is not None:
                processes, memory = self.box.usage()
                if memory > self.limits.memory_bytes:
                    return OUT_OF_MEMORY
                if processes > self.limits.processes:
                    return TOO_MANY_PROCESSES
            if await self.lost.poll(0):
                await asyncio.sleep(LOOK_SECONDS)  # a dying kernel is disconnected too
                return KILLED if self.process.poll() is not None else TOO_MUCH_OUTPUT
            await asyncio.sleep(LOOK_SECONDS)
        await asyncio.sleep(LOOK_SECONDS)  # what it sent before it died is on its way
        return KILLED


def add_output(outputs: list[NotebookNode], message: dict) -> None:
    """Add what a message shows to the outputs of a cell, text to the text before it.

    What does not have the form that the notebook format asks for is left out: it would spoil the whole notebook.
    (nbformat's own `output_from_msg` validates with a JSON schema, which takes longer than the checks themselves.)
    """
    kind, content = message["header"]["msg_type"], message["content"]
    last = outputs[-1] if outputs else {}
    if kind == "stream" and all(isinstance(content[field], str) for field in ("name", "text")):
        if last.get("name") == content["name"]:
            last["text"] += content["text"]
        elif content["name"] in ("stdout", "stderr"):
            outputs.append(NotebookNode(output_type=kind, name=content["name"], text=content["text"]))
    elif kind in ("display_data", "execute_result") and is_bundle(content["data"]):
        output = NotebookNode(output_type=kind, data=from_dict(content["data"]), metadata=NotebookNode())
        if kind == "execute_result":
            output["execution_count"] = None
        outputs.append(output)
    elif kind == "error":
        trace = [str(line) for line in content["traceback"]]
        outputs.append(
            NotebookNode(output_type=kind, ename=str(content["ename"]), evalue=str(content["evalue"]), traceback=trace)
        )


def size_of(message: dict) -> int:
    """Return roughly how many bytes a message has: its strings, whatever holds them."""
    return len(json.dumps(message["content"], default=str))


def is_bundle(data: object) -> bool:
    """Tell whether this is a MIME bundle: texts, or JSON under the types that end in +json."""
    return isinstance(data, dict) and all(
        isinstance(mime, str) and (mime.endswith("json") or isinstance(value, str)) for mime, value in data.items()
    )


async def cancel(*tasks: asyncio.Future) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def kill_group(process: subprocess.Popen) -> None:
    """Kill what a kernel has started as well, as long as it did not leave the group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
