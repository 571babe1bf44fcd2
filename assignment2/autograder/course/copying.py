"""The key of a course in another folder."""

import shutil
from pathlib import Path

CONFIGURATION = "nbgrader_config.py"


def copy_key(course: Path, folder: Path) -> None:
    """Copy the configuration and the key, and nothing of a student, into a folder."""
    shutil.copy(course / CONFIGURATION, folder)
    shutil.copytree(course / "source", folder / "source", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
