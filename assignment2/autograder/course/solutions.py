"""Solution cells: those of the key, and notebooks with others in their place."""

from nbformat import NotebookNode

from autograder.core.notebooks import copied
from autograder.course.cells import is_check, is_solution, name_of
from autograder.course.key import Key


def solution(key: Key, name: str) -> NotebookNode:
    """Return the key's solution cell of this id; raises KeyError if there is none."""
    found: list[NotebookNode] = [c for c in key.notebook.cells if name_of(c) == name and is_solution(c)]
    if not found:
        raise KeyError(f"{key.name} has no solution cell {name}")
    return found[0]


def with_solutions(key: Key, sources: dict[str, str]) -> NotebookNode:
    """Return the key with other sources in some of its solution cells."""
    notebook = copied(key.notebook)
    for cell in notebook.cells:
        if is_solution(cell) and name_of(cell) in sources:
            cell.source = sources[name_of(cell)]
    return notebook


def answered(release: NotebookNode, key: Key, skip: tuple[str, ...] = ()) -> NotebookNode:
    """Return the released notebook with the key's solutions in it, without the marks around them."""
    notebook = copied(release)
    for cell in notebook.cells:
        if is_solution(cell) and name_of(cell) not in skip:
            cell.source = without_marks(solution(key, name_of(cell)).source)
    return notebook


def without_marks(source: str) -> str:
    """Return the source of a cell without nbgrader's lines ### BEGIN and ### END."""
    return "\n".join(line for line in source.split("\n") if "### BEGIN" not in line and "### END" not in line)


def set_source(notebook: NotebookNode, name: str, source: str) -> None:
    """Replace the source of one solution cell."""
    next(cell for cell in notebook.cells if name_of(cell) == name).source = source


def one_step(notebook: NotebookNode, step: str) -> NotebookNode:
    """Return a notebook up to the check cell of a step, without the check cells of other steps.

    What such a notebook sends depends on nothing that comes later, and on no other check.
    """
    names = [name_of(cell) for cell in notebook.cells]
    check = f"test_{step}"
    notebook = copied(notebook)
    notebook.cells = [c for c in notebook.cells[: names.index(check) + 1] if not is_check(c) or name_of(c) == check]
    return notebook
