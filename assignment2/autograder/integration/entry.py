"""What the writer needs of a judged notebook: its text, and what goes into the gradebook. Workers prepare it, so that
the one process that writes has nothing left to compute."""

from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import LimitOutput
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution
from traitlets.config import Config

from autograder.core.annotations import repairs_of
from autograder.core.notebooks import text_of
from autograder.course.cells import name_of
from autograder.evaluation.evaluate import Evaluation
from autograder.integration.steps import write_verdicts

NO_RESPONSE = "No response."  # as nbgrader writes it


@dataclass(frozen=True)
class Entry:
    """One notebook, ready to be written.

    text: that of the file in `autograded/`; scores: by cell, None if a person has to give one; comments: by cell
    repairs: for the log
    """

    text: str
    scores: dict[str, float | None]
    comments: dict[str, str | None]
    repairs: list[str]


def entry_of(found: Evaluation, config: Config) -> Entry:
    """Do the steps of nbgrader's autograde that need no gradebook, in place in the notebook of the evaluation.

    Raises ValidationError if the result is not a notebook.
    """
    notebook = found.notebook
    write_verdicts(notebook, found.verdicts)
    LimitOutput(config=config).preprocess(notebook, {})
    nbformat.validate(notebook, relax_add_props=True)
    scores = {name_of(cell): determine_grade(cell)[0] for cell in notebook.cells if is_grade(cell)}
    comments = {name_of(cell): automatic_comment(cell) for cell in notebook.cells if is_solution(cell)}
    repairs = list(map(str, repairs_of(notebook)))
    return Entry(f"{text_of(notebook)}\n", scores, comments, repairs)


def automatic_comment(cell: NotebookNode) -> str | None:
    """Return nbgrader's comment on a solution, None unless the student left it as it was given."""
    return NO_RESPONSE if cell.metadata.nbgrader.get("checksum") == compute_checksum(cell) else None
