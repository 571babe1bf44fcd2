"""Let only one grader work in a course folder at a time."""

import os
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from autograder.core.errors import GraderError

LOCK, HOLDER = ".grading.lock", ".grading.holder"


class CourseIsBusy(GraderError):
    """Another grader holds the lock; the message says who."""


@contextmanager
def only_grader(course: Path) -> Iterator[None]:
    """Hold the lock of a course; raises CourseIsBusy if another process on any machine holds it.

    The lock is an exclusive transaction on an empty SQLite database: the operating system releases it when its
    holder ends, for whatever reason.
    """
    with closing(sqlite3.connect(course / LOCK, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            holder = course / HOLDER
            who = holder.read_text(encoding="utf-8") if holder.exists() else "another process"
            raise CourseIsBusy(f"{course} is being graded by {who}: wait until it has finished, or stop it") from None
        me = f"process {os.getpid()} on {socket.gethostname()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}"
        (course / HOLDER).write_text(me, encoding="utf-8")
        try:
            yield
        finally:
            (course / HOLDER).unlink(missing_ok=True)
