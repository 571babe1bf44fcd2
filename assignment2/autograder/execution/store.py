"""Executions on disk, addressed by the hash of everything they depend on.

A killed run finds here what it had done, a second run over the same class executes nothing, and any number of
processes may write: an entry appears whole or not at all.
"""

import gzip
import json
import os
import tempfile
import zlib
from pathlib import Path

from autograder.execution.run import Job, execute


def execute_packed(job: Job) -> bytes:
    """Run a job and return its results as they are stored and sent: compressed JSON."""
    return gzip.compress(json.dumps(execute(job)).encode(), compresslevel=1)


class Store:
    """A folder of executions."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)

    def _path(self, job: Job) -> Path:
        return self.folder / job.address[:2] / f"{job.address}.json.gz"

    def __contains__(self, job: Job) -> bool:
        return self._path(job).exists()

    def get(self, job: Job) -> list[dict] | None:
        """Return the results of a job, None where it was not executed yet or its entry is damaged."""
        try:
            return json.loads(gzip.decompress(self._path(job).read_bytes()))
        except (OSError, ValueError, EOFError, zlib.error):
            return None

    def put(self, job: Job, packed: bytes) -> None:
        """Keep what `execute_packed` returned."""
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

    def results(self, job: Job) -> list[dict]:
        """Return the results of a job, executing it in place where they are not there."""
        results = self.get(job)
        if results is None:
            packed = execute_packed(job)
            self.put(job, packed)
            results = json.loads(gzip.decompress(packed))
        return results
