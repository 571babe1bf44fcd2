"""Choose among the files that a student handed in: those that belong to the assignment, and of several the best."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from autograder.collecting.systems import Attempt
from autograder.course.assignment import Assignment
from autograder.course.key import files_asked_for, keys
from autograder.submission.archive import Member

ENDINGS = (".ipynb", ".npz", ".py")
NOT_THEIRS = {"cs231n", "__MACOSX", "__pycache__"}  # folders that were handed out, or that programs add
# what browsers, file managers, Jupyter and Canvas add to a name that exists already
COPY_MARK = re.compile(r"(\s*\(\d+\)|[\s_-]*copy\d*|-\d+)$", re.IGNORECASE)


@dataclass(frozen=True)
class File:
    """A file that a student handed in. path: as the student named it; lms_name: the name in the LMS's zip, of the file
    or of the student's own zip around it; nested: whether it was in a zip of the student's own"""

    member: Member
    path: str
    lms_name: str
    attempt: Attempt
    nested: bool

    @property
    def shown(self) -> str:
        """Its name for the instructor."""
        return f"{self.lms_name}: {self.path}" if self.nested else self.lms_name

    @property
    def depth(self) -> int:
        """The number of parts of its path."""
        return len(PurePosixPath(self.path).parts)


def known_names(assignment: Assignment) -> set[str]:
    """Return the names of an assignment's notebooks, and of the files of weights that they ask for."""
    return set(files_asked_for(keys(assignment)))


def belongs(path: str) -> bool:
    """Return whether a file can be part of a submission: a notebook, weights or a module, and not in NOT_THEIRS."""
    parts = PurePosixPath(path).parts
    return path.lower().endswith(ENDINGS) and not any(part in NOT_THEIRS or part.startswith(".") for part in parts)


def proper_name(name: str, known: set[str]) -> str:
    """Return the name that a file should have: Dropout.ipynb for "Dropout (1).ipynb", utils.py for utils-1.py."""
    if name in known:
        return name
    stem, dot, ending = name.rpartition(".")
    while (shorter := COPY_MARK.sub("", stem)) != stem:
        stem = shorter
    bare = f"{stem}{dot}{ending}"
    found = [each for each in known if each.casefold() == bare.casefold()]
    if len(found) == 1:
        return found[0]
    return bare if ending == "py" and stem.isidentifier() else name  # a module's name has no copy mark


def chosen(files: Iterable[File], known: set[str], adds: bool) -> dict[str, File]:
    """Return the files of one student that count, by the path that they get.

    The newest attempt counts. Of several files in it with one name, the one in the fewest nested folders counts, and
    one without a copy mark before one with it. adds: files that only an earlier attempt has count too
    """
    attempts: dict[tuple[float, int], list[File]] = {}
    for file in files:
        attempts.setdefault((file.attempt.time, file.attempt.archive), []).append(file)
    newest_first = sorted(attempts.values(), key=lambda files: max(file.attempt for file in files), reverse=True)
    found: dict[str, File] = {}
    for attempt in newest_first if adds else newest_first[:1]:
        for path, file in placed(attempt, known).items():
            found.setdefault(path, file)
    return found


def placed(attempt: list[File], known: set[str]) -> dict[str, File]:
    """Return the files of one attempt by the path that they get: known names at the top, modules where they are."""
    ordered = sorted(attempt, key=lambda file: (file.nested, file.depth, len(file.path), file.path))
    top = next(
        (PurePosixPath(f.path).parent for f in ordered if proper_name(PurePosixPath(f.path).name, known) in known), None
    )
    found: dict[str, File] = {}
    for file in ordered:
        found.setdefault(place_of(file, top or PurePosixPath(), known), file)
    return found


def place_of(file: File, top: PurePosixPath, known: set[str]) -> str:
    """Return the path that a file gets. top: the folder of the notebooks, as the student named it"""
    path = PurePosixPath(file.path)
    name = proper_name(path.name, known)
    if name in known or not path.is_relative_to(top):
        return name
    return str(path.relative_to(top).with_name(name))
