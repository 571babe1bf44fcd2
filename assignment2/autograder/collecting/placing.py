"""Writing what was collected to `submitted/`, so that an interruption at any moment loses nothing.

A submission is built in a folder of its own and takes the place of the earlier one by two renames; what an interruption
between them has left is put right when the next one is built.
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
RECORDS = "collected"  # in the course folder, beside submitted/: what the LMS called each student's files
TIME_FORMAT = "%Y-%m-%d %H:%M:%S.%f UTC"  # nbgrader's own


@dataclass
class Record:
    """What is known of a collected submission. system: the LMS's name; number: its own of the user; time, order: of the
    newest attempt; late: the LMS says so; names: by file, what the LMS called it, or the zip that it was in"""

    system: str
    number: str
    time: float
    order: int
    late: bool
    names: dict[str, str] = field(default_factory=dict)


def stage_of(assignment: Assignment) -> Path:
    return assignment.course / STAGE / assignment.name


def new_folder(assignment: Assignment) -> Path:
    """Return an empty folder to build a submission in; puts right what an interruption has left."""
    stage = stage_of(assignment)
    for replaced in (stage / "old").glob("*"):
        if not is_there(assignment.submitted(replaced.name)):
            os.rename(replaced, assignment.submitted(replaced.name))
    shutil.rmtree(stage, ignore_errors=True)
    (stage / "old").mkdir(parents=True)
    (stage / "new").mkdir()
    return stage / "new"


def clean_up(assignment: Assignment) -> None:
    """Remove what building submissions has left."""
    new_folder(assignment)
    shutil.rmtree(assignment.course / STAGE)


def put(assignment: Assignment, student: str, built: Path) -> None:
    """Replace the submission that is there by one that was built."""
    target, replaced = assignment.submitted(student), stage_of(assignment) / "old" / student
    target.parent.mkdir(parents=True, exist_ok=True)
    if is_there(target):
        os.rename(target, replaced)
    os.rename(built, target)


def write_timestamp(folder: Path, seconds: float) -> None:
    """Write when a submission was handed in, as nbgrader does. seconds: since 1970"""
    text = datetime.fromtimestamp(seconds, UTC).strftime(TIME_FORMAT)
    (folder / TIMESTAMP).write_text(text, encoding="utf-8")


def same_files(one: Path, other: Path) -> bool:
    """Tell whether two submissions hold the same files; when they were handed in does not count."""
    names = files_in(one)
    return names == files_in(other) and all(filecmp.cmp(one / name, other / name, shallow=False) for name in names)


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()} - {TIMESTAMP}


def record_path(assignment: Assignment, student: str) -> Path:
    return assignment.course / RECORDS / assignment.name / f"{student}.json"


def read_record(assignment: Assignment, student: str) -> Record | None:
    """Return what is known of a student's collected submission, None if it was not collected from an LMS."""
    try:
        return Record(**json.loads(record_path(assignment, student).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_record(assignment: Assignment, student: str, record: Record) -> None:
    path, part = record_path(assignment, student), stage_of(assignment) / "record"
    path.parent.mkdir(parents=True, exist_ok=True)
    part.write_text(json.dumps(asdict(record), indent=1), encoding="utf-8")
    os.replace(part, path)
