"""System calls that student code may not make, by libseccomp.

A mount or user namespace of its own would let it mount a file system in memory without a limit. `clone` is refused
only with the flag that asks for a user namespace; the flags of `clone3` lie in memory, where no filter can look, so
that call does not exist, and the C library falls back to `clone`.
"""

import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyseccomp import SyscallFilter

CLONE_NEWUSER = 0x10000000  # linux/sched.h
REFUSED = ("mount", "unshare", "setns", "open_tree", "move_mount", "fsopen", "fsmount")


def unavailable() -> str:
    """Say in a few words why there is no filter on this machine; "" where there is one."""
    try:
        import pyseccomp  # noqa: F401
    except ImportError:
        return "the package pyseccomp is not installed"
    except (RuntimeError, OSError):
        return "the library libseccomp.so.2 is not installed"
    return ""


def new_filter() -> "SyscallFilter":
    """Return the filter; its `load` puts it on the calling process and its children, for good."""
    from pyseccomp import ALLOW, ERRNO, MASKED_EQ, Arg, Attr, SyscallFilter

    refuse = ERRNO(errno.EPERM)
    made = SyscallFilter(ALLOW)
    made.set_attr(Attr.ACT_BADARCH, refuse)  # the same calls through the interface of another architecture
    for name in REFUSED:
        made.add_rule(refuse, name)
    made.add_rule(refuse, "clone", Arg(0, MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER))
    made.add_rule(ERRNO(errno.ENOSYS), "clone3")
    return made
