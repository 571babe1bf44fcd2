"""Solution cells: the key's, and notebooks with other ones in their place."""

import nbformat
from nbformat import NotebookNode

from autograder.course.cells import grade_id, is_solution
from autograder.course.key import Key


def solution(key: Key, name: str) -> NotebookNode:
    """Return the key's solution cell of this id; raises KeyError where there is none."""
    for cell in key.notebook.cells:
        if grade_id(cell) == name and is_solution(cell):
            return cell
    raise KeyError(f"{key.name} has no solution cell {name}")


def with_solutions(key: Key, sources: dict[str, str]) -> NotebookNode:
    """Return the key with other sources in some of its solution cells."""
    notebook = nbformat.from_dict(key.notebook)
    for cell in notebook.cells:
        if is_solution(cell) and grade_id(cell) in sources:
            cell.source = sources[grade_id(cell)]
    return notebook


def answered(release: NotebookNode, key: Key, skip: tuple[str, ...] = ()) -> NotebookNode:
    """Return the released notebook with the key's solutions in it, without the marks around them."""
    notebook = nbformat.from_dict(release)
    for cell in notebook.cells:
        if is_solution(cell) and grade_id(cell) not in skip:
            cell.source = without_marks(solution(key, grade_id(cell)).source)
    return notebook


def without_marks(source: str) -> str:
    return "\n".join(line for line in source.split("\n") if "### BEGIN" not in line and "### END" not in line)


def set_source(notebook: NotebookNode, name: str, source: str) -> None:
    """Replace the source of one solution cell."""
    next(cell for cell in notebook.cells if grade_id(cell) == name).source = source
