"""Generate the release and its registry from `source/`."""

import os
import secrets
import shutil
import sqlite3
import tempfile
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment
from traitlets.config import Config

from autograder.authoring.fingerprints import record_values
from autograder.course.assignment import Assignment
from autograder.course.copying import keep_key
from autograder.course.editions import FILE as EDITIONS
from autograder.course.editions import editions
from autograder.course.held_out import course_seed
from autograder.course.key import SEED_FILE, keys
from autograder.grading.lock import only_grader
from autograder.integration.converters import assignment_of, convert, course_directory, load_config
from autograder.integration.migration import migrate

REGISTRY = "gradebook.db"
STUDENT_TABLES = ("student", "submitted_assignment", "submitted_notebook", "grade", "comment")


def release(assignment: Assignment) -> list[str]:
    """Generate the release of an assignment and its registry; returns what changed for graded submissions.

    A registry is not rewritten if its content would be the same: nbgrader gives every row a random id, so the file
    would change each time. A registry with submissions is changed in place, and so is another database that the
    configuration names. Everything is first generated elsewhere, so a failure changes nothing.
    """
    course, config = assignment.course, load_config(assignment)
    course_seed(course)  # drawn now, so that it exists before anything is graded
    draw_seed(assignment.proof / SEED_FILE)
    record_values(assignment)
    other, registry = config.CourseDirectory.get("db_url"), course / REGISTRY
    told: list[str] = []
    graded = registry.exists() and students_in(registry)
    with only_grader(course) if graded or other else nullcontext(), tempfile.TemporaryDirectory() as scratch:
        made, fresh = Path(scratch) / "release", Path(scratch) / REGISTRY
        config.CourseDirectory.release_directory = str(made)
        if registry.exists():
            shutil.copy(registry, fresh)
        register(config, f"sqlite:///{fresh}")
        if graded:
            told += register(config, f"sqlite:///{registry}")
        elif not registry.exists() or registered(fresh) != registered(registry):
            shutil.copy(fresh, registry.with_suffix(".part"))
            os.replace(registry.with_suffix(".part"), registry)
        if other:
            told += register(config, other)
        shutil.rmtree(assignment.release, ignore_errors=True)
        shutil.copytree(made / assignment.name, assignment.release)
    renew_kept_key(assignment)
    return told


def renew_kept_key(assignment: Assignment) -> None:
    """Keep the key as it is now for the last edition that was handed out, if students would get the same notebooks."""
    known = editions(assignment.proof / EDITIONS)
    if known and known[-1].notebooks == {key.name: key.handed_out for key in keys(assignment).values()}:
        keep_key(assignment, known[-1].name, [each.name for each in known])


def register(config: Config, database: str) -> list[str]:
    """Generate the release and register it in the database with this URL; returns what changed for submissions."""
    config.CourseDirectory.db_url = database
    told = migrate(config)
    convert(GenerateAssignment, config)
    assignment, directory = assignment_of(config), course_directory(config)
    if assignment.due is not None:
        with Gradebook(database, directory.course_id) as gradebook:
            gradebook.update_or_create_assignment(assignment.name, duedate=in_utc(assignment.due))
    return told


def in_utc(time: datetime) -> datetime:
    """Return a time as nbgrader keeps it: in UTC, without a time zone."""
    return time.astimezone(UTC).replace(tzinfo=None)


def draw_seed(path: Path) -> None:
    """Draw the seed of the checks' inputs during grading, unless there is one already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
        file.write(f"{secrets.token_hex(8)}\n")


def registered(database: Path) -> list[tuple[Any, ...]]:
    """Return the content of a registry without its random ids: assignments, notebooks, cells, points and sources."""
    query = """
        SELECT a.name, n.name, n.kernelspec, s.name, s.cell_type, s.locked, s.source, s.checksum, b.type, g.max_score
        FROM source_cell s JOIN notebook n ON s.notebook_id = n.id JOIN assignment a ON n.assignment_id = a.id
        LEFT JOIN base_cell b ON b.name = s.name AND b.notebook_id = n.id LEFT JOIN grade_cells g ON g.id = b.id
    """
    with sqlite3.connect(database) as connection:
        return sorted(connection.execute(query), key=repr)


def students_in(database: Path) -> int:
    """Return the number of a gradebook's rows that belong to students; the committed one has none."""
    with sqlite3.connect(database) as connection:
        return sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in STUDENT_TABLES)
