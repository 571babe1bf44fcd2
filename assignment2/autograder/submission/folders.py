"""List the files in a folder that somebody handed in."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from autograder.submission.names import is_of_another_assignment

MAX_FILES, MAX_DEPTH = 10_000, 8  # that are looked at
NOT_HANDED_IN = {"__pycache__", "__MACOSX", "node_modules", "site-packages"}


def files_in(folder: Path, assignment: str = "") -> list[str]:
    """Return the paths of the files in a folder and in the folders inside, without links and what programs make.

    assignment: leaves out folders of other assignments
    """
    return list(islice(_walked(folder, assignment, MAX_DEPTH), MAX_FILES))


def is_left_out(name: str) -> bool:
    """Return whether programs, and not people, make files or folders of this name."""
    return name.startswith(".") or name in NOT_HANDED_IN


def _walked(folder: Path, assignment: str, depth: int) -> Iterator[str]:
    if not folder.is_dir() or depth == 0:
        return
    with os.scandir(folder) as entries:
        found = sorted(islice(entries, MAX_FILES), key=lambda entry: entry.name)
    for entry in found:
        if is_left_out(entry.name) or entry.is_symlink():
            continue
        if not entry.is_dir():
            yield entry.name
        elif not (assignment and is_of_another_assignment(entry.name, assignment)):
            yield from (f"{entry.name}/{path}" for path in _walked(Path(entry.path), "", depth - 1))
