"""Read zip archives that other people made, within limits.

Nothing here trusts an archive, neither its paths nor the sizes that it declares.
"""

import lzma
import os
import stat
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from autograder.core.errors import SubmissionError
from autograder.core.files import MIB
from autograder.core.text import printable

MAX_DIRECTORY_BYTES = 16 * MIB  # of an archive's own list of files, which is read as a whole
END_OF_DIRECTORY, END_BYTES = b"PK\5\6", 22 + 2**16  # the record at an archive's end; a comment may follow it
ENCRYPTED, UTF8 = 0x1, 0x800  # flags of an entry
MAX_PART_BYTES = 200  # of a file's or folder's name


class Refused(SubmissionError):
    """A file in an archive, or a whole archive, that is not unpacked; the message says why."""


@dataclass(frozen=True)
class Member:
    """A file in an archive."""

    archive: ZipFile
    info: ZipInfo

    @cached_property
    def path(self) -> str:
        """The path in the archive, with "/" between its parts, whatever system it was made on."""
        name = self.info.filename
        if not self.info.flag_bits & UTF8:  # then it should be cp437, but many programs write UTF-8 and do not say so
            with suppress(UnicodeError):
                name = name.encode("cp437").decode("utf-8")
        return unicodedata.normalize("NFC", name.replace("\\", "/"))

    @property
    def size(self) -> int:
        """The bytes that it declares; reading it never gives more."""
        return self.info.file_size

    @property
    def problem(self) -> str:
        """Why it must not be unpacked, "" if it may be."""
        path = PurePosixPath(self.path)
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            return "its path leads out of the archive"
        if stat.S_IFMT(self.info.external_attr >> 16) not in (0, stat.S_IFREG):
            return "it is not a regular file"
        if printable(self.path) != self.path or any(len(os.fsencode(part)) > MAX_PART_BYTES for part in path.parts):
            return "its name has control characters, or is too long"
        if self.info.flag_bits & ENCRYPTED:
            return "it is encrypted"
        return ""

    def copy_to(self, target: Path, limit: int) -> None:
        """Unpack into a new file; raises Refused if it has more than `limit` bytes, or is damaged."""
        if self.size > limit:
            raise Refused(f"it has {self.size / MIB:.0f} MB, more than {limit / MIB:.0f}")
        with target.open("xb") as file:
            for chunk in self.chunks():
                file.write(chunk)

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in pieces of at most 1 MiB; raises Refused if it is damaged."""
        try:
            with self.archive.open(self.info) as file:
                while chunk := file.read(MIB):
                    yield chunk
        except (BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError) as error:
            raise Refused(f"it is damaged: {error}") from None
        except OSError as error:
            if error.errno is not None:  # an error of the disk, not of the decompressor
                raise
            raise Refused(f"it is damaged: {error}") from None


@contextmanager
def opened(path: Path) -> Iterator[ZipFile]:
    """Open an archive to read it; raises Refused if it is not one, or lists too many files."""
    if size_of_directory(path) > MAX_DIRECTORY_BYTES:
        raise Refused("it lists too many files")
    try:
        archive = ZipFile(path)
    except (BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise Refused(f"it is not a zip archive: {error}") from None
    with archive:
        yield archive


def size_of_directory(path: Path) -> int:
    """Return how many bytes an archive says that its list of files has, 0 if it has none: ZipFile reads them all."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - END_BYTES))
        end = file.read()
    start = end.rfind(END_OF_DIRECTORY)
    if start < 0 or len(end) < start + 16:
        return 0
    size: int = struct.unpack_from("<L", end, start + 12)[0]
    return size


def members(archive: ZipFile) -> list[Member]:
    """Return the files of an archive, in its order."""
    return [Member(archive, info) for info in archive.infolist() if info.filename.strip("/\\") and not info.is_dir()]
