"""The steps of a notebook: its solution cells in code, what they build on, and which of them belong together."""

import re
from functools import lru_cache

from nbformat import NotebookNode

from autograder.course.cells import defined_names, is_check, is_experiment, is_solution, loaded_names, name_of
from autograder.course.key import Key

PASS = re.compile(r"(.+?)_(?:forward|backward)(?:_|$)")  # a forward and its backward share what comes before


def code_cells(key: Key) -> list[NotebookNode]:
    """Return the code cells of the key except experiments, in order."""
    return [cell for cell in key.notebook.cells if cell.cell_type == "code" and not is_experiment(cell)]


@lru_cache(maxsize=16)
def steps(key: Key) -> dict[str, set[str]]:
    """Return the names that each step defines, by the id of its cell, in the order of the notebook."""
    cells = [cell for cell in code_cells(key) if is_solution(cell) and not is_check(cell)]
    return {name_of(cell): set(defined_names(cell)) for cell in cells}


@lru_cache(maxsize=16)
def foundations(key: Key) -> dict[str, set[str]]:
    """Return the cells that each code cell builds on, directly or through others: those that define the names it uses.

    Check cells define nothing that others use.
    """
    defined = {name_of(cell): defined_names(cell) for cell in code_cells(key) if not is_check(cell)}
    used = {
        name_of(cell): {name for name, names in defined.items() if names & loaded_names(cell)} - {name_of(cell)}
        for cell in code_cells(key)
    }
    return {name: reached(name, used) for name in used}


def reached(start: str, used: dict[str, set[str]]) -> set[str]:
    """Return the nodes of a graph that can be reached from one. used: for each node, its neighbors"""
    found: set[str] = set()
    todo = [start]
    while todo:
        new = used[todo.pop()] - found
        found |= new
        todo += new
    return found


@lru_cache(maxsize=256)
def partners(key: Key, step: str) -> set[str]:
    """Return the steps that share a cache, this one included: a forward pass and its backward passes."""
    return {other for other, names in steps(key).items() if other == step or stems(names) & stems(steps(key)[step])}


def stems(names: set[str]) -> set[str]:
    """Return what the names of forward and backward passes have in common: "conv" of "conv_forward_naive"."""
    return {found[1] for found in map(PASS.match, names) if found}


@lru_cache(maxsize=256)
def steps_under_test(key: Key, check_cell: str) -> set[str]:
    """Return the steps that a check cell is about: the one it is named after, else those whose names it uses."""
    own = check_cell.removeprefix("test_")
    if own in steps(key):
        return {own}
    used = next(loaded_names(cell) for cell in code_cells(key) if name_of(cell) == check_cell)
    return {step for step, names in steps(key).items() if names & used}
