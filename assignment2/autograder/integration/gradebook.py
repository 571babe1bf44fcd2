"""The gradebook of a course, opened only where the course has been released into it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.engine import make_url
from traitlets.config import Config

from autograder.course.assignment import ASSIGNMENT
from autograder.integration.converters import NoCourse, course_directory


@contextmanager
def open_gradebook(config: Config) -> Iterator[Gradebook]:
    """Open the gradebook of a course; raises NoCourse where it is missing or does not know the assignment.

    (nbgrader would make an empty one, and say later that there is no such assignment.)
    """
    directory = course_directory(config)
    url = make_url(directory.db_url)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        raise NoCourse(f"there is no {url.database}: run `autograder release` first, which makes it")
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        try:
            gradebook.find_assignment(ASSIGNMENT)
        except MissingEntry:
            where = url.database or directory.db_url
            raise NoCourse(f"{where} does not know {ASSIGNMENT}: run `autograder release` first") from None
        yield gradebook
