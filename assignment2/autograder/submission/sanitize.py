"""Put what a student wrote into the instructor's notebook.

Taken from the submission: the solution cells and the written answers, experiments, and the cells that the student
added. Everything else is the instructor's. Damage is repaired if possible and always reported. Texts that fit nowhere
are left to a person.
"""

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from autograder.core.notebooks import copied
from autograder.core.results import Repair, RepairKind
from autograder.course.cells import is_answer, is_check, is_experiment, is_solution, name_of
from autograder.course.key import Key
from autograder.submission.attached import attach_pictures
from autograder.submission.matching import Matched, match
from autograder.submission.misplaced import add_helpers, find_solutions
from autograder.submission.writing import copy_pictures, plain, same_code, same_text, written_into

MIN_TEXT = 40  # characters of an added text that may be an answer
NO_ANSWER = "*No answer was found here. Some texts belong to no question: they are where the student wrote them.*"


def sanitize(submitted: NotebookNode, key: Key) -> tuple[NotebookNode, list[Repair]]:
    """Return the notebook to execute and judge, and what was repaired.

    submitted: as `parse_notebook` returns it; a notebook without cells gives an untouched one
    """
    notebook = copied(key.template)
    known = {name_of(cell): cell for cell in notebook.cells}
    matched = match(submitted.cells, key)
    find_solutions(known, key.given, matched)
    cells = list(matched.added.get(None, []))
    for name, cell in known.items():
        theirs = matched.found.get(name)
        extra = take(cell, theirs, key, matched.repairs) if theirs is not None else []
        if theirs is None and is_solution(cell) and submitted.cells:
            matched.repairs.append(Repair(RepairKind.CELL_MISSING, name, "the cell was missing"))
        cells += [cell, *extra, *matched.added.get(name, [])]
    for number, cell in enumerate(cells):
        if not is_known(cell, known):
            cell.id = f"added-{number}"
    texts = [cell for cell in cells if cell.cell_type == "markdown" and (is_answer(cell) or not is_known(cell, known))]
    matched.repairs += attach_pictures(texts, submitted.cells)
    leave_to_a_person(known, key, texts, matched)
    notebook.cells = add_helpers(cells, known, matched)
    return notebook, matched.repairs


def is_known(cell: NotebookNode, known: dict[str, NotebookNode]) -> bool:
    """Return whether a cell is one of the instructor's, and not one that the student added."""
    return cell is known.get(name_of(cell))


def take(cell: NotebookNode, theirs: NotebookNode, key: Key, repairs: list[Repair]) -> list[NotebookNode]:
    """Put a student's cell into the instructor's `cell`; return what has to follow it as a cell of its own."""
    name = name_of(cell)
    if is_solution(cell) or is_experiment(cell):
        if theirs.cell_type != cell.cell_type:
            text = f"was a {theirs.cell_type} cell and is a {cell.cell_type} cell again"
            repairs.append(Repair(RepairKind.CELL_RETYPED, name, text))
        cell.source = theirs.source
        copy_pictures(theirs, cell)
        if is_experiment(cell) and theirs.cell_type == "code":
            cell.outputs = theirs.get("outputs", [])
        return []
    if is_check(cell):
        if not any(same_code(theirs.source, ours) for ours in (key.given[name], cell.source)):
            repairs.append(Repair(RepairKind.CHECK_CHANGED, name, "the check cell was changed: the original counts"))
    elif cell.cell_type == "code":
        if theirs.cell_type == "code" and not same_code(theirs.source, cell.source):
            return [plain(theirs)]  # imports that the student added to a given cell
    elif text := inserted(theirs, key.given[name]):
        repairs.append(Repair(RepairKind.MOVED, name, "what was written into the given text is below it"))
        added: NotebookNode = new_markdown_cell(text)
        copy_pictures(theirs, added)
        return [added]
    return []


def inserted(theirs: NotebookNode, given: str) -> str:
    """Return what a student wrote into a given text of which nothing is missing, "" if it is another text."""
    if same_text(theirs.source, given):
        return ""
    written, whole = written_into(theirs.source, given)
    return written if whole else ""


def leave_to_a_person(known: dict[str, NotebookNode], key: Key, cells: list[NotebookNode], matched: Matched) -> None:
    """If an answer is empty and some added texts belong nowhere, let a person look: mark the answer, so that nbgrader
    asks for a manual grade. cells: answers and added texts"""
    texts = [cell for cell in cells if not is_known(cell, known) and len(cell.source) >= MIN_TEXT]
    for name, cell in known.items():
        if texts and is_answer(cell) and (same_text(cell.source, key.given[name]) or not cell.source.strip()):
            cell.source = f"{key.given[name]}\n\n{NO_ANSWER}"
            text = "no answer was found, but some texts belong to no question: a person has to look"
            matched.repairs.append(Repair(RepairKind.UNPLACED, name, text))
