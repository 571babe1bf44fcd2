"""Write what was collected to `submitted/`, so that an interruption at any moment loses nothing.

A submission is built in a folder of its own, and replaces the earlier one by two renames. If they were interrupted, the
earlier submission is restored when the next one is built.
"""

import filecmp
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from autograder.core.files import is_there
from autograder.core.timestamps import TIMESTAMP
from autograder.course.assignment import Assignment

STAGE = ".collecting"  # in the course folder: the submission that is being built, and the one that it replaces
RECORDS = "collected"  # in the course folder, next to submitted/: the LMS's names for each student's files
TIME_FORMAT = "%Y-%m-%d %H:%M:%S.%f UTC"  # nbgrader's


@dataclass
class Record:
    """What is known about a collected submission. system: the LMS's name; number: the LMS's number of the user; time,
    order: those of the newest attempt; late: whether the LMS says so; names: by file, the LMS's name for it or for the
    zip around it"""

    system: str
    number: str
    time: float
    order: int
    late: bool
    names: dict[str, str] = field(default_factory=dict)


def stage_of(assignment: Assignment) -> Path:
    """Return the folder in which an assignment's submissions are built."""
    return assignment.course / STAGE / assignment.name


def new_folder(assignment: Assignment) -> Path:
    """Return an empty folder to build a submission in; restores what an interruption has left half done."""
    stage = stage_of(assignment)
    for replaced in (stage / "old").glob("*"):
        if not is_there(assignment.submitted(replaced.name)):
            os.rename(replaced, assignment.submitted(replaced.name))
    shutil.rmtree(stage, ignore_errors=True)
    (stage / "old").mkdir(parents=True)
    (stage / "new").mkdir()
    return stage / "new"


def clean_up(assignment: Assignment) -> None:
    """Remove the folder in which submissions were built."""
    new_folder(assignment)
    shutil.rmtree(assignment.course / STAGE)


def put(assignment: Assignment, student: str, built: Path) -> None:
    """Replace a student's submission by one that was built."""
    target, replaced = assignment.submitted(student), stage_of(assignment) / "old" / student
    target.parent.mkdir(parents=True, exist_ok=True)
    if is_there(target):
        os.rename(target, replaced)
    os.rename(built, target)


def write_timestamp(folder: Path, seconds: float) -> None:
    """Write the time of a submission, as nbgrader does. seconds: since 1970"""
    text = datetime.fromtimestamp(seconds, UTC).strftime(TIME_FORMAT)
    (folder / TIMESTAMP).write_text(text, encoding="utf-8")


def same_files(one: Path, other: Path) -> bool:
    """Return whether two submissions have the same files; the times when they were handed in do not count."""
    names = files_in(one)
    return names == files_in(other) and all(filecmp.cmp(one / name, other / name, shallow=False) for name in names)


def files_in(folder: Path) -> set[str]:
    """Return the paths of the files in a folder, except the timestamp."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()} - {TIMESTAMP}


def record_path(assignment: Assignment, student: str) -> Path:
    """Return the path of the record of a student's submission."""
    return assignment.course / RECORDS / assignment.name / f"{student}.json"


def read_record(assignment: Assignment, student: str) -> Record | None:
    """Return the record of a student's submission, None if it was not collected from an LMS."""
    try:
        return Record(**json.loads(record_path(assignment, student).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_record(assignment: Assignment, student: str, record: Record) -> None:
    """Write the record of a student's submission, as a whole or not at all."""
    path, part = record_path(assignment, student), stage_of(assignment) / "record"
    path.parent.mkdir(parents=True, exist_ok=True)
    part.write_text(json.dumps(asdict(record), indent=1), encoding="utf-8")
    os.replace(part, path)
