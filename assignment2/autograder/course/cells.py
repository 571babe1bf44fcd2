"""The kinds of a notebook's cells, by nbgrader's metadata and the course's own tags."""

import ast
import symtable
from dataclasses import dataclass
from functools import lru_cache

from nbformat import NotebookNode

EXPERIMENT = "experiment"
WITHOUT = "without:"


def grade_id(cell: NotebookNode) -> str | None:
    """Return the id by which nbgrader knows a cell, None for the other cells."""
    found: str | None = cell.metadata.get("nbgrader", {}).get("grade_id")
    return found


def name_of(cell: NotebookNode) -> str:
    """Return the name of a cell in messages: the id by which nbgrader knows it, else its cell id."""
    return grade_id(cell) or str(cell.get("id", ""))


def is_experiment(cell: NotebookNode) -> bool:
    """Return whether a cell trains or plots: grading skips it and keeps the outputs that the student submitted."""
    return EXPERIMENT in cell.metadata.get("tags", [])


def is_solution(cell: NotebookNode) -> bool:
    """Return whether students write this cell: a solution in code, or a written answer."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_answer(cell: NotebookNode) -> bool:
    """Return whether a cell is the place for a written answer."""
    return is_solution(cell) and bool(cell.cell_type == "markdown")


def is_check(cell: NotebookNode) -> bool:
    """Return whether a cell is a check cell: graded by the judge."""
    return cell.cell_type == "code" and bool(cell.metadata.get("nbgrader", {}).get("grade"))


def points_of(cell: NotebookNode) -> float:
    """Return the points of a graded cell, 0 for the others."""
    about = cell.metadata.get("nbgrader", {})
    return float(about.get("points") or 0) if about.get("grade") else 0.0


def is_executed(cell: NotebookNode) -> bool:
    """Return whether grading executes a cell: code that is not an experiment and not empty."""
    return cell.cell_type == "code" and not is_experiment(cell) and bool(cell.source.strip())


def withheld_modules(cell: NotebookNode) -> tuple[str, ...]:
    """Return the modules that a check cell withholds, by one tag such as `without:cs231n.fast_layers` for each."""
    tags = cell.metadata.get("tags", [])
    return tuple(sorted(tag.removeprefix(WITHOUT) for tag in tags if tag.startswith(WITHOUT)))


def source_tree(cell: NotebookNode) -> ast.Module:
    """Parse a code cell without its lines of IPython syntax; an empty tree if Python cannot parse it."""
    return tree_of(cell.source)


def without_magics(source: str) -> str:
    """Return the source of a code cell with empty lines for IPython syntax, so that all lines keep their numbers."""
    return "\n".join("" if line.lstrip().startswith(("%", "!", "?")) else line for line in source.split("\n"))


def tree_of(source: str) -> ast.Module:
    """Parse the source of a code cell, see `source_tree`."""
    try:
        return ast.parse(without_magics(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # null bytes; too much for the parser
        return ast.Module([], [])


def defined_names(cell: NotebookNode) -> frozenset[str]:
    """Return the functions and classes that a code cell defines at its top level."""
    return definitions_in(cell.source)


@lru_cache(maxsize=512)  # given cells are asked about for each student
def definitions_in(source: str) -> frozenset[str]:
    """Return the functions and classes that the source of a code cell defines at its top level."""
    definitions = ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef
    return frozenset(node.name for node in tree_of(source).body if isinstance(node, definitions))


def loaded_names(cell: NotebookNode) -> frozenset[str]:
    """Return the global names that a code cell reads anywhere, inside functions too."""
    return names_in(cell.source).loaded


@dataclass(frozen=True)
class Names:
    """The global names that a cell binds and loads."""

    bound: frozenset[str] = frozenset()
    loaded: frozenset[str] = frozenset()


@lru_cache(maxsize=512)  # most cells are the same in a whole class; each cell of the key is compared with each other
def names_in(source: str) -> Names:
    """Return the global names of a cell, none if Python cannot parse it."""
    try:
        top = symtable.symtable(without_magics(source), "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Names()
    bound = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    loaded = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    todo = top.get_children()
    while todo:
        table = todo.pop()
        symbols = [symbol for symbol in table.get_symbols() if symbol.is_global()]
        loaded |= {symbol.get_name() for symbol in symbols if symbol.is_referenced()}
        bound |= {symbol.get_name() for symbol in symbols if symbol.is_assigned()}
        todo += table.get_children()
    return Names(frozenset(bound), frozenset(loaded))
