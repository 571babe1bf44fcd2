"""Make the self-study edition of a notebook: all checks can be run, and a folded solution is below each step."""

import nbformat
from nbformat import NotebookNode

from autograder.core.notebooks import copied
from autograder.course.cells import is_check, is_solution, name_of
from autograder.course.key import Key
from autograder.course.solutions import without_marks

FOLDED = """\
<details>
<summary>Solution of {name}: open it after your own attempt</summary>

{solution}

</details>"""


def self_study(key: Key, released: NotebookNode) -> NotebookNode:
    """Return a release with the hidden checks in its check cells, and a solution below each step and question."""
    notebook = copied(released)
    checks = {name_of(cell) for cell in notebook.cells if is_check(cell)}
    solutions: dict[str, NotebookNode] = {}  # by the cell that they come after
    for ours, cell in zip(key.notebook.cells, notebook.cells, strict=True):
        name = name_of(cell)
        if is_check(cell):
            cell.source = without_marks(ours.source)
        elif is_solution(cell):
            check = f"test_{name}"
            solutions[check if check in checks else name] = folded(ours)
    notebook.cells = [
        each for cell in notebook.cells for each in (cell, solutions.get(name_of(cell))) if each is not None
    ]
    return notebook


def folded(cell: NotebookNode) -> NotebookNode:
    """Return a cell with the solution of a step, or a model answer, which is hidden until somebody opens it."""
    source = without_marks(cell.source)
    solution = f"```python\n{source}\n```" if cell.cell_type == "code" else source
    made: NotebookNode = nbformat.v4.new_markdown_cell(FOLDED.format(name=name_of(cell), solution=solution))
    made.id = f"solution_of_{name_of(cell)}"
    return made
