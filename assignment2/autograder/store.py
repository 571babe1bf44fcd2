"""Executions on disk, addressed by the hash of everything they depend on.

A killed run finds here what it had done, a second run over the same class executes nothing, and any number of
processes may write: an entry appears whole or not at all.
"""

import json
import os
import tempfile
from pathlib import Path

from autograder.execution import Job, execute


class Store:
    """A folder of executions."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)

    def _path(self, job: Job) -> Path:
        return self.folder / job.address[:2] / f"{job.address}.json"

    def __contains__(self, job: Job) -> bool:
        return self._path(job).exists()

    def get(self, job: Job) -> list[dict] | None:
        """Return the results of a job, None where it was not executed yet or its entry is damaged."""
        try:
            return json.loads(self._path(job).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def put(self, job: Job, results: list[dict]) -> None:
        path = self._path(job)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(results, file)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise

    def results(self, job: Job) -> list[dict]:
        """Return the results of a job, executing it in place where they are not there."""
        results = self.get(job)
        if results is None:
            results = json.loads(json.dumps(execute(job)))
            self.put(job, results)
        return results
