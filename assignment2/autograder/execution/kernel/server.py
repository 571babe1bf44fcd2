"""The program of a fork server, started with `python -m`: forks kernels that have already imported NumPy, Matplotlib
and IPython.

Importing them takes a second, most of what executing a notebook costs, so it is done once for each worker. Every
request names a sandbox that bubblewrap has made; the forked child enters its namespaces before it runs any student
code. The server itself runs no student code, has no secrets (its environment is that of the kernels) and cannot be
reached from inside a sandbox.

A request is one packet on the standard input, which is a socket. With it come the write end of a pipe and the socket
that the kernel reads cells from. The pipe closes when the kernel has ended, for whatever reason.
"""

import ctypes
import errno
import gc
import os
import resource
import signal
import socket
import sys
import traceback
from typing import TYPE_CHECKING, NoReturn

from autograder.core import upstream
from autograder.execution.kernel import program, seccomp
from autograder.execution.kernel.channel import Channel
from autograder.execution.kernel.protocol import KernelRequest
from autograder.execution.kernel.shell import PipeShell

if TYPE_CHECKING:
    from pyseccomp import SyscallFilter

NAMESPACES = ("user", "pid", "mnt", "net", "ipc", "uts")  # user first: it gives the right to enter the others
PRELOADED = (  # besides what kernels import themselves: of cs231n, only what no check cell withholds
    "numpy.random",
    "matplotlib.pyplot",
    "cs231n.checks",
    "cs231n.data_utils",
    "cs231n.layers",
    "cs231n.solver",
    "cs231n.vis_utils",
)
CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h
CELLS = 3  # the descriptor of a kernel's socket
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38  # linux/prctl.h

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Import what kernels need, and the modules that the command line names; then fork a kernel for each request.

    It ends when the grader closes the socket.
    """
    for module in (*PRELOADED, *sys.argv[1:]):
        __import__(module)
    upstream.preload_kernels()
    shell = PipeShell.make()
    system_calls = seccomp.new_filter()
    gc.freeze()  # the collector would touch, and so copy, every page that the kernels share
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children: the pipe tells when they end
    control = socket.socket(fileno=os.dup(0))
    while True:
        packet, descriptors, _, _ = socket.recv_fds(control, 2**20, 2)
        if not packet:
            return
        pipe, cells = descriptors
        if os.fork() == 0:
            control.close()
            serve_kernel(packet, pipe, cells, system_calls, shell)
        os.close(pipe)
        os.close(cells)


def serve_kernel(packet: bytes, pipe: int, cells: int, system_calls: "SyscallFilter", shell: PipeShell) -> NoReturn:
    """In a child: start the kernel in the namespaces of the sandbox, and keep the pipe open while it runs."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        request = KernelRequest.from_bytes(packet)
        spaces = open_namespaces(request.sandbox_pid)
        for name in ("user", "pid"):  # a process cannot change its own pid namespace, only that of its children
            if name in spaces:
                enter(spaces[name])
        kernel = fork_in_sandbox()
        if kernel == 0:
            os.close(pipe)
            enter_sandbox(request, spaces, cells, system_calls)
            become_kernel(shell)
        os.close(cells)
        os.waitpid(kernel, 0)
    except SandboxGone:  # the grader was interrupted, and waits for no kernel any more
        pass
    except BaseException:  # to the grader's terminal; no student code has run
        traceback.print_exc()
    finally:
        os._exit(0)


class SandboxGone(Exception):
    """The sandbox has ended before its kernel could enter it."""


def fork_in_sandbox() -> int:
    """Fork into the process namespace that was entered; raises SandboxGone if its first process has ended."""
    try:
        return os.fork()
    except OSError as error:
        if error.errno == errno.ENOMEM:  # also when memory is short: the grader's message names both
            raise SandboxGone from None
        raise


def open_namespaces(pid: int) -> dict[str, int]:
    """Open those namespaces of a process that are not our own; raises SandboxGone if the process has ended."""
    spaces = {}
    try:
        for name in NAMESPACES:
            theirs = f"/proc/{pid}/ns/{name}"
            if os.readlink(theirs) != os.readlink(f"/proc/self/ns/{name}"):
                spaces[name] = os.open(theirs, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, ProcessLookupError):
        raise SandboxGone from None
    missing = {"pid", "mnt", "net", "ipc"} - set(spaces)
    if missing:
        raise RuntimeError(f"the sandbox shares the {', '.join(sorted(missing))} namespace with the grader")
    return spaces


def enter(space: int) -> None:
    """Enter a namespace. space: a descriptor of it"""
    check(libc.setns(space, 0))


def check(result: int) -> None:
    """Raise the OSError of a C function that did not return 0."""
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def enter_sandbox(request: KernelRequest, spaces: dict[str, int], cells: int, system_calls: "SyscallFilter") -> None:
    """In the kernel's process: enter the sandbox for good, give up every privilege, and close every file but CELLS and
    the standard streams."""
    for name in spaces.keys() - {"user", "pid"}:
        enter(spaces[name])  # of mnt, this changes the root folder too
    os.setsid()
    for name, value in request.limits.items():
        resource.setrlimit(getattr(resource, name), (value, value))
    give_up_privileges(request.uid)
    system_calls.load()
    os.environ.clear()
    os.environ.update(request.environment)
    sys.path[:0] = request.path
    if request.forget:  # else looking would touch, and so copy, a page for each module
        for name in [name for name in sys.modules if name.partition(".")[0] in request.forget]:
            del sys.modules[name]
    os.chdir(request.folder)
    os.dup2(cells, CELLS, inheritable=False)
    os.closerange(CELLS + 1, 4096)


def give_up_privileges(uid: int | None) -> None:
    """Become an ordinary user (uid: if the grader is root, else None) who cannot gain privileges again."""
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    check(libc.capset(header, (ctypes.c_uint32 * 6)()))
    check(libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))  # else only root could see what it uses


def become_kernel(shell: PipeShell) -> NoReturn:
    """Run a kernel in this process until the grader is gone."""
    import numpy as np

    np.random.seed()  # every kernel inherits the server's state, and would draw the same numbers
    program.serve(shell, Channel(CELLS, CELLS))
    os._exit(0)


if __name__ == "__main__":
    main()
