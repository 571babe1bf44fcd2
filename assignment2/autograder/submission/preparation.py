"""From a sanitised notebook to the job that executes it, and back."""

import nbformat
from nbformat import NotebookNode

from autograder.core.results import CellResult
from autograder.course.key import Key, is_check, is_experiment, withheld_modules
from autograder.execution.job import CodeCell, ExecutionOptions, Job, Role, Runtime
from autograder.execution.kernel import sandbox


def runs(cell: NotebookNode) -> bool:
    """Tell whether grading executes a cell: code that is not an experiment and not empty."""
    return cell.cell_type == "code" and not is_experiment(cell) and bool(cell.source.strip())


def make_job(
    notebook: NotebookNode,
    key: Key,
    files: dict[str, str] | None = None,
    options: ExecutionOptions | None = None,
) -> Job:
    """Return the job for a sanitised notebook.

    files: the Python modules that were handed in with it; options: by default those for the instructor's own code
    """
    options = options or ExecutionOptions()
    cells = tuple(code_cell(cell) for cell in filter(runs, notebook.cells))
    sandboxed = not sandbox.unavailable() if options.sandboxed is None else options.sandboxed
    return Job(cells, Runtime.current(), key.definitions, files or {}, options.limits, sandboxed)


def code_cell(cell: NotebookNode) -> CodeCell:
    return CodeCell(cell.source, Role.CHECK, withheld_modules(cell)) if is_check(cell) else CodeCell(cell.source)


def merge(notebook: NotebookNode, results: list[CellResult]) -> NotebookNode:
    """Return a copy of the notebook with the outputs of its job, and each executed cell's status in its metadata."""
    notebook = nbformat.from_dict(notebook)
    for cell, result in zip(filter(runs, notebook.cells), results, strict=True):
        cell.outputs = nbformat.from_dict(result.outputs)
        cell.metadata["cs231n"] = {"status": result.status}
    return notebook
