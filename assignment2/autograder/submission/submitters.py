"""Find out who handed in something: nobody is left out without a message."""

import os
import stat
from pathlib import Path

from autograder.course.assignment import Assignment, assignments
from autograder.submission.arrangement import SUBMITTED
from autograder.submission.folders import is_left_out
from autograder.submission.names import is_of_another_assignment
from autograder.submission.reading import problem_of_name

FILES = (".ipynb", ".npz", ".zip")


def submitters(assignment: Assignment) -> dict[str, str]:
    """Return the names of those who handed in something, each with what keeps it from being a student's id, or "".

    A student is whoever has a folder in `submitted/`, unless it holds nothing but other assignments.
    """
    folder = assignment.course / SUBMITTED
    others = set(assignments(assignment.course)) - {assignment.name}
    found: dict[str, str] = {}
    for name in sorted(os.listdir(folder)) if folder.is_dir() else []:
        if is_folder(folder / name / assignment.name) or (
            is_folder(folder / name) and may_concern(assignment.name, folder / name, others)
        ):
            found[name] = problem_of_name(name)
        elif name.lower().endswith(FILES) and not is_left_out(name):
            found[name] = f"not gradable: a file in {SUBMITTED}/ but not in a student's folder: move it into one"
    return found


def may_concern(assignment: str, student: Path, others: set[str]) -> bool:
    """Return whether a student's folder may hold something of an assignment, in whatever folder. others: names of the
    course's other assignments"""
    if is_left_out(student.name):
        return False
    try:
        names = os.listdir(student)
    except OSError:
        return True
    left = [name for name in names if not is_left_out(name) and name not in others]
    ours = [name for name in left if not is_of_another_assignment(name, assignment)]
    return bool(ours) or not names


def is_folder(path: Path) -> bool:
    """Return whether this is or may be a folder: a link, and what cannot be read, needs a row in the results too."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return stat.S_ISDIR(mode) or stat.S_ISLNK(mode)
