"""Open the gradebook that a course's configuration names, and read what it holds about one submission."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from nbgrader.api import BaseCell, Gradebook, MissingEntry, Notebook, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder.integration.converters import NoCourse, course_directory

RELEASE_FIRST = "run `autograder release` first"


@contextmanager
def open_gradebook(config: Config) -> Iterator[Gradebook]:
    """Open the gradebook of a course; raises NoCourse if there is none, or if the assignment is not in it.

    nbgrader itself would make an empty gradebook, and then not find the assignment in it.
    """
    directory = course_directory(config)
    url = make_url(directory.db_url)
    file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    if file and not file.exists():
        raise NoCourse(f"no {file.name} in {file.parent}: {RELEASE_FIRST}")
    place = file or url.render_as_string(hide_password=True)
    with ExitStack() as stack:
        try:
            gradebook = stack.enter_context(Gradebook(directory.db_url, directory.course_id))
            gradebook.find_assignment(directory.assignment_id)
        except MissingEntry:
            raise NoCourse(f"{place} holds no assignment {directory.assignment_id}: {RELEASE_FIRST}") from None
        except SQLAlchemyError as error:
            raise NoCourse(f"{place} cannot be read as a gradebook: {getattr(error, 'orig', None) or error}") from error
        yield gradebook


def rows_of(gradebook: Gradebook, kind: type[Any], submission: SubmittedAssignment) -> list[Any]:
    """Return the rows of a table that belong to a submission, each as (notebook, cell, row)."""
    query = (
        select(Notebook.name, BaseCell.name, kind)
        .join(BaseCell, BaseCell.id == kind.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == kind.notebook_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .where(SubmittedNotebook.assignment_id == submission.id)
    )
    return list(gradebook.db.execute(query))
