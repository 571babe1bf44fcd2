"""Refuse system calls, by libseccomp, to everything in a sandbox: student code, and bubblewrap's own processes.

A process with its own mount or user namespace could mount a file system in memory without a limit. `clone` is refused
only with the flag that asks for a user namespace. The flags of `clone3` are in memory, which no filter can read, so
that call does not exist, and the C library falls back to `clone`.

Memory that processes share belongs to none of them and can outlive every mapping of it, so it could not be counted:
System V's segments, files in memory that have no name, and anonymous shared mappings do not exist. What is shared
through files in the sandbox's own file systems in memory is limited by their size. `io_uring` would make calls that no
filter sees. And a process must not act through another one, which has other limits: none may read or write another's
memory.
"""

import errno
import mmap
import tempfile
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyseccomp import SyscallFilter

CLONE_NEWUSER = 0x10000000  # linux/sched.h
REFUSED = ("mount", "unshare", "setns", "open_tree", "move_mount", "fsopen", "fsmount")
FOREIGN_MEMORY = ("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd")
UNCOUNTED = ("shmget", "msgget", "semget", "memfd_create", "memfd_secret", "io_uring_setup", "add_key", "keyctl")


def unavailable() -> str:
    """Say in a few words why there is no filter on this machine; "" if there is one."""
    try:
        import pyseccomp  # noqa: F401
    except ImportError:
        return "the package pyseccomp is not installed"
    except (RuntimeError, OSError):
        return "the library libseccomp.so.2 is not installed"
    return ""


def new_filter() -> "SyscallFilter":
    """Return the filter; its `load` applies it to the calling process and its children, permanently."""
    from pyseccomp import ALLOW, ERRNO, MASKED_EQ, Arg, Attr, SyscallFilter

    refuse = ERRNO(errno.EPERM)
    made = SyscallFilter(ALLOW)
    made.set_attr(Attr.ACT_BADARCH, refuse)  # the same calls through the interface of another architecture
    for name in (*REFUSED, *FOREIGN_MEMORY, *UNCOUNTED):
        made.add_rule(refuse, name)
    shared = mmap.MAP_SHARED | mmap.MAP_ANONYMOUS
    made.add_rule(refuse, "mmap", Arg(3, MASKED_EQ, shared, shared))
    made.add_rule(refuse, "clone", Arg(0, MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER))
    made.add_rule(ERRNO(errno.ENOSYS), "clone3")
    return made


@cache
def program() -> bytes:
    """Return the filter as bubblewrap reads it, to put it on its own processes in a sandbox."""
    with tempfile.TemporaryFile() as file:
        new_filter().export_bpf(file)
        file.seek(0)
        return file.read()
