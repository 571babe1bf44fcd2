"""No case of a check cell spoils another, and none lends its names to a solution."""

import ast

import pytest
from autograder.core.notebooks import copied
from autograder.core.results import Status
from autograder.course.cells import is_check, is_experiment, is_solution, name_of
from autograder.course.key import keys
from autograder.course.solutions import one_step, solution, with_solutions
from helpers.courses import WORKBOOK
from helpers.judging import judge_notebook
from nbformat.v4 import new_code_cell

NAMES = list(keys(WORKBOOK))

RAISING = """
import zlib
from cs231n.checks.sending import SendingChecks

def run(self, case, function, inputs, run=SendingChecks._run):
    if zlib.crc32(case.encode()) % 2 == {remainder}:
        def function(random, **inputs):
            random.randn(3)
            raise RuntimeError("made to raise")
    run(self, case, function, inputs)

SendingChecks._run = run
"""

DRAWING = """
import functools, inspect
import numpy as np

def drawing(function):
    @functools.wraps(function)
    def wrapped(*arguments, **options):
        np.random.rand(3)
        return function(*arguments, **options)
    return wrapped

def drawing_method(function):
    def wrapped(self, *arguments, **options):
        np.random.rand(3)
        return function(self, *arguments, **options)
    if function.__name__ != "__init__":  # whose arguments Keras looks up in two ways, which have to agree
        functools.update_wrapper(wrapped, function)
    return wrapped

for name in {names}:
    found = globals()[name]
    if inspect.isclass(found):
        for method, function in list(vars(found).items()):
            if inspect.isfunction(function):
                setattr(found, method, drawing_method(function))
    else:
        globals()[name] = drawing(found)
"""


def solutions_of(key):
    """Return the ids of the solution cells in code."""
    cells = key.notebook.cells
    return [name_of(c) for c in cells if c.cell_type == "code" and is_solution(c) and not is_experiment(c)]


def with_cell(key, source, index):
    """Return the key with one more cell."""
    notebook = copied(key.notebook)
    notebook.cells.insert(index, new_code_cell(source))
    return notebook


@pytest.mark.parametrize("remainder", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_a_case_that_raises_spoils_no_other(name, remainder, course_keys, expected, executions):
    """Where half of the cases raise before they have drawn all inputs, do all others pass?"""
    notebook = with_cell(course_keys[name], RAISING.format(remainder=remainder), 0)
    _, verdicts = judge_notebook(notebook, course_keys[name], executions, expected[name])
    statuses = {v.check: v.status for found in verdicts.values() for v in found}
    assert set(statuses.values()) <= {Status.PASSED, Status.ERROR}
    for cell, found in verdicts.items():
        cases = {expected[name].checks[cell][v.check]["case"] for v in found if v.status is Status.ERROR}
        others = [v for v in found if expected[name].checks[cell][v.check]["case"] not in cases]
        assert all(v.passed for v in others), cell


@pytest.mark.parametrize("name", NAMES)
def test_solutions_that_draw_random_numbers_spoil_nothing(name, course_keys, expected, executions):
    """Where each function of a solution also draws from NumPy's global generator, do all checks pass?"""
    key = course_keys[name]
    notebook = copied(key.notebook)
    for cell in [c for c in notebook.cells if name_of(c) in solutions_of(key)]:
        defined = [node.name for node in ast.parse(cell.source).body if hasattr(node, "name")]
        index = notebook.cells.index(cell) + 1
        notebook.cells.insert(index, new_code_cell(DRAWING.format(names=defined)))
    _, verdicts = judge_notebook(notebook, key, executions, expected[name])
    assert [(cell, v.check, v.message) for cell, found in verdicts.items() for v in found if not v.passed] == []


@pytest.mark.parametrize("name", NAMES)
def test_helpers_of_checks_hide_no_name_of_a_student(name, course_keys):
    """Does each name that a check cell binds for itself begin with an underscore?"""
    for cell in filter(is_check, course_keys[name].notebook.cells):
        bound = {node.id for node in bindings(ast.parse(cell.source).body)} - {"check"}
        assert {each for each in bound if not each.startswith("_")} == set(), name_of(cell)


def bindings(body):
    """Yield the names that statements bind, the bodies of functions left out, as nodes with an `id`."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield ast.Name(node.name)
        elif isinstance(node, ast.With):
            yield from bindings(node.body)
        else:
            yield from (n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


class OtherArguments(ast.NodeTransformer):
    """Renames the arguments of each function, so that its body reads their old names from elsewhere."""

    def visit_FunctionDef(self, node):
        for argument in (*node.args.args, *node.args.kwonlyargs):
            if argument.arg != "self":
                argument.arg = f"{argument.arg}_"
        return self.generic_visit(node)


SOLUTIONS = [(name, cell) for name, key in keys(WORKBOOK).items() for cell in solutions_of(key)]


@pytest.mark.parametrize(("name", "cell"), SOLUTIONS, ids=[cell for _, cell in SOLUTIONS])
def test_names_of_the_check_are_no_arguments(name, cell, course_keys, expected, executions):
    """Is a solution that reads the check's names instead of its arguments caught at its own step, visibly?"""
    key = course_keys[name]
    source = ast.unparse(OtherArguments().visit(ast.parse(solution(key, cell).source)))
    notebook = one_step(with_solutions(key, {cell: source}), cell)
    _, verdicts = judge_notebook(notebook, key, executions, expected[name])
    assert [v.check for v in verdicts[f"test_{cell}"] if not v.passed and not v.hidden] != []
