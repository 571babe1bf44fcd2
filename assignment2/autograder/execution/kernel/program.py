"""The program that a kernel's process runs: IPython's shell, cell by cell, until the grader closes the pipe.

In a sandbox the fork server's child calls `serve`; without one it is started as a module, and its standard input and
output are the pipes. Students' modules must not replace what it imports, so Python's option -P keeps their folder off
the path until everything is imported.
"""

import marshal
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from types import CodeType

from autograder.execution.kernel.channel import Channel
from autograder.execution.kernel.frames import Kind
from autograder.execution.kernel.shell import PipeShell


def serve(shell: PipeShell, channel: Channel) -> None:
    """Run a kernel: execute each cell that comes, until the grader is gone."""
    shell.connect(channel)
    channel.send(Kind.DONE)
    while True:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # interrupts are for cells
        cell = channel.read()
        if cell is None:
            return
        with suppress(BaseException):  # student code may have replaced anything that is called here
            signal.signal(signal.SIGINT, signal.default_int_handler)
            run(shell, *cell)
        if channel.is_fork:  # a child that came back from student code
            os._exit(0)
        channel.send(Kind.DONE)


def run(shell: PipeShell, kind: Kind, body: bytes) -> None:
    """Run one cell. A compiled one leaves nothing in the history, and its source is not here."""
    if kind is Kind.SOURCE:
        shell.run_cell(body.decode(), store_history=True)  # type: ignore[no-untyped-call]
        return
    code = marshal.loads(body)
    assert isinstance(code, CodeType)
    try:
        exec(code, shell.user_ns)
    except BaseException:
        shell.showtraceback()


def end_with_parent() -> None:
    """End this process and all that it has started when the process that started it is gone."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Run a kernel without a sandbox, whose pipes are the standard input and output."""
    pipes = os.dup(0), os.dup(1)
    shell = PipeShell.make()
    sys.path.insert(1, "")  # after the definitions of earlier notebooks, as in a sandbox
    if os.name == "posix":
        end_with_parent()
    serve(shell, Channel(*pipes))


if __name__ == "__main__":
    main()
