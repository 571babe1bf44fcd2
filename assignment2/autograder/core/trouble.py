"""Recognize problems of the machine that stop a run: a full disk, a gradebook that another program has locked."""

import errno
import sqlite3
from collections.abc import Iterator

from sqlalchemy.exc import OperationalError

DISK_IS_FULL = "the disk is full: make room"


def trouble_of_machine(error: BaseException) -> str:
    """Return what the machine could not do and what to do about it, so that " and run ... again" may follow; "" for any
    other exception."""
    for each in chain(error):
        if isinstance(each, OSError) and each.errno in (errno.ENOSPC, errno.EDQUOT):
            return DISK_IS_FULL
        if isinstance(each, OperationalError | sqlite3.OperationalError):
            said = str(getattr(each, "orig", None) or each)
            if "full" in said:
                return DISK_IS_FULL
            if "locked" in said:
                return "the gradebook is locked by another program, such as formgrader: close it"
            return f"the gradebook cannot be used. Its database says {said!r}: fix that"
    return ""


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and those that led to it: nbgrader wraps those of its database in its own."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
