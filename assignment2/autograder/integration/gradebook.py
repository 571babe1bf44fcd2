"""The gradebook that a course is graded into, as its configuration names it."""

from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from autograder.core.errors import GraderError
from autograder.course.key import ASSIGNMENT
from autograder.integration.converters import course_directory, load_config

RELEASE_FIRST = "run `autograder release` first"


def require_assignment(course: Path) -> None:
    """Raise GraderError where a course has no gradebook, or one that does not know the assignment.

    nbgrader itself would make an empty gradebook and then miss the assignment in it.
    """
    directory = course_directory(load_config(course))
    url = make_url(directory.db_url)
    file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    if file and not file.exists():
        raise GraderError(f"no {file.name} in {file.parent}: {RELEASE_FIRST}")
    place = file or url.render_as_string(hide_password=True)
    try:
        with Gradebook(directory.db_url, directory.course_id) as gradebook:
            gradebook.find_assignment(ASSIGNMENT)
    except MissingEntry:
        raise GraderError(f"{place} holds no assignment {ASSIGNMENT}: {RELEASE_FIRST}") from None
    except SQLAlchemyError as error:
        raise GraderError(f"{place} cannot be read as a gradebook: {getattr(error, 'orig', None) or error}") from error
