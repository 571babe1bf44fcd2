"""The key of a course in another folder, and what is kept of the keys of editions."""

import shutil
from collections.abc import Collection
from pathlib import Path

from autograder.course.assignment import CONFIGURATION, SETTINGS, Assignment, assignments
from autograder.course.key import SEED_FILE

MISCONCEPTIONS = "misconceptions"  # which grading names mistakes by
NOT_COPIED = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__")


def copy_key(course: Path, folder: Path) -> None:
    """Copy the configuration and the key, and nothing of a student, into a folder."""
    shutil.copy(course / CONFIGURATION, folder)
    if (course / SETTINGS).exists():
        shutil.copy(course / SETTINGS, folder)
    packages = {assignment.package for assignment in assignments(course).values() if assignment.package}
    for part in ("source", "proof", *sorted(packages)):
        if (course / part).is_dir():
            shutil.copytree(course / part, folder / part, ignore=NOT_COPIED)


def keep_key(assignment: Assignment, edition: str, known: Collection[str]) -> None:
    """Keep the key of now as that of an edition, to grade by it whatever is handed in as that edition later.

    known: the names of all editions; what was kept under another name goes
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
