"""The key executed, experiments included: `notebooks/`, the baseline that nbval checks."""

import os
import sys
import time
from pathlib import Path

import nbformat
from cs231n import shipped
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from autograder.authoring.fingerprints import shipped_folder
from autograder.core.notebooks import copied
from autograder.course.assignment import Assignment
from autograder.course.key import keys, some_keys

KERNEL_OPTIONS = ("--HistoryManager.enabled=False", "--InteractiveShellApp.exec_PYTHONSTARTUP=False")


def run_key(assignment: Assignment, folder: Path, names: list[str], timeout: float = 3600) -> None:
    """Execute notebooks of the key, experiments included, into a folder; `notebooks/` is the committed one.

    names: which ones, all where the list is empty. Raises GraderError for a name that the key does not have.
    """
    found, wanted = keys(assignment), some_keys(assignment, names)
    folder.mkdir(parents=True, exist_ok=True)
    for name, key in found.items():
        if not names or not (folder / f"{name}.ipynb").exists():
            nbformat.write(key.notebook, folder / f"{name}.ipynb")  # the others import it from there
    for name, key in sorted(wanted.items(), key=lambda item: len(item[1].imports)):
        start = time.monotonic()
        print(f"{name} ... ", end="", flush=True)
        notebook = copied(key.notebook)
        client = NotebookClient(
            notebook,
            kernel_manager_class=KernelManager,
            timeout=timeout,
            resources={"metadata": {"path": str(folder)}},
        )
        client.execute(env=environment(assignment))
        print(f"{time.monotonic() - start:.0f} s", flush=True)
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)  # times of day
        notebook.metadata = key.notebook.metadata
        nbformat.write(notebook, folder / f"{name}.ipynb")


def environment(assignment: Assignment) -> dict[str, str]:
    """Return the environment of a kernel that finds the course's own package, and what ships with its assignments."""
    own = {shipped.VARIABLE: str(shipped_folder(assignment).parent)}
    if assignment.package:
        own["PYTHONPATH"] = os.pathsep.join(filter(None, [str(assignment.course), os.environ.get("PYTHONPATH")]))
    return {**os.environ, **own}


class KernelManager(AsyncKernelManager):
    """Kernels of this very interpreter, whatever the notebook or the user's kernel specs say."""

    @property
    def kernel_spec(self) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *KERNEL_OPTIONS]
        return KernelSpec(argv=command, display_name="Python 3", language="python")
