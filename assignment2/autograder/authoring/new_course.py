"""Make a course to start from: the key and the configuration of another one, without its students."""

from pathlib import Path

from autograder.authoring.release import release
from autograder.core.errors import GraderError
from autograder.course.assignment import CONFIGURATION, assignments
from autograder.course.copying import copy_key


def new_course(course: Path, folder: Path) -> None:
    """Make a course folder with the key of another one, and release the assignments whose frameworks are installed.

    course: a course, or the repository; folder: one that is empty or does not exist
    Raises GraderError if the folder is anything else, or the course has no key.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise GraderError(f"{folder} exists and is not empty: name another folder")
    if not (course / CONFIGURATION).is_file() or not (course / "source").is_dir():
        raise GraderError(
            f"{course} has no {CONFIGURATION} and source/: name a course, or the repository, with --course"
        )
    folder.mkdir(parents=True, exist_ok=True)
    copy_key(course, folder)
    for assignment in assignments(folder).values():
        if assignment.usable:
            release(assignment)
