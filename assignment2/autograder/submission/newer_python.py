"""Find code for a newer Python than the grader's: that is not a mistake, and the reader of the result should know."""

import ast
import sys
import warnings
from collections.abc import Iterable

from nbformat import NotebookNode

from autograder.core.results import Repair, RepairKind
from autograder.course.cells import is_check, is_executed, name_of, names_in, without_magics

OURS = sys.version_info[:2]
QUOTES = (3, 12)  # the first version with all kinds of quotes in the braces of an f-string


def remarks_on_syntax(cells: Iterable[NotebookNode], version: str) -> list[Repair]:
    """Return a remark on each cell that this Python cannot parse and a newer one may.

    version: that of Python which the notebook names, such as "3.13", "" if it names none
    """
    theirs = tuple(map(int, version.split("."))) if version else ()
    ours = ".".join(map(str, OURS))
    remarks = []
    for cell in cells:
        problem = problem_of(cell.source) if is_executed(cell) and not is_check(cell) else ""
        if problem and (theirs > OURS or ("f-string" in problem and OURS < QUOTES)):
            whose = f"Python {version}" if theirs > OURS else "a newer one"
            text = f"the grader's Python {ours} cannot read this code ({problem}); it may be correct in {whose}"
            remarks.append(Repair(RepairKind.NEWER_PYTHON, name_of(cell), text))
    return remarks


def problem_of(source: str) -> str:
    """Return why Python cannot parse a code cell, "" if it can."""
    if source.lstrip().startswith("%%") or names_in(source).bound:
        return ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(without_magics(source))
        except SyntaxError as error:
            return str(error.msg)
        except (ValueError, RecursionError, MemoryError):  # no newer Python would read that
            return ""
    return ""
