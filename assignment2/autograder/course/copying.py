"""The key of a course in another folder."""

import shutil
from pathlib import Path

from autograder.course.assignment import CONFIGURATION, SETTINGS, assignments

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
