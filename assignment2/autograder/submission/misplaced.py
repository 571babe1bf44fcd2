"""Find code in a cell where it does not belong: a solution in another cell, a helper in a cell that is not run.

Students merge cells, write where the cursor is, and run cells in an order of their own. What works in their session
must not lose points because of its place.
"""

import ast
import builtins
from collections.abc import Iterable
from dataclasses import dataclass

from cs231n.notebook_import.definitions import bound_names, is_definition
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.core.results import Repair, RepairKind
from autograder.course.assignment import STUB
from autograder.course.cells import (
    defined_names,
    is_check,
    is_executed,
    is_experiment,
    is_solution,
    name_of,
    names_in,
    tree_of,
)
from autograder.submission.matching import Matched
from autograder.submission.writing import same_code

SHELL = {"get_ipython", "display", "In", "Out", "exit", "quit", "_", "__", "___", "__name__", "__file__", "__doc__"}
GIVEN_BY_PYTHON = SHELL | set(dir(builtins))


# -- solutions


def find_solutions(known: dict[str, NotebookNode], given: dict[str, str], matched: Matched) -> None:
    """If a solution cell is missing or unchanged, take its definitions from another cell that has them.

    known: the instructor's cells, by name; given: their sources as students get them, by name
    """
    solutions = {name: defined_names(cell) for name, cell in known.items() if is_solution(cell)}
    for name, wanted in solutions.items():
        theirs = matched.found.get(name)
        if not wanted or (theirs is not None and not same_code(theirs.source, given[name])):
            continue
        for where, cell in reversed(list(elsewhere(matched))):
            if where != name and wanted <= written_names(cell, given[name]):
                others = set().union(*(names for other, names in solutions.items() if other != name)) - wanted
                source = definitions_in(cell, without=others)
                matched.found[name] = new_code_cell(source)
                text = f"its code was in {f'the cell {where}' if where else 'an added cell'}"
                matched.repairs.append(Repair(RepairKind.MOVED, name, text))
                break


def elsewhere(matched: Matched) -> Iterable[tuple[str, NotebookNode]]:
    """Yield each code cell of the student's with its name, "" for an added one."""
    cells = [*matched.found.items(), *(("", cell) for cells in matched.added.values() for cell in cells)]
    yield from ((name, cell) for name, cell in cells if cell.cell_type == "code")


def written_names(cell: NotebookNode, stub: str) -> set[str]:
    """Return the names of the functions and classes that a cell defines in another way than a stub does."""
    stubs = {ast.dump(node) for node in tree_of(stub).body}
    return {name for name in defined_names(cell) if any(ast.dump(n) not in stubs for n in nodes_of(cell, {name}))}


def nodes_of(cell: NotebookNode, names: set[str]) -> list[ast.stmt]:
    """Return the statements of a cell that bind one of these names."""
    return [node for node in tree_of(cell.source).body if names & set(bound_names(node))]


def definitions_in(cell: NotebookNode, without: set[str]) -> str:
    """Return the source of a cell's functions, classes, imports and constants, except those of some names."""
    nodes = [node for node in tree_of(cell.source).body if is_definition(node) and not without & set(bound_names(node))]
    return "\n\n".join(source_of(node, cell.source) for node in nodes)


def source_of(node: ast.stmt, source: str) -> str:
    """Return the lines of a statement, its decorators included."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return "\n".join(source.split("\n")[first - 1 : node.end_lineno])


# -- helpers


@dataclass(frozen=True)
class Helper:
    """A definition in a cell that grading does not run. where: the cell's name"""

    source: str
    where: str


def add_helpers(cells: list[NotebookNode], known: dict[str, NotebookNode], matched: Matched) -> list[NotebookNode]:
    """Return the cells, with a new one before each that needs helpers from cells which are not run, or not in the
    student's version.

    cells: those of the notebook that is executed
    """
    executed = [cell for cell in cells if is_executed(cell)]
    bound = GIVEN_BY_PYTHON.union(*(names_in(cell.source).bound for cell in executed))
    users = [cell for cell in executed if not is_check(cell) and not is_unfinished(cell)]
    needed = {id(cell): set(names_in(cell.source).loaded - bound) for cell in users}
    if not any(needed.values()):
        return cells
    helpers, computed = offered(known, matched)
    result: list[NotebookNode] = []
    placed: set[str] = set()
    for cell in cells:
        wanted = with_what_they_need(needed.get(id(cell), set()), helpers, bound) - placed
        if wanted:
            sources = dict.fromkeys(helper.source for name, helper in helpers.items() if name in wanted)
            result.append(new_code_cell("\n\n".join(sources), id=f"helpers-{len(result)}"))
            text = f"taken from the cell {helpers[min(wanted)].where}, which is not run, for {name_of(cell)}"
            matched.repairs.append(Repair(RepairKind.MOVED, ", ".join(sorted(wanted)), text))
            placed |= wanted
        for name in sorted((needed.get(id(cell), set()) & computed.keys()) - helpers.keys()):
            text = f"uses {name}, which only the experiment {computed[name]} computes: experiments are not run"
            matched.repairs.append(Repair(RepairKind.NOT_RUN, name_of(cell), text))
        result.append(cell)
    return result


def is_unfinished(cell: NotebookNode) -> bool:
    """Return whether a cell still has a stub: the names that it returns are not computed yet, and need no helper."""
    return STUB.splitlines()[-1] in cell.source


def offered(known: dict[str, NotebookNode], matched: Matched) -> tuple[dict[str, Helper], dict[str, str]]:
    """Return the definitions in the student's experiments and check cells, by name, and for each other name the cell
    that computes it."""
    donors = [
        *((name, cell) for name, cell in matched.found.items() if is_experiment(known[name]) or is_check(known[name])),
        *((name_of(cell), cell) for cells in matched.added.values() for cell in cells if is_experiment(cell)),
        *((name_of(cell), cell) for cell in matched.spare),
    ]
    helpers: dict[str, Helper] = {}
    computed: dict[str, str] = {}
    for name, cell in donors:
        for node in tree_of(cell.source).body if cell.cell_type == "code" else []:
            for bound in bound_names(node):
                if is_definition(node):
                    helpers[bound] = Helper(source_of(node, cell.source), name)
                else:
                    computed[bound] = name
    return helpers, computed


def with_what_they_need(names: set[str], helpers: dict[str, Helper], bound: set[str]) -> set[str]:
    """Return the names of the helpers that these names need, directly or through other helpers."""
    found: set[str] = set()
    todo = names & helpers.keys()
    while todo:
        found |= todo
        more = set().union(*(names_in(helpers[name].source).loaded for name in todo)) - bound
        todo = (more & helpers.keys()) - found
    return found
