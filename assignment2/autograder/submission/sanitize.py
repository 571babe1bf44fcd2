"""Put what a student wrote into the instructor's notebook.

Taken from the submission: the solution cells and the written answers by their id, experiments, and the cells that the
student added. Everything else is the instructor's. Damage is repaired where that is possible and always reported.
"""

import ast
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.course.key import Key, grade_id, is_check, is_experiment, is_solution, source_tree

MAX_NOTEBOOK_BYTES = 50 * 2**20


class NotGradable(Exception):
    """A submitted notebook that cannot be read; the message says why."""


def read_submission(path: Path) -> NotebookNode:
    """Read a submitted notebook of any version of the format; raises NotGradable with a reason for people."""
    if path.is_symlink() or path.parent.is_symlink():
        raise NotGradable(f"{path.name} is a link, not a file: hand in the notebook itself")
    if not path.is_file():
        raise NotGradable(f"{path.name} was not submitted")
    if path.stat().st_size > MAX_NOTEBOOK_BYTES:
        size = path.stat().st_size / 2**20
        raise NotGradable(f"{path.name} has {size:.0f} MB, more than {MAX_NOTEBOOK_BYTES // 2**20}: clear its outputs")
    try:
        notebook = nbformat.read(path, as_version=4)
        notebook = nbformat.from_dict(notebook)
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


def sanitise(submitted: NotebookNode, key: Key) -> tuple[NotebookNode, list[str]]:
    """Return the notebook to execute and judge, and the list of repairs in words.

    submitted: as `read_submission` returns it; a notebook without cells gives an untouched one
    """
    notebook = nbformat.from_dict(key.template)
    known = {grade_id(cell) or cell.id: cell for cell in notebook.cells}
    found, added, repairs = match(submitted.cells, known)
    cells = list(added.get(None, []))
    for name, cell in known.items():
        theirs = found.get(name)
        extra = take(cell, theirs, repairs) if theirs is not None else []
        if theirs is None and is_solution(cell) and submitted.cells:
            repairs.append(f"{name}: the cell was missing")
        cells += [cell, *extra, *added.get(name, [])]
    for number, cell in enumerate(cells):
        if cell.id not in {c.id for c in known.values()} or cell is not known.get(grade_id(cell) or cell.id):
            cell.id = f"added-{number}"
    notebook.cells = cells
    return notebook, repairs


def match(cells: list[NotebookNode], known: dict[str, NotebookNode]):
    """Find which cell of a submission is which of the instructor's.

    Returns the last submitted cell for each known name, the added cells by the name of the known cell before them, and
    the repairs. A cell whose metadata was lost is recognised by its cell id, or by the function or class it defines.
    """
    names = [identify(cell, known) for cell in cells]
    repairs = []
    for index, cell in enumerate(cells):
        if names[index] is None and (name := by_definition(cell, known)) and name not in names:
            names[index] = name
            repairs.append(f"{name}: recognised by what it defines, its id was lost")
    found: dict[str, NotebookNode] = {}
    added: dict[str | None, list[NotebookNode]] = {}
    last = None
    for index, cell in enumerate(cells):
        name = names[index]
        if name is not None and name not in names[index + 1 :]:
            found[name], last = cell, name
            continue
        if name is not None:
            repairs.append(f"{name}: the cell stood there more than once, the last one counts")
            if is_check(known[name]):
                continue
        added.setdefault(last, []).append(plain(cell))
    order = [name for name in names if name in found]
    if order != [name for name in known if name in found] and len(set(order)) == len(order):
        repairs.append("cells were in another order")
    return found, added, repairs


def identify(cell: NotebookNode, known: dict[str, NotebookNode]) -> str | None:
    """Return the known name of a submitted cell: its nbgrader id, else that of the cell with the same cell id."""
    metadata = cell.metadata.get("nbgrader")
    name = metadata.get("grade_id") if isinstance(metadata, dict) else None
    if isinstance(name, str) and name in known:
        return name
    return next((name for name, mine in known.items() if mine.id == cell.get("id")), None)


def by_definition(cell: NotebookNode, known: dict[str, NotebookNode]) -> str | None:
    """Return the name of the solution cell that defines one of the functions or classes that this cell defines."""
    defined = defined_names(cell)
    solutions = (name for name, mine in known.items() if is_solution(mine) and mine.cell_type == "code")
    return next((name for name in solutions if defined & defined_names(known[name])), None)


def defined_names(cell: NotebookNode) -> set[str]:
    definitions = ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef
    return {node.name for node in source_tree(cell).body if isinstance(node, definitions)}


def take(cell: NotebookNode, theirs: NotebookNode, repairs: list[str]) -> list[NotebookNode]:
    """Put a student's cell into the instructor's `cell`; return what has to follow it as a cell of its own."""
    name = grade_id(cell) or cell.id
    changed = theirs.source.strip() != cell.source.strip()
    if is_solution(cell) or is_experiment(cell):
        if theirs.cell_type != cell.cell_type:
            repairs.append(f"{name}: was a {theirs.cell_type} cell, is {cell.cell_type} again")
        cell.source = theirs.source
        copy_pictures(theirs, cell)
        if is_experiment(cell) and theirs.cell_type == "code":
            cell.outputs = theirs.get("outputs", [])
        return []
    if is_check(cell) and theirs.source.strip() not in visible_forms(cell):
        repairs.append(f"{name}: the check cell was changed, the original counts")
    elif cell.cell_type == theirs.cell_type == "code" and not is_check(cell) and changed:
        return [plain(theirs)]  # imports that the student added to a given cell
    return []


def visible_forms(cell: NotebookNode) -> set[str]:
    """Return the source of a check cell with and without its hidden checks."""
    kept, hidden = [], False
    for line in cell.source.split("\n"):
        if "BEGIN HIDDEN TESTS" in line:
            hidden = True
        elif "END HIDDEN TESTS" in line:
            hidden = False
        elif not hidden:
            kept.append(line)
    return {cell.source.strip(), "\n".join(kept).strip()}


def copy_pictures(theirs: NotebookNode, cell: NotebookNode) -> None:
    """Give a markdown cell the pictures that were pasted into a student's: base64 by MIME type, by name."""
    attachments = theirs.get("attachments")
    if cell.cell_type != "markdown" or not isinstance(attachments, dict):
        return
    cell.attachments = {
        name: picture
        for name, picture in attachments.items()
        if isinstance(picture, dict) and all(isinstance(data, str) for data in picture.values())
    }


def plain(cell: NotebookNode) -> NotebookNode:
    """Return a copy of an added cell without metadata and outputs."""
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    copy = make.get(cell.cell_type, nbformat.v4.new_raw_cell)(cell.source)
    copy_pictures(cell, copy)
    return copy
