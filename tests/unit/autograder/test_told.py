"""What students read of verdicts: autograder.judging.told."""

import numpy as np
import pytest
from autograder.core.results import Status, Verdict
from autograder.judging import told

SECRET = "check.value('out', double(x))"
CODE = ["import numpy as np", "def double(x):\n    y = x @ x\n    return y"]


def test_an_exception_of_an_honest_student():
    """Does the student read the type, the line, and where to find the text?"""
    shown = told.exception("ValueError", 2, "y = x @ x", CODE)
    assert shown == "ValueError in line 2: y = x @ x (run the cell to read the whole message)"


@pytest.mark.parametrize("name", ["KeyError", "NameError", "LinAlgError", "AxisError", "UFuncTypeError"])
def test_types_of_exceptions_that_are_named(name):
    """Are Python's and NumPy's own types named, also where there is no line?"""
    assert told.exception(name, None, None, CODE).startswith(f"{name} (run")


@pytest.mark.parametrize(
    ("name", "number", "line"),
    [
        (SECRET, 2, "y = x @ x"),
        ("check_value_out_double", 2, SECRET),
        ("ValueError", 2, SECRET),
        ("ValueError", 1, "y = x @ x"),
        ("ValueError", True, "y = x @ x"),
        ("ValueError", 10**30, "y = x @ x"),
        (f"ValueError{SECRET}", -1, "return y"),
        ([SECRET], [2], {"line": SECRET}),
        (None, None, None),
    ],
)
def test_an_exception_that_carries_a_secret(name, number, line):
    """Does nothing come through but a known type and a line that was handed in?"""
    shown = told.exception(name, number, line, CODE)
    for known in ("ValueError", "an exception of another type", " in line 2: y = x @ x"):
        shown = shown.replace(known, "")
    assert shown == " (run the cell to read the whole message)"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (["def double(x):\n    return 2 *"], "the cell that defines double has a SyntaxError"),
        (["def doubled(x):\n    return 2 * x"], "no cell defines double: does yours have another name?"),
        (["1 / 0\ndef double(x):\n    return 2 * x"], "the cell that defines double ended before that line"),
    ],
)
def test_a_name_that_is_not_defined(code, said):
    """Is the student told whether the definition is missing, renamed, or not taken by Python?"""
    error = "NameError: name 'double' is not defined"
    assert told.undefined(error, SECRET, code).startswith(said)
    assert told.undefined(error, "check.value('out', square(x))", code) == ""
    assert told.undefined("NameError: no", SECRET, code) == ""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("nothing (None)", "is nothing (None), not an array"),
        ("a list", "is a list, not an array"),
        (f"a {SECRET}", "is something of another type, not an array"),
        (f"an array of [('{SECRET}', '<f8')]", "is something of another type, not an array"),
        ("an array of <U1234567", "is something of another type, not an array"),
        (np.zeros((2, 3)), "shape (2, 3), expected (3,)"),
        (np.zeros((1,) * 32), "another shape, expected (3,)"),
        (np.zeros((0, 12345)), "another shape, expected (3,)"),
        (np.zeros(3, np.int64), "dtype int64, expected float64"),
        (np.zeros(3), "error 1.0e+00, tolerance 1e-08"),
        (np.ones(3), ""),
    ],
)
def test_values(value, said):
    """Do students read kinds of values of a closed list, small shapes, and numbers of two digits?"""
    shown = told.wrong_value(value, np.ones(3), 1e-8)
    if "tolerance" in said:
        assert shown.startswith("error ")
    else:
        assert shown == said


def test_conditions():
    """Is a condition shown as the key has it, without the type and the exception that a value caused?"""
    assert told.violated("(out > 0).all()", {"out": np.ones(2)}) == ""
    assert told.violated("(out > 0).all()", {"out": np.zeros(2)}) == "does not hold: (out > 0).all()"
    assert told.violated("out > 0", {"out": SECRET}) == "out is something of another type, not an array"
    shown = told.violated("(out @ np.ones(3)).all()", {"out": np.zeros((12345, 2))})
    assert shown == "cannot evaluate (out @ np.ones(3)).all()"


def test_verdicts():
    """Do students read what they may be told, nothing if nobody said what, and no message of a hidden check?"""
    verdicts = [
        Verdict("a", Status.FAILED, SECRET, told="a word"),
        Verdict("b", Status.ERROR, SECRET, hint="a hint"),
        Verdict("c", Status.FAILED, SECRET, told="a word", hidden=True),
    ]
    assert [v.message for v in told.for_students(verdicts)] == ["a word", "", ""]
    assert [v.hint for v in told.for_students(verdicts)] == ["", "a hint", ""]
