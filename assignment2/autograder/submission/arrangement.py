"""Arrange submissions whose files are in the wrong place or have the wrong name.

`submitted/` stays as it was handed in. If a file is missing there, this looks for similar names in all folders and zips
of the student. What it finds is laid out in `arranged/`, which is read instead.
"""

import json
import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile

from autograder.core.files import MIB, Unusable, hash_or_reason, is_there, open_regular
from autograder.core.timestamps import TIMESTAMP
from autograder.course.assignment import Assignment, assignments
from autograder.submission import archive
from autograder.submission.folders import MAX_FILES, files_in, is_left_out
from autograder.submission.names import best

SUBMITTED, ARRANGED = "submitted", "arranged"
SCRATCH, REMARKS, UNPACKED = ".{assignment}", "remarks.json", "unpacked"  # beside an arranged submission
MAX_ZIPS, MAX_ZIP_BYTES, MAX_UNPACKED_BYTES = 10, 512 * MIB, 1024 * MIB
MAX_FILE_BYTES = 256 * MIB
OTHER_ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".xz", ".bz2")


def submission_folder(assignment: Assignment, student: str) -> Path:
    """Return the folder that a student's submission is read from."""
    arranged = assignment.course / ARRANGED / student / assignment.name
    return arranged if arranged.is_dir() else assignment.submitted(student)


def remarks_on_names(folder: Path) -> list[str]:
    """Return remarks on what `arrange` did in a folder that it laid out, none for any other folder."""
    path = scratch_beside(folder) / REMARKS
    if folder.parent.parent.name != ARRANGED or not path.exists():
        return []
    remarks: list[str] = json.loads(path.read_text(encoding="utf-8"))
    return remarks


def scratch_beside(arranged: Path) -> Path:
    """Return the folder for the remarks on an arranged submission, and for the zips that are unpacked for it."""
    return arranged.parent / SCRATCH.format(assignment=arranged.name)


def arrange(assignment: Assignment, student: str, wanted: Collection[str]) -> Path:
    """Lay a student's submission out in `arranged/` if files are missing in `submitted/` and others may be these.

    Returns the folder that the submission has to be read from.

    wanted: the names of the files that the assignment asks for
    """
    target = assignment.course / ARRANGED / student / assignment.name
    for folder in filter(is_there, (target, scratch_beside(target))):
        shutil.rmtree(folder)
    if missing := missing_in(assignment.submitted(student), wanted):
        search = Search(assignment, assignment.submitted(student).parent, scratch_beside(target), wanted)
        with suppress(PermissionError):  # `read_submission` reports it
            search.look_for(missing)
        if search.found or search.remarks:
            search.lay_out(target)
            search.scratch.mkdir(exist_ok=True)
            (search.scratch / REMARKS).write_text(json.dumps(search.remarks), encoding="utf-8")
        shutil.rmtree(search.scratch / UNPACKED, ignore_errors=True)
    with suppress(OSError):
        target.parent.rmdir()  # if nothing was laid out for any assignment
    return submission_folder(assignment, student)


def missing_in(folder: Path, wanted: Collection[str]) -> list[str]:
    """Return the files that a folder lacks; none if it is a link, which may lead to somebody else's folder."""
    if folder.is_symlink() or folder.parent.is_symlink():
        return []
    return [name for name in wanted if not is_there(folder / name)]


