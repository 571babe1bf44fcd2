"""Execute the key, experiments included, into `notebooks/`, the baseline that nbval checks."""

import hashlib
import os
import sys
import time
from enum import StrEnum
from pathlib import Path

import nbformat
from cs231n import shipped
from cs231n.notebook_import import FOLDER_VARIABLE
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets import Set

from autograder.authoring.fingerprints import shipped_folder
from autograder.core.annotations import FIELD
from autograder.core.notebooks import copied, new_notebook, read
from autograder.course.assignment import Assignment
from autograder.course.cells import is_check, is_experiment, name_of
from autograder.course.key import Key, some_keys

IMPORTS = "imports"  # in the metadata of an executed notebook
KERNEL_OPTIONS = ("--HistoryManager.enabled=False", "--InteractiveShellApp.exec_PYTHONSTARTUP=False")


class Extent(StrEnum):
    """How much of a notebook has to be executed."""

    NOTHING = "kept"
    CHECKS = "only checks"  # experiments keep their outputs
    EVERYTHING = "everything"


def run_key(
    assignment: Assignment, folder: Path, names: list[str], everything: bool = False, timeout: float = 3600
) -> None:
    """Execute notebooks of the key, experiments included, into a folder; `notebooks/` is the committed one.

    Only notebooks are executed that have changed, or that import others which have. Changes of the package, the data or
    a library are not noticed.
    names: those of the notebooks, all if the list is empty; everything: execute unchanged ones too
    timeout: seconds for each cell
    Raises GraderError for a name that the key does not have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, key in sorted(some_keys(assignment, names).items(), key=lambda item: len(item[1].imports)):
        path = folder / f"{name}.ipynb"
        before = read(path) if path.exists() else new_notebook()
        extent = Extent.EVERYTHING if everything else extent_of(key, before)
        start = time.monotonic()
        print(f"{name}: {extent} ... ", end="", flush=True)
        notebook = copied(key.notebook)
        if extent is not Extent.NOTHING:
            execute(notebook, key, folder, timeout, kept_of(key) if extent is Extent.CHECKS else set())
        if extent is not Extent.EVERYTHING:
            keep_outputs(notebook, before)
        print(f"{time.monotonic() - start:.0f} s", flush=True)
        notebook.metadata = copied(key.notebook.metadata) | {FIELD: {IMPORTS: digest_of_imports(key)}}
        nbformat.write(notebook, path)


def extent_of(key: Key, before: NotebookNode) -> Extent:
    """Return how much of a notebook has to be executed. before: as it was executed the last time"""
    if before.metadata.get(FIELD, {}).get(IMPORTS) != digest_of_imports(key):
        return Extent.EVERYTHING
    if work_of(before) != work_of(key.notebook):
        return Extent.EVERYTHING
    old = code_of(before)
    changed = [name for name, source in code_of(key.notebook).items() if old.get(name) != source]
    if any(name in key.weights for name in changed):  # an experiment writes the file of weights
        return Extent.EVERYTHING
    return Extent.CHECKS if changed else Extent.NOTHING


def code_of(notebook: NotebookNode) -> dict[str, str]:
    """Return the sources of the code cells, by name."""
    return {name_of(cell): cell.source for cell in notebook.cells if cell.cell_type == "code"}


def work_of(notebook: NotebookNode) -> list[str]:
    """Return the sources of all code cells except checks, in order: experiments depend on them."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code" and not is_check(cell)]


def digest_of_imports(key: Key) -> str:
    """Return the hash of what a notebook imports from others."""
    used = [(name, key.definitions[name]) for name in key.imports]
    return hashlib.sha256(repr(used).encode()).hexdigest()[:16]


def kept_of(key: Key) -> set[str]:
    """Return the names of the cells that keep their outputs if only checks have changed.

    These are the experiments, and the checks of networks, which need the data and the files that experiments write.
    """
    return {name_of(cell) for cell in key.notebook.cells if is_experiment(cell)} | set(key.weights)


def execute(notebook: NotebookNode, key: Key, folder: Path, timeout: float, skipped: set[str]) -> None:
    """Execute a notebook in place. skipped: the names of cells to leave out"""
    client = Client(
        notebook,
        kernel_manager_class=KernelManager,
        timeout=timeout,
        resources={"metadata": {"path": str(folder)}},
        skipped=skipped,
    )
    client.execute(env={**environment(key.assignment), FOLDER_VARIABLE: str(key.assignment.source)})
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # the times when it ran


def keep_outputs(notebook: NotebookNode, before: NotebookNode) -> None:
    """Give each unchanged code cell its earlier outputs, and number all code cells in order, in place."""
    outputs = {(name_of(cell), cell.source): cell.outputs for cell in before.cells if cell.cell_type == "code"}
    for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), start=1):
        cell.outputs = outputs.get((name_of(cell), cell.source), cell.outputs)
        cell.execution_count = number


def environment(assignment: Assignment) -> dict[str, str]:
    """Return the environment of a kernel that finds the course's own package, and what comes with its assignments."""
    own = {shipped.VARIABLE: str(shipped_folder(assignment).parent)}
    if assignment.package:
        own["PYTHONPATH"] = os.pathsep.join(filter(None, [str(assignment.course), os.environ.get("PYTHONPATH")]))
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3"}  # keeps TensorFlow's messages about its build out of the outputs
    return {**quiet, **os.environ, **own}


class Client(NotebookClient):
    """Leaves out cells by name."""

    skipped = Set(help="The names of the cells that are not executed.")

    async def async_execute_cell(
        self, cell: NotebookNode, cell_index: int, execution_count: int | None = None, store_history: bool = True
    ) -> NotebookNode:
        """Execute a cell, unless it is to be left out."""
        if name_of(cell) in self.skipped:
            return cell
        return await super().async_execute_cell(cell, cell_index, execution_count, store_history)


class KernelManager(AsyncKernelManager):
    """Kernels of this interpreter, whatever the notebook or the user's kernel specs say."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The command line that starts a kernel."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *KERNEL_OPTIONS]
        return KernelSpec(argv=command, display_name="Python 3", language="python")
