"""Whoever computes nothing earns nothing: whatever is sent in place of values, and whatever solutions return."""

import ast
import json

import pytest
from autograder.core.notebooks import copied
from autograder.course.cells import is_experiment, is_solution
from autograder.course.key import keys
from autograder.judging.expected import PUBLIC_SEED, sent_by_cell
from autograder.judging.judge import score
from helpers.courses import WORKBOOK
from helpers.judging import judge_notebook
from nbformat.v4 import new_code_cell

NAMES = list(keys(WORKBOOK))

NOTHING = """
import numpy as np

class Anything:
    '''Takes part in whatever is asked of it, and computes nothing.'''
    __array_priority__ = 1000

    def __call__(self, *arguments, **options): return self
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self
    def __getitem__(self, key): return self
    def __setitem__(self, key, value): pass
    def __iter__(self): return iter([self, self])
    def __len__(self): return 2

    @property
    def shape(self): return ()

class Zeros(Anything):
    '''Gives zeros wherever an array is wanted.'''
    def __array__(self, dtype=None, copy=None): return np.zeros(3, dtype)
"""

KNOWN = """
import json
import numpy as np
from cs231n.checks.sending import SendingChecks
from cs231n.checks.values import encode

KNOWN = json.loads({known!r})

def send(self, name, got, **how):
    check = self._id(name)
    values = KNOWN.get(self.cell, {{}}).get(check) or {{key: encode(value) for key, value in got.items()}}
    self._send(check=check, values=values, **how)

def snapshots(self):
    for arrays, kept, weight in self._snapshots:
        self._values(f"{{', '.join(arrays)}} unchanged", kept, kind="unchanged", tol=0.0, weight=weight)

SendingChecks._values = send
SendingChecks._compare_snapshots = snapshots
"""


def returning(source, returned):
    """Return a solution cell whose functions and methods return the same thing for all arguments."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            value = "None" if node.name == "__init__" else returned
            node.body = ast.parse(f"def _():\n    return {value}").body[0].body
    return ast.unparse(tree)


@pytest.mark.parametrize("returned", ["Anything()", "Zeros()", "None", "0.0", "np.zeros((4, 5)), None"])
@pytest.mark.parametrize("name", NAMES)
def test_computing_nothing_earns_nothing(name, returned, course_keys, expected, executions):
    """Does a notebook of constant functions earn 0, also when it sends all values and snapshots that students know?"""
    key = course_keys[name]
    public = sent_by_cell(key.notebook, key, executions, PUBLIC_SEED)
    visible = expected[name].visible
    known = {
        cell.removeprefix("test_"): {
            m["check"]: m["values"] for m in found if m["check"] in visible[cell] and "values" in m
        }
        for cell, found in public.items()
    }
    notebook = copied(key.notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code" and is_solution(cell) and not is_experiment(cell):
            cell.source = returning(cell.source, returned)
    notebook.cells[:0] = [new_code_cell(NOTHING), new_code_cell(KNOWN.format(known=json.dumps(known)))]
    _, verdicts = judge_notebook(notebook, key, executions, expected[name])
    earned = {cell: [v.check for v in found if v.passed] for cell, found in verdicts.items() if score(found, 1)}
    given = {"test_losses"}  # code that comes with the package
    assert {cell: checks for cell, checks in earned.items() if cell not in given} == {}
