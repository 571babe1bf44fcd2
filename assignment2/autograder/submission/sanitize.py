"""Put what a student wrote into the instructor's notebook.

Taken from the submission: the solution cells and the written answers by their id, experiments, and the cells that the
student added. Everything else is the instructor's. Damage is repaired where that is possible and always reported.
"""

import nbformat
from nbformat import NotebookNode

from autograder.core.notebooks import copied
from autograder.core.results import Repair, RepairKind
from autograder.course.cells import defined_names, is_check, is_experiment, is_solution, name_of
from autograder.course.key import Key


def sanitize(submitted: NotebookNode, key: Key) -> tuple[NotebookNode, list[Repair]]:
    """Return the notebook to execute and judge, and what was repaired.

    submitted: as `parse_notebook` returns it; a notebook without cells gives an untouched one
    """
    notebook = copied(key.template)
    known = {name_of(cell): cell for cell in notebook.cells}
    found, added, repairs = match(submitted.cells, known)
    cells = list(added.get(None, []))
    for name, cell in known.items():
        theirs = found.get(name)
        extra = take(cell, theirs, key, repairs) if theirs is not None else []
        if theirs is None and is_solution(cell) and submitted.cells:
            repairs.append(Repair(RepairKind.CELL_MISSING, name, "the cell was missing"))
        cells += [cell, *extra, *added.get(name, [])]
    for number, cell in enumerate(cells):
        if cell is not known.get(name_of(cell)):
            cell.id = f"added-{number}"
    notebook.cells = cells
    return notebook, repairs


def match(
    cells: list[NotebookNode], known: dict[str, NotebookNode]
) -> tuple[dict[str, NotebookNode], dict[str | None, list[NotebookNode]], list[Repair]]:
    """Find which cell of a submission is which of the instructor's.

    Returns the last submitted cell for each known name, the added cells by the name of the known cell before them, and
    the repairs. A cell whose metadata was lost is recognized by its cell id, or by the function or class it defines.
    """
    names = [identify(cell, known) for cell in cells]
    repairs: list[Repair] = []
    for index, cell in enumerate(cells):
        if names[index] is None and (name := by_definition(cell, known)) and name not in names:
            names[index] = name
            repairs.append(Repair(RepairKind.ID_LOST, name, "recognized by what it defines, its id was lost"))
    found: dict[str, NotebookNode] = {}
    added: dict[str | None, list[NotebookNode]] = {}
    last = None
    for index, cell in enumerate(cells):
        name = names[index]
        if name is not None and name not in names[index + 1 :]:
            found[name], last = cell, name
            continue
        if name is not None:
            text = "the cell stood there more than once, the last one counts"
            repairs.append(Repair(RepairKind.CELL_REPEATED, name, text))
            if is_check(known[name]):
                continue
        added.setdefault(last, []).append(plain(cell))
    order = [name for name in names if name in found]
    if order != [name for name in known if name in found] and len(set(order)) == len(order):
        repairs.append(Repair(RepairKind.REORDERED, "", "cells were in another order"))
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


def take(cell: NotebookNode, theirs: NotebookNode, key: Key, repairs: list[Repair]) -> list[NotebookNode]:
    """Put a student's cell into the instructor's `cell`; return what has to follow it as a cell of its own."""
    name = name_of(cell)
    changed = theirs.source.strip() != cell.source.strip()
    if is_solution(cell) or is_experiment(cell):
        if theirs.cell_type != cell.cell_type:
            text = f"was a {theirs.cell_type} cell, is {cell.cell_type} again"
            repairs.append(Repair(RepairKind.CELL_RETYPED, name, text))
        cell.source = theirs.source
        copy_pictures(theirs, cell)
        if is_experiment(cell) and theirs.cell_type == "code":
            cell.outputs = theirs.get("outputs", [])
        return []
    if is_check(cell) and theirs.source.strip() not in (cell.source.strip(), key.visible_checks[name].strip()):
        repairs.append(Repair(RepairKind.CHECK_CHANGED, name, "the check cell was changed, the original counts"))
    elif cell.cell_type == theirs.cell_type == "code" and not is_check(cell) and changed:
        return [plain(theirs)]  # imports that the student added to a given cell
    return []


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
    copy: NotebookNode = make.get(cell.cell_type, nbformat.v4.new_raw_cell)(cell.source)  # type: ignore[no-untyped-call]
    copy_pictures(cell, copy)
    return copy
