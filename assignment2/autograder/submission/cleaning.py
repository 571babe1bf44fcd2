"""Make everything harmless that a student wrote and a person looks at: answers, added cells, pictures, outputs.

Formgrader renders a submission in the instructor's session, and feedback is opened next to it: a script there could
set grades and write files. So nothing active gets into `autograded/`, and pages need not care. Code stays as it is:
pages escape it. The instructor's own Markdown stays as it is too.
"""

import re
from collections.abc import Container
from urllib.parse import quote

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from autograder.core.results import Repair, RepairKind
from autograder.course.cells import is_check, is_experiment, is_solution, name_of
from autograder.submission.markdown import as_text, clean_markdown
from autograder.submission.markup import is_active, plain_text
from autograder.submission.outputs import clean_outputs, had_scripts, is_message
from autograder.submission.pictures import picture

PICTURE_NAME = re.compile(r"[^\x00-\x1f\x7f<>\"'&\\]{1,200}")
UNESCAPED = ":/?#@!$&()*+,;=%"  # in addresses, as mistune writes them
ANSWER = "active HTML in this text is shown as text"
OUTPUTS = "scripts or active HTML were removed from its outputs"


def clean_submission(notebook: NotebookNode, instructors: Container[str]) -> list[Repair]:
    """Make a sanitized notebook harmless, in place; return what a person should know about.

    instructors: names of the cells that come from the instructor; of these, only the written answers and the outputs
    of experiments are the student's
    """
    repairs = []
    for index, cell in enumerate(notebook.cells):
        theirs = is_solution(cell) or name_of(cell) not in instructors
        if cell.cell_type == "raw" and theirs:
            cell = notebook.cells[index] = new_markdown_cell(as_text(plain_text(cell.source)), id=cell.id)
        elif cell.cell_type == "markdown" and theirs:
            repairs += [Repair(RepairKind.CLEANED, name_of(cell), ANSWER)] if clean_text(cell) else []
        elif cell.cell_type == "code" and is_experiment(cell):
            repairs += clean_code(cell)
    return repairs


def clean_text(cell: NotebookNode) -> bool:
    """Make a markdown cell harmless, in place; return whether it contained something active."""
    pictures: dict[str, dict[str, str]] = {}
    for name, bundle in cell.get("attachments", {}).items():
        kept = {mime: clean for mime, data in bundle.items() if (clean := picture(mime, data)) is not None}
        if kept and PICTURE_NAME.fullmatch(name):
            pictures |= {name: kept, quote(name, safe=UNESCAPED): kept}  # nbconvert looks for the address as written
    cell.pop("attachments", None)
    if pictures:
        cell.attachments = pictures
    written, cell.source = cell.source, clean_markdown(cell.source, pictures)
    return cell.source != written and is_active(written)


def clean_code(cell: NotebookNode) -> list[Repair]:
    """Make the outputs of a code cell harmless, in place; return what a person should know about.

    The messages of a check cell stay as they are: they are dropped after the judge has read them.
    """
    outputs = cell.outputs if isinstance(cell.outputs, list) else []
    messages = [output for output in outputs if is_message(output)]
    shown = [output for output in outputs if not is_message(output)]
    cell.outputs = (messages if is_check(cell) else []) + clean_outputs(shown)
    return [Repair(RepairKind.CLEANED, name_of(cell), OUTPUTS)] if had_scripts(shown) else []
