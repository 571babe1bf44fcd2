"""From `source/` to the release and its registry."""

import secrets
import shutil
import sqlite3
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbgrader.converters import GenerateAssignment

from autograder.authoring.fingerprints import record_values
from autograder.course.held_out import course_seed
from autograder.course.key import SEED_FILE
from autograder.integration.converters import convert, load_config

REGISTRY = "gradebook.db"
STUDENT_TABLES = ("student", "submitted_assignment", "submitted_notebook", "grade", "comment")


def release(course: Path) -> None:
    """Generate `release/` and the registry; a registry that would say the same as before is left as it is.

    (nbgrader gives every row a new random id, so writing it anew would change the file each time.) Where the
    configuration names another database, the assignment is registered there as well.
    """
    config = load_config(course)
    course_seed(course)  # drawn now, so that it exists before anything is graded
    draw_seed(course / "source" / SEED_FILE)
    record_values(course)
    other = config.CourseDirectory.get("db_url")
    with tempfile.TemporaryDirectory() as scratch:
        registry, fresh = course / REGISTRY, Path(scratch) / REGISTRY
        if registry.exists():
            shutil.copy(registry, fresh)
        config.CourseDirectory.db_url = f"sqlite:///{fresh}"
        convert(GenerateAssignment, config)
        if not registry.exists() or registered(fresh) != registered(registry):
            shutil.copy(fresh, registry)
    if other:
        config.CourseDirectory.db_url = other
        convert(GenerateAssignment, config)


def draw_seed(path: Path) -> None:
    """Draw what the inputs of checks are drawn from when grading, unless there is one already."""
    with suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
        file.write(f"{secrets.token_hex(8)}\n")


def registered(database: Path) -> list[tuple[Any, ...]]:
    """Return what a registry says, without its random ids: assignments, notebooks, cells with points and sources."""
    query = """
        SELECT a.name, n.name, n.kernelspec, s.name, s.cell_type, s.locked, s.source, s.checksum, b.type, g.max_score
        FROM source_cell s JOIN notebook n ON s.notebook_id = n.id JOIN assignment a ON n.assignment_id = a.id
        LEFT JOIN base_cell b ON b.name = s.name AND b.notebook_id = n.id LEFT JOIN grade_cells g ON g.id = b.id
    """
    with sqlite3.connect(database) as connection:
        return sorted(connection.execute(query), key=repr)


def students_in(database: Path) -> int:
    """Count the rows of a gradebook that belong to students; the committed one has none."""
    with sqlite3.connect(database) as connection:
        return sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in STUDENT_TABLES)
