"""Who handed in something: nobody is passed over in silence."""

import os
import stat
from pathlib import Path

from autograder.course.assignment import ASSIGNMENT
from autograder.submission.arrangement import SUBMITTED
from autograder.submission.folders import is_left_out
from autograder.submission.names import is_of_another_assignment
from autograder.submission.reading import problem_of_name

FILES = (".ipynb", ".npz", ".zip")


def submitters(course: Path) -> dict[str, str]:
    """Return the names of those who handed in something, each with what keeps it from being a student's id, or "".

    A student is whoever has a folder in `submitted/`, unless it holds nothing but other assignments.
    """
    folder = course / SUBMITTED
    found: dict[str, str] = {}
    for name in sorted(os.listdir(folder)) if folder.is_dir() else []:
        if is_folder(folder / name / ASSIGNMENT) or (is_folder(folder / name) and may_concern_us(folder / name)):
            found[name] = problem_of_name(name)
        elif name.lower().endswith(FILES) and not is_left_out(name):
            found[name] = f"not gradable: a file in {SUBMITTED}/ but not in a student's folder: whose is it?"
    return found


def may_concern_us(student: Path) -> bool:
    """Tell whether a student's folder may hold something of this assignment, in whatever folder."""
    if is_left_out(student.name):
        return False
    try:
        names = os.listdir(student)
    except OSError:
        return True
    ours = [name for name in names if not is_left_out(name) and not is_of_another_assignment(name, ASSIGNMENT)]
    return bool(ours) or not names


def is_folder(path: Path) -> bool:
    """Tell whether this is a folder, or may be one: what cannot be looked at, or is a link, has to get its row."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return stat.S_ISDIR(mode) or stat.S_ISLNK(mode)
