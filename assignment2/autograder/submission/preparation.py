"""From a sanitised notebook to the job that executes it, and back."""

import nbformat
from nbformat import NotebookNode

from autograder.course.key import Key, is_check, is_experiment, withheld_modules
from autograder.execution.kernel import sandbox
from autograder.execution.kernel.client import Limits
from autograder.execution.run import DEFAULT_LIMITS, Job


def runs(cell: NotebookNode) -> bool:
    """Tell whether grading executes a cell: code that is not an experiment and not empty."""
    return cell.cell_type == "code" and not is_experiment(cell) and bool(cell.source.strip())


def make_job(
    notebook: NotebookNode,
    key: Key,
    files: dict[str, str] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    sandboxed: bool | None = None,
) -> Job:
    """Return the job for a sanitised notebook.

    files: the Python modules that were handed in with it
    sandboxed: whether it may only run in a sandbox; None, for the instructor's own code: where there is one
    """
    executed = list(filter(runs, notebook.cells))
    cells = tuple((c.source, "check" if is_check(c) else "definition") for c in executed)
    withheld = {n: withheld_modules(c) for n, c in enumerate(executed) if is_check(c) and withheld_modules(c)}
    sandboxed = not sandbox.unavailable() if sandboxed is None else sandboxed
    return Job(cells, key.definitions, files or {}, limits, withheld, sandboxed)


def merge(notebook: NotebookNode, results: list[dict]) -> NotebookNode:
    """Return a copy of the notebook with the outputs of its job, and each executed cell's status in its metadata."""
    notebook = nbformat.from_dict(notebook)
    for cell, result in zip(filter(runs, notebook.cells), results, strict=True):
        cell.outputs = [nbformat.from_dict(output) for output in result["outputs"]]
        cell.metadata["cs231n"] = {"status": result["status"]}
    return notebook
