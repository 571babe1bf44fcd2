"""Proving while somebody edits: after each save, what has changed."""

import time
from pathlib import Path

from autograder.authoring.proving.prove import prove
from autograder.authoring.proving.table import lines_of
from autograder.core.errors import GraderError
from autograder.course.assignment import Assignment

EDITED = (".ipynb", ".toml", ".py")
SECONDS = 1.0  # between two looks


def watch(assignment: Assignment, names: list[str]) -> None:
    """Prove notebooks whenever a file of the key or its proof changes, until somebody interrupts.

    If something cannot be read at that moment, it says so, and tries again after the next change.
    """
    seen: set[tuple[Path, int]] = set()
    while True:
        files = files_of(assignment)
        if files != seen:
            seen = files
            print(f"{time.strftime('%H:%M:%S')}\n{proved(assignment, names)}\n", flush=True)
        time.sleep(SECONDS)


def files_of(assignment: Assignment) -> set[tuple[Path, int]]:
    """Return the files that an author edits, with the times of their last change."""
    paths = [path for folder in (assignment.source, assignment.proof) for path in folder.rglob("*")]
    edited = [path for path in paths if path.suffix in EDITED and path.parent.name != ".ipynb_checkpoints"]
    return {(path, path.stat().st_mtime_ns) for path in edited}


def proved(assignment: Assignment, names: list[str]) -> str:
    try:
        return "\n".join(lines_of(prove(assignment, names)))
    except GraderError as problem:
        return f"{problem}"
