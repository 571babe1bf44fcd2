"""Store executions on disk, addressed by the hash of everything that they depend on.

A run that was killed finds here what it had executed, and a second run over the same class executes nothing. Any number
of processes may write: an entry appears whole or not at all.
"""

import marshal
import os
import tempfile
from pathlib import Path
from typing import Any

import zstandard
from nbformat import NotebookNode

from autograder.core.results import CellResult, Status
from autograder.execution.job import Job

ENDING = ".zst"


def pack(results: list[CellResult]) -> bytes:
    """Return results as they are stored and sent, compressed.

    Most of it is base64 of numbers, and much of that comes again. Zstandard finds it in an eighth of the time that
    deflate takes to find nothing. `marshal` is ten times as fast as JSON, and only this version of Python reads what it
    writes: a job's address contains the version.
    """
    entries = [(result.status.value, [as_dicts(output) for output in result.outputs]) for result in results]
    return zstandard.ZstdCompressor(level=1, write_checksum=True).compress(marshal.dumps(entries))


def unpack(packed: bytes) -> list[CellResult]:
    """Return what was packed; raises ValueError if it is damaged, which the checksum tells."""
    try:
        entries = marshal.loads(zstandard.ZstdDecompressor().decompress(packed))
        return [CellResult(Status(status), [as_nodes(output) for output in outputs]) for status, outputs in entries]
    except (zstandard.ZstdError, EOFError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"damaged results: {error}") from None


def as_dicts(output: NotebookNode) -> dict[str, Any]:
    """Return an output without the types of the notebook format, which `marshal` does not know."""
    return {name: dict(part) if isinstance(part, dict) else part for name, part in output.items()}


def as_nodes(output: dict[str, Any]) -> NotebookNode:
    """Return an output as kernels' frames give it: what is JSON in its data stays as it is."""
    return NotebookNode({name: NotebookNode(part) if isinstance(part, dict) else part for name, part in output.items()})


class Store:
    """A folder of executions."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)

    def _path(self, job: Job) -> Path:
        return self.folder / job.address[:2] / f"{job.address}{ENDING}"

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
