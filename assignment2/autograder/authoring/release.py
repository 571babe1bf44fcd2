"""From `source/` to what is generated from it: the release with its registry, the executed key, the fingerprints."""

import json
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

import nbformat
from cs231n.checks import hints
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbgrader.converters import GenerateAssignment

from autograder.course import catalogue as misconceptions
from autograder.course.key import ASSIGNMENT, keys
from autograder.execution.executions import Executions
from autograder.execution.kernel import program
from autograder.execution.store import Store
from autograder.execution.worker import process_worker
from autograder.integration.converters import convert, load_config
from autograder.judging.judge import reference

REGISTRY = "gradebook.db"
STUDENT_TABLES = ("student", "submitted_assignment", "submitted_notebook", "grade", "comment")


def release(course: Path) -> None:
    """Generate `release/` and the registry; a registry that would say the same as before is left as it is.

    (nbgrader gives every row a new random id, so writing it anew would change the file each time.) Where the
    configuration names another database, the assignment is registered there as well.
    """
    config = load_config(course)
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


def registered(database: Path) -> list[tuple]:
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


def run_key(course: Path, folder: Path, names: list[str], timeout: float = 3600) -> None:
    """Execute notebooks of the key, experiments included, into a folder; `notebooks/` is the committed one.

    names: which ones, all where the list is empty. Raises ValueError for a name that the key does not have.
    """
    folder.mkdir(exist_ok=True)
    found = keys(course / "source" / ASSIGNMENT)
    if unknown := set(names) - set(found):
        raise ValueError(f"there is no notebook {', '.join(unknown)}: choose among {', '.join(found)}")
    for name, key in found.items():
        if not names or not (folder / f"{name}.ipynb").exists():
            nbformat.write(key.notebook, folder / f"{name}.ipynb")  # the others import it from there
    for name in sorted(names or found, key=lambda name: len(found[name].imports)):
        key, start = found[name], time.monotonic()
        print(f"{name} ... ", end="", flush=True)
        notebook = nbformat.from_dict(key.notebook)
        client = NotebookClient(
            notebook,
            kernel_manager_class=KernelManager,
            timeout=timeout,
            resources={"metadata": {"path": str(folder)}},
        )
        client.execute()
        print(f"{time.monotonic() - start:.0f} s", flush=True)
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)  # times of day
        notebook.metadata = key.notebook.metadata
        nbformat.write(notebook, folder / f"{name}.ipynb")


class KernelManager(AsyncKernelManager):
    """Kernels of this very interpreter, whatever the notebook or the user's kernel specs say."""

    @property
    def kernel_spec(self):
        return KernelSpec(argv=program.command(), display_name="Python 3", language="python")


def record_fingerprints(course: Path) -> None:
    """Run the catalogue of misconceptions and write the fingerprints, of visible checks for the package and of all
    checks for the judge."""
    sources = course / "source" / ASSIGNMENT
    executions = Executions(Store(course / "executions"), process_worker())
    visible: dict = {}
    everything: dict = {}
    texts: dict = {}
    for name, key in keys(sources).items():
        seen, found = misconceptions.record(key, executions, reference(key, executions))
        visible |= seen
        everything |= found
        texts |= {mistake.name: mistake.hint for mistake in misconceptions.catalogue(sources, name)}
    shipped = {"cells": visible, "hints": texts}
    write_json(Path(hints.__file__).with_name(misconceptions.FINGERPRINTS), shipped)
    write_json(course / "source" / "misconceptions" / misconceptions.FINGERPRINTS, everything)


def write_json(path: Path, data: dict) -> None:
    """Write JSON with one entry a line where it matters for reading a diff."""
    text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