@dataclass
class Search:
    """Looks for the files that are missing in a student's folder.

    found: the files that are taken, by the name that they should have; remarks: what was done, or could not be done
    """

    assignment: Assignment
    student: Path
    scratch: Path
    wanted: Collection[str]
    found: dict[str, Path] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def look_for(self, missing: list[str]) -> None:
        """Look for files in all folders of the student, then in zips as long as some are missing."""
        others = set(assignments(self.assignment.course)) - {self.assignment.name}
        found = files_in(self.student, self.assignment.name)
        files = [path for path in found if path.partition("/")[0] not in others]
        self._take(missing, files, "")
        for number, path in enumerate([path for path in files if path.endswith(".zip")][:MAX_ZIPS]):
            left = [name for name in missing if name not in self.found]
            if any(name.endswith(".ipynb") for name in left) or path.count("/") <= 1:
                self._unpack(self.student / path, self.scratch / UNPACKED / str(number), path)
                inside = [f"{number}/{each}" for each in files_in(self.scratch / UNPACKED / str(number))]
                self._take(left, inside, f"{path}: ", self.scratch / UNPACKED)
        for path in files:
            if path.endswith(OTHER_ARCHIVES):
                self.remarks.append(f"{path} was not opened: only zip archives are")

    def _take(self, missing: list[str], files: list[str], where: str, root: Path | None = None) -> None:
        """Take the file that fits each name, if there is only one, or if all that fit have the same content."""
        root = root or self.student
        others = [path for path in files if Path(path).name not in self.wanted or self._is_misplaced(path)]
        for name in [name for name in missing if name not in self.found]:
            fitting = best(others, name)
            shown = [f"{where}{path.partition('/')[2] if where else path}" for path in fitting]
            if len({hash_or_reason(root / path, MAX_FILE_BYTES) for path in fitting}) == 1:
                self.found[name] = root / fitting[0]
                self.remarks.append(f"{name} was found as {shown[0]} and taken")
            elif fitting:
                self.remarks.append(
                    f"{name} was not handed in, and a person has to decide which of these it is: {shown}"
                )

    def _is_misplaced(self, path: str) -> bool:
        """Return whether a file whose name is wanted is in a folder where it is not read."""
        return path != f"{self.assignment.name}/{Path(path).name}"

    def _unpack(self, path: Path, into: Path, name: str) -> None:
        """Unpack a zip archive within limits; what is left out is remarked on."""
        try:
            open_regular(path, MAX_ZIP_BYTES).close()
            with archive.opened(path) as opened:
                left_out = unpack(opened, into)
        except (Unusable, archive.Refused) as problem:
            self.remarks.append(f"{name} was not unpacked: {problem}")
        else:
            self.remarks += [f"{name} was unpacked", *(f"{name}: {text}" for text in left_out[:3])]

    def lay_out(self, folder: Path) -> None:
        """Write the submission as it should have been: the files in the right place, those that were found, and the
        Python files and weights next to these."""
        folder.mkdir(parents=True)
        own = self.student / self.assignment.name
        notebooks = [path for name, path in self.found.items() if name.endswith(".ipynb")]
        if any(is_there(own / name) for name in self.wanted):
            copy_tree(own, folder, self.wanted)
        for place in (own, self.student):
            if is_there(place / TIMESTAMP):
                copy(place / TIMESTAMP, folder / TIMESTAMP)
        for base in dict.fromkeys(path.parent for path in notebooks):
            copy_tree(base, folder, ())
        for name, path in self.found.items():
            copy(path, folder / name)


def unpack(opened: ZipFile, into: Path) -> list[str]:
    """Unpack an archive into a new folder; returns what was left out, and why."""
    left, left_out = MAX_UNPACKED_BYTES, []
    for member in archive.members(opened)[:MAX_FILES]:
        if not member.problem and any(map(is_left_out, Path(member.path).parts)):
            continue
        target = into / member.path
        try:
            if problem := member.problem:
                raise archive.Refused(problem)
            target.parent.mkdir(parents=True, exist_ok=True)
            member.copy_to(target, min(left, MAX_FILE_BYTES))
            left -= member.size
        except (archive.Refused, FileExistsError, NotADirectoryError) as problem:
            left_out.append(f"{member.path[:100]} was left out: {problem}")
    return left_out


def copy_tree(source: Path, target: Path, names: Collection[str]) -> None:
    """Copy the Python files and weights of a folder, and files of some names, unchecked: reading them does that."""
    for path in files_in(source):
        if path.endswith((".py", ".npz")) or path in names:
            copy(source / path, target / path)


def copy(source: Path, target: Path) -> None:
    """Make a file of a submission available under another path too: as a hard link, or as a copy if that fails."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        return
    except OSError:
        with suppress(Unusable), open_regular(source, MAX_FILE_BYTES) as file, target.open("wb") as written:
            shutil.copyfileobj(file, written)
