"""Open files that somebody else made: only regular files of a limited size, in their own folder."""

import hashlib
import os
import stat
from io import BufferedReader
from pathlib import Path

from autograder.core.errors import SubmissionError

MIB = 2**20


class Unusable(SubmissionError):
    """A file that was handed in and cannot be used; the message names it and says why."""


def open_regular(path: Path, limit: int) -> BufferedReader:
    """Open a file of a submission to read its bytes; raises Unusable unless it is a regular file of at most `limit`
    bytes.

    Neither the file nor the two folders that it is in, the assignment's and the student's, may be links, which may
    point to somebody else's files. A pipe or a device is not even opened: reading it could take forever.
    """
    try:
        if any(place.is_symlink() for place in (path, path.parent, path.parent.parent)):
            raise Unusable(f"{path.name} is a link, or in a folder that is a link: hand in the file itself")
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise Unusable(f"{path.name} is not a file")
        if found.st_size > limit:
            raise Unusable(f"{path.name} has {found.st_size / MIB:.0f} MB, more than {limit / MIB:.0f}")
        return path.open("rb")
    except FileNotFoundError:
        raise Unusable(f"{path.name} was not handed in") from None
    except OSError as error:
        raise Unusable(f"{path.name} cannot be read: {error.strerror}") from None


def read_regular(path: Path, limit: int) -> bytes:
    """Return the bytes of a file of a submission; raises what `open_regular` raises."""
    with open_regular(path, limit) as file:
        try:
            return file.read(limit)
        except OSError as error:
            raise Unusable(f"{path.name} cannot be read: {error.strerror}") from None


def hash_or_reason(path: Path, limit: int) -> str:
    """Return the hash of a file of a submission, which may be too large for memory, or why it cannot be used."""
    try:
        with open_regular(path, limit) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except Unusable as problem:
        return str(problem)
    except OSError as error:
        return str(error.strerror)


def is_there(path: Path) -> bool:
    """Return whether anything has this path, a broken link included. What cannot be inspected counts as something."""
    return os.path.lexists(path)
