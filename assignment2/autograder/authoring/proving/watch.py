"""Prove what has changed after each save, while somebody edits."""

import time
from pathlib import Path

from autograder.authoring.proving.prove import prove
from autograder.authoring.proving.table import lines_of
from autograder.core.errors import GraderError
from autograder.course.assignment import Assignment

EDITED = (".ipynb", ".toml", ".py")
SECONDS = 1.0  # between two looks at the files


def watch(assignment: Assignment, names: list[str]) -> None:
    """Prove notebooks whenever a file of the key or its proof changes, until Ctrl-C.

    names: those of the notebooks, all if the list is empty
    If a file cannot be read at that moment, this is printed, and the next change starts another try.
    """
    seen: set[tuple[Path, int]] = set()
    while True:
        files = files_of(assignment)
        if files != seen:
            seen = files
            print(f"{time.strftime('%H:%M:%S')}\n{proved(assignment, names)}\n", flush=True)
        time.sleep(SECONDS)


def files_of(assignment: Assignment) -> set[tuple[Path, int]]:
    """Return the files that an author edits, each with the time of its last change in nanoseconds."""
    paths = [path for folder in (assignment.source, assignment.proof) for path in folder.rglob("*")]
    edited = [path for path in paths if path.suffix in EDITED and path.parent.name != ".ipynb_checkpoints"]
    return {(path, path.stat().st_mtime_ns) for path in edited}


def proved(assignment: Assignment, names: list[str]) -> str:
    """Return the proof of notebooks as text, or why there is none."""
    try:
        return "\n".join(lines_of(prove(assignment, names)))
    except GraderError as problem:
        return f"{problem}"
