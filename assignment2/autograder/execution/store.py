"""Store executions on disk, addressed by the hash of everything that they depend on.

A run that was killed finds here what it had executed, and a second run over the same class executes nothing. Any number
of processes may write: an entry appears whole or not at all.
"""

import gzip
import json
import os
import tempfile
import zlib
from pathlib import Path

from nbformat import from_dict

from autograder.core.results import CellResult, Status
from autograder.execution.job import Job

GZIP = zlib.MAX_WBITS + 16  # zlib's number for this format


def pack(results: list[CellResult]) -> bytes:
    """Return results as they are stored and sent: compressed JSON."""
    entries = [{"status": result.status, "outputs": result.outputs} for result in results]
    # most of it is numbers in base64, where only runs repeat: looking for other repeats takes three times as long
    compressor = zlib.compressobj(1, wbits=GZIP, strategy=zlib.Z_RLE)
    return compressor.compress(json.dumps(entries).encode()) + compressor.flush()


def unpack(packed: bytes) -> list[CellResult]:
    """Return what was packed; raises ValueError if it is damaged."""
    try:
        entries = json.loads(gzip.decompress(packed))
        return [CellResult(Status(entry["status"]), from_dict(entry["outputs"])) for entry in entries]
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"damaged results: {error}") from None


class Store:
    """A folder of executions."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)

    def _path(self, job: Job) -> Path:
        return self.folder / job.address[:2] / f"{job.address}.json.gz"

    def __contains__(self, job: Job) -> bool:
        return self._path(job).exists()

    def get(self, job: Job) -> list[CellResult] | None:
        """Return the results of a job, None if it was not executed yet or its entry is damaged."""
        path = self._path(job)
        try:
            found = unpack(path.read_bytes())
            os.utime(path)  # it is in use: see `clean`
            return found
        except (OSError, ValueError):
            return None

    def size(self) -> int:
        """Return the bytes of all entries."""
        return sum(path.stat().st_size for path in self._files())

    def clean(self, since: float) -> int:
        """Delete what has not been used since a time, in seconds since 1970; return how many bytes that was. What is
        needed again is executed again."""
        unused = [(path, status.st_size) for path in self._files() if (status := path.stat()).st_mtime < since]
        for path, _ in unused:
            path.unlink()
        return sum(size for _, size in unused)

    def _files(self) -> list[Path]:
        return [path for path in self.folder.glob("*/*") if path.is_file()]

    def put(self, job: Job, packed: bytes) -> None:
        """Store the results of a job, packed; raises OSError if the disk is full."""
        path = self._path(job)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(packed)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
