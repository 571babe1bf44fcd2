"""`python -m autograder.execution.kernel.fork_server`: forks kernels that have imported NumPy, Matplotlib and IPython already.

Importing them takes a second, most of what executing a notebook costs, so it is done once for each grader process.
Every request names a sandbox that bubblewrap has made; the forked child enters its namespaces before it runs anything
of a student's. The server itself runs no student code, holds nothing secret (its environment is the kernels') and is
not reachable from inside a sandbox.

A request is one packet on the standard input, a socket: JSON, and the write end of a pipe. When the kernel has ended,
whatever the reason, the pipe closes.
"""

import ast
import ctypes
import errno
import gc
import json
import os
import resource
import signal
import socket
import struct
import sys
import traceback
import warnings
from functools import lru_cache

NAMESPACES = ("user", "pid", "mnt", "net", "ipc", "uts")  # user first: it gives the right to enter the others
PRELOADED = (  # what every kernel imports at its start, or nearly every notebook
    "numpy.random",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "psutil",
    "IPython.core.completerlib",
    "IPython.core.debugger_backport",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
    "cs231n.checks",  # and whatever else of cs231n no check cell has to do without
    "cs231n.data_utils",
    "cs231n.layers",
    "cs231n.solver",
    "cs231n.vis_utils",
)
CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 4, 22, 38  # linux/prctl.h
# A namespace of its own would let student code mount a file system in memory without a limit. By machine: the value
# of AUDIT_ARCH and the numbers of mount, unshare, setns, open_tree, move_mount, fsopen and fsmount.
FORBIDDEN = {
    "x86_64": (0xC000003E, (165, 272, 308, 428, 429, 430, 432)),
    "aarch64": (0xC00000B7, (40, 97, 268, 428, 429, 430, 432)),
}

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Import what kernels need, then fork one for each request until the grader closes the socket."""
    for module in PRELOADED:
        __import__(module)
    gc.freeze()  # the collector would touch, and so copy, every page that the kernels share
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children: the pipe tells
    control = socket.socket(fileno=os.dup(0))
    while True:
        packet, pipes, _, _ = socket.recv_fds(control, 2**20, 1)
        if not packet:
            return
        if os.fork() == 0:
            control.close()
            attend(json.loads(packet), pipes[0])
        os.close(pipes[0])


def attend(request: dict, pipe: int) -> None:
    """In a child: start the kernel in the namespaces of the sandbox, keep the pipe open as long as it runs."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        spaces = open_namespaces(request["pid"])
        for name in ("user", "pid"):  # a process cannot change its own pid namespace, only that of its children
            if name in spaces:
                enter(spaces[name])
        kernel = os.fork()
        if kernel == 0:
            os.close(pipe)
            start_kernel(request, spaces)
        os.waitpid(kernel, 0)
    except BaseException:  # to the grader's terminal; no student code has run
        traceback.print_exc()
    finally:
        os._exit(0)


def open_namespaces(pid: int) -> dict[str, int]:
    """Open those namespaces of a process that are not our own."""
    spaces = {}
    for name in NAMESPACES:
        theirs = f"/proc/{pid}/ns/{name}"
        if os.readlink(theirs) != os.readlink(f"/proc/self/ns/{name}"):
            spaces[name] = os.open(theirs, os.O_RDONLY | os.O_CLOEXEC)
    missing = {"pid", "mnt", "net", "ipc"} - set(spaces)
    if missing:
        raise RuntimeError(f"the sandbox shares the {', '.join(sorted(missing))} namespace with the grader")
    return spaces


def enter(space: int) -> None:
    check(libc.setns(space, 0))


def check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def start_kernel(request: dict, spaces: dict[str, int]) -> None:
    """In the kernel's process: enter the sandbox for good, give up every privilege, and become a kernel."""
    for name in spaces.keys() - {"user", "pid"}:
        enter(spaces[name])  # of mnt, this changes the root folder too
    os.setsid()
    for name, value in request["limits"].items():
        resource.setrlimit(getattr(resource, name), (value, value))
    give_up_privileges(request["uid"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[:0] = request["path"]
    for name in [name for name in sys.modules if name.partition(".")[0] in request["forget"]]:
        del sys.modules[name]  # withheld from this kernel
    os.chdir(request["folder"])
    nothing = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):  # the grader's
        os.dup2(nothing, standard)
    os.closerange(3, 4096)
    become_kernel(request["connection"])


def give_up_privileges(uid: int | None) -> None:
    """Become an ordinary user (uid: where the grader is root, None else) who cannot gain privileges again."""
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    check(libc.capset(header, (ctypes.c_uint32 * 6)()))
    check(libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))  # else /proc/self belongs to root
    if os.uname().machine in FORBIDDEN:
        forbid(*FORBIDDEN[os.uname().machine])


def forbid(architecture: int, calls: tuple[int, ...]) -> None:
    """Make system calls fail with EPERM in this process and its children; the filter is described in seccomp(2)."""
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06  # of the classic BPF instructions, linux/filter.h
    refuse = len(calls) + 3
    program = [(load, 0, 0, 4), (equal, 0, refuse, architecture), (load, 0, 0, 0)]  # offsets in struct seccomp_data
    program.append((at_least, len(calls) + 1, 0, 0x40000000))  # the same calls by the numbers of the x32 interface
    program += [(equal, len(calls) - n, 0, call) for n, call in enumerate(calls)]
    program += [(answer, 0, 0, 0x7FFF0000), (answer, 0, 0, 0x00050000 | errno.EPERM)]  # allow; fail
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    filter_ = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(filter_))
    check(libc.prctl(PR_SET_SECCOMP, 2, ctypes.c_char_p(header), 0, 0))


def become_kernel(connection: dict) -> None:
    import numpy as np
    from ipykernel.kernelapp import IPKernelApp
    from ipykernel.zmqshell import ZMQInteractiveShell

    ZMQInteractiveShell.system = ZMQInteractiveShell.system_raw  # `!command` without a terminal, which is not there
    transform_only_what_is_not_python()
    np.random.seed()  # the server's state, which every kernel inherits, would make chance the same for all
    path = f"{connection['ip']}.json"
    os.makedirs(os.path.dirname(path), mode=0o700)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(connection, file)
    options = ["--HistoryManager.enabled=False", "--InteractiveShellApp.exec_PYTHONSTARTUP=False"]
    sys.argv = ["ipykernel_launcher", "-f", path, *options]
    IPKernelApp.launch_instance(sys.argv[1:])
    os._exit(0)


def transform_only_what_is_not_python() -> None:
    """Leave plain Python as it is, as IPython would in the end: it looks for its own syntax twice in every cell, with
    a tokenizer written in Python, which takes longer than most cells run."""
    from IPython.core.inputtransformer2 import TransformerManager

    transform = TransformerManager.do_token_transforms
    TransformerManager.do_token_transforms = lambda manager, lines: (
        lines if is_python("".join(lines)) else transform(manager, lines)
    )


@lru_cache(maxsize=1)  # ipykernel asks, and then IPython
def is_python(source: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the cell will say them itself
        try:
            ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


if __name__ == "__main__":
    main()
