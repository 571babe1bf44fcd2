"""Open the gradebook that a course's configuration names, and read its rows about cells."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from nbgrader.api import BaseCell, Gradebook, MissingEntry, Notebook, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import Select, select
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


def rows_of(kind: type[Any], *columns: Any, assignment: str, students: Collection[str] | None = None) -> Select[Any]:
    """Return the query for rows of a table, grades or comments: student, notebook, cell, and columns of the row.

    assignment: its id; students: by default the whole class
    These tables have one index, for cell and submitted notebook together. So where some students are asked for, the
    query names both: otherwise the database would read the rows of everybody.
    """
    query = (
        select(SubmittedAssignment.student_id, Notebook.name, BaseCell.name, *columns)
        .join(SubmittedNotebook, SubmittedNotebook.id == kind.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(BaseCell, BaseCell.id == kind.cell_id)
        .where(SubmittedAssignment.assignment_id == assignment)
    )
    if students is None:
        return query
    cells = select(BaseCell.id).join(Notebook).where(Notebook.assignment_id == assignment)
    theirs = SubmittedAssignment.assignment_id == assignment, SubmittedAssignment.student_id.in_(students)
    notebooks = select(SubmittedNotebook.id).join(SubmittedAssignment).where(*theirs)
    return query.where(kind.cell_id.in_(cells), kind.notebook_id.in_(notebooks))
