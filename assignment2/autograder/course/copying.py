"""Copy the key of a course to another folder, and keep the keys of editions."""

import shutil
from collections.abc import Collection
from pathlib import Path

from autograder.course.assignment import CONFIGURATION, SETTINGS, Assignment, assignments
from autograder.course.key import SEED_FILE

MISCONCEPTIONS = "misconceptions"  # the folder by which grading names mistakes
NOT_COPIED = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__")


def copy_key(course: Path, folder: Path) -> None:
    """Copy the configuration and the key, and nothing of a student's, into a folder."""
    shutil.copy(course / CONFIGURATION, folder)
    if (course / SETTINGS).exists():
        shutil.copy(course / SETTINGS, folder)
    packages = {assignment.package for assignment in assignments(course).values() if assignment.package}
    for part in ("source", "proof", *sorted(packages)):
        if (course / part).is_dir():
            shutil.copytree(course / part, folder / part, ignore=NOT_COPIED)


def keep_key(assignment: Assignment, edition: str, known: Collection[str]) -> None:
    """Keep the key as it is now for an edition, to grade what is handed in later as that edition.

    known: the names of all editions; keys that were kept under other names are deleted
    """
    kept = assignment.of_edition(edition)
    folders = [kept.kept, *(path for path in kept.kept.parent.glob("*") if path.name not in known)]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(assignment.source, kept.source, ignore=NOT_COPIED)
    kept.proof.mkdir()
    shutil.copy(assignment.proof / SEED_FILE, kept.proof)
    if (assignment.proof / MISCONCEPTIONS).is_dir():
        shutil.copytree(assignment.proof / MISCONCEPTIONS, kept.proof / MISCONCEPTIONS, ignore=NOT_COPIED)
