"""Reading what a student handed in: notebooks of any version of the format, and the modules beside them."""

from pathlib import Path

from nbformat import NotebookNode

from autograder.core.errors import SubmissionError
from autograder.core.notebooks import copied, read

MAX_NOTEBOOK_BYTES = 50 * 2**20
MAX_MODULE_BYTES = 2**20


class NotGradable(SubmissionError):
    """A submitted notebook that cannot be read; the message says why."""


def read_notebook(path: Path) -> NotebookNode:
    """Read a submitted notebook of any version of the format; raises NotGradable with a reason for people."""
    if path.is_symlink() or path.parent.is_symlink():
        raise NotGradable(f"{path.name} is a link, not a file: hand in the notebook itself")
    if not path.is_file():
        raise NotGradable(f"{path.name} was not submitted")
    if path.stat().st_size > MAX_NOTEBOOK_BYTES:
        size = path.stat().st_size / 2**20
        raise NotGradable(f"{path.name} has {size:.0f} MB, more than {MAX_NOTEBOOK_BYTES // 2**20}: clear its outputs")
    try:
        notebook = copied(read(path))
        cells = [cell for cell in notebook.cells if isinstance(joined(cell.source), str) and cell.metadata is not None]
    except Exception as error:  # nbformat raises many kinds for malformed files, and none of them may stop a class
        reason = " ".join(str(error).split())[:200]
        raise NotGradable(f"{path.name} is not a readable notebook: {type(error).__name__} {reason}") from None
    for cell in cells:
        cell.source = joined(cell.source)
    notebook.cells = cells
    return notebook


def joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def read_modules(folder: Path) -> dict[str, str]:
    """Read the small Python modules that were handed in beside the notebooks, which solutions may import."""
    modules = {}
    for path in sorted(folder.glob("*.py")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= MAX_MODULE_BYTES:
            modules[path.name] = path.read_text(encoding="utf-8", errors="replace")
    return modules
