"""Comparison and its words: cs231n.checks.compare."""

import numpy as np
import pytest
from cs231n.checks.compare import difference, scaled_error, told_difference, violation

X = np.array([[1.0, 2.0, 0.0], [1e-9, -4.0, 3.0]])


@pytest.mark.parametrize("actual", [X, np.asfortranarray(X), X * (1 + 1e-12), X + 1e-12])
def test_equal_up_to_rounding(actual):
    """Do other orders of summation and of memory pass?"""
    assert difference(actual, X, 1e-8) == ""


@pytest.mark.parametrize(
    ("actual", "said"),
    [
        (X.ravel(), "shape (6,), expected (2, 3)"),
        (X.astype(np.float32), "dtype float32, expected float64"),
        (X.astype(int), "dtype int64, expected float64"),
        (X + 1e-6, "tolerance 1e-08"),
        (-X, "error 1.3e+00"),
        (np.where(X == 0, np.nan, X), "1 of its 6 entries are NaN"),
        ("a list", "is a list, not an array"),
    ],
)
def test_differences_are_told(actual, said):
    """Does the message name what differs, shape and dtype before values?"""
    assert said in difference(actual, X, 1e-8)


def test_scalars():
    """May a loss be a float of any width or a integer, but not an array of shape (1,) or a bool?"""
    loss = np.asarray(2.0)
    assert difference(np.asarray(2.0, np.float32), loss, 1e-6) == ""
    assert difference(np.asarray(2), loss, 1e-6) == ""
    assert "shape (1,)" in difference(np.array([2.0]), loss, 1e-6)
    assert "dtype bool" in difference(np.asarray(True), np.asarray(1.0), 1e-6)
    assert "not a number" in difference("nothing (None)", loss, 1e-6)


def test_an_answer_is_told_as_one():
    """Does a check that asks for yes or no say what came out, and not the size of an error?"""
    assert told_difference(np.asarray(True), np.asarray(True), 1e-8) == ""
    assert told_difference(np.asarray(False), np.asarray(True), 1e-8) == "False instead of True"
    assert told_difference(np.asarray(True), np.asarray(False), 1e-8) == "True instead of False"


def test_zero_and_empty():
    """Is the error absolute where all is zero, and nothing if nothing is there?"""
    assert scaled_error(np.full(3, 1e-3), np.zeros(3)) == pytest.approx(1e-3)
    assert scaled_error(np.zeros((0, 2)), np.zeros((0, 2))) == 0


def test_huge_numbers():
    """Does a wrong entry show where squares would overflow?"""
    assert scaled_error([1e300, 0.0], [1e300, 1e300]) == pytest.approx(0.5)


def test_small_entries_count():
    """Does a wrong tiny entry among large ones still show at the scale of the array?"""
    assert scaled_error([1e-3, 1.0], [0.0, 1.0]) == pytest.approx(1e-3 / np.sqrt(0.5))


def test_infinities_have_to_agree():
    """Is an infinity fine where one is expected, and only there?"""
    assert scaled_error([np.inf, 1], [np.inf, 1]) == 0
    assert scaled_error([np.inf, 1], [1, 1]) == np.inf
    assert scaled_error([1, 1], [np.nan, 1]) == np.inf


def test_conditions():
    """Is a condition that does not hold quoted, and one that cannot be evaluated explained?"""
    values = {"W": np.array([0.5, -0.5])}
    assert violation("abs(W.mean()) < 1e-9", values) == ""
    assert violation("W > 0", values) == "does not hold: W > 0"
    assert "cannot evaluate" in violation("W @ np.ones(3) > 0", values)
    assert violation("W > 0", {"W": "a list"}) == "W is a list, not an array"
