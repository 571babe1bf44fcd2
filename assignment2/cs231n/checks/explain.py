"""Explain how an array differs from the right one by the structure of the difference; each statement is verified."""

from itertools import permutations

import numpy as np

CLOSE = 1e-6  # times the right array's rms: the largest deviation from a statement that counts as true
EXACT = 1e-9  # the largest deviation of a factor from an integer or a fraction
MAX_AXES = 4  # of arrays whose orders of axes are tried
FEW = 3  # entries that have to agree before a pattern is no coincidence


def explain(actual, expected):
    """Return how `actual` differs from `expected`: the first pattern that fits, else how many entries are wrong.

    actual, expected: arrays of numbers, of any shapes; they differ. Returns "" if nothing can be said.
    """
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    if not np.isfinite(actual).all() or not np.isfinite(expected).all() or not expected.any():
        return ""
    if actual.shape != expected.shape:
        return _other_shape(actual, expected)
    if not actual.any():
        return "all entries are 0"
    patterns = (_factor, _exchanged, _addend, _factor_along_an_axis, _addend_along_an_axis, _confined)
    found = (pattern(actual, expected) for pattern in patterns if expected.size >= FEW)
    return next(filter(None, found), "") or _worst(actual, expected)


def _close(a, b, like):
    return a.shape == b.shape and np.max(np.abs(a - b), initial=0.0) <= CLOSE * _rms(like)


def _rms(x):
    return np.sqrt(np.vdot(x, x) / max(x.size, 1))


def _other_shape(actual, expected):
    if actual.size == expected.size:
        for axes in _orders(actual.ndim):
            if _close(actual.transpose(axes), expected, expected):
                return "the right entries, with axes in another order"
        if _close(actual.ravel(), expected.ravel(), expected):
            return "the right entries, in another shape"
    for axis in range(actual.ndim):
        if _close(actual.sum(axis=axis), expected, expected):
            return f"its sum over axis {axis} is right"
    return ""


def _orders(ndim):
    return list(permutations(range(ndim)))[1:] if ndim <= MAX_AXES else []


def _factor(actual, expected):
    factor = np.vdot(expected, actual) / np.vdot(expected, expected)
    if factor and _close(actual, factor * expected, actual):
        return f"each entry is {_number(factor)} times what it should be"
    return ""


def _number(x):
    """Return a factor as an integer or a fraction of two small ones, if it is one."""
    for below in range(1, 13):
        over = round(x * below)
        if abs(x * below - over) < EXACT and abs(over) < 1000:
            return f"{over}" + (f"/{below}" if below > 1 else "")
    return f"{x:.4g}" if abs(x - 1) > 1e-3 else f"{x:.10g}"


def _exchanged(actual, expected):
    if abs(actual.sum() - expected.sum()) > CLOSE * _rms(expected) * expected.size:
        return ""  # no order of the right entries
    for axes in _orders(actual.ndim):
        if _close(actual.transpose(axes), expected, expected):
            return "the right entries, with axes swapped (transposed)"
    for axis in range(actual.ndim):
        if _close(np.flip(actual, axis), expected, expected):
            return f"the right entries, in reverse order along axis {axis}"
    return ""


def _addend(actual, expected):
    difference = actual - expected
    if _close(difference, np.full_like(difference, difference.mean()), expected):
        return f"each entry is {abs(difference.mean()):.4g} too {'large' if difference.mean() > 0 else 'small'}"
    return ""


def _along(array, axis):
    """Return the array with this axis first and the others joined, in any order."""
    return array.swapaxes(0, axis).reshape(array.shape[axis], -1)


def _factor_along_an_axis(actual, expected):
    for axis in range(actual.ndim if actual.ndim > 1 else 0):
        a, e = _along(actual, axis), _along(expected, axis)
        squares = np.sum(e**2, axis=1, keepdims=True)
        if e.shape[1] >= FEW and squares.all():
            factors = np.sum(a * e, axis=1, keepdims=True) / squares
            if _close(a, factors * e, actual):
                return f"along axis {axis}, each index is off by a different factor"
    return ""


def _addend_along_an_axis(actual, expected):
    for axis in range(actual.ndim if actual.ndim > 1 else 0):
        difference = _along(actual - expected, axis)
        mean = difference.mean(axis=1, keepdims=True)
        if difference.shape[1] >= FEW and _close(difference, np.broadcast_to(mean, difference.shape), expected):
            return f"along axis {axis}, a term is missing or added twice at each index"
    return ""


def _confined(actual, expected):
    """Return where the wrong entries are, if some entries are right and the wrong ones form a pattern."""
    wrong = np.abs(actual - expected) > CLOSE * _rms(expected)
    if wrong.all() or not wrong.any():
        return ""
    if _only(wrong, expected == 0):
        return "only entries that should be 0 are wrong"
    if _only(wrong, actual == 0):
        return "only entries that are 0 are wrong"
    if actual.ndim == MAX_AXES and min(actual.shape[2:]) >= FEW and not wrong[:, :, 1:-1, 1:-1].any():
        return "only entries at the border of the images are wrong"
    for axis in range(actual.ndim):
        places = np.flatnonzero(_along(wrong, axis).any(axis=1))
        if actual.shape[axis] >= FEW and len(places) == 1 and wrong.sum() >= FEW:
            return f"only index {places[0]} of axis {axis} is wrong"
    return ""


def _only(wrong, where):
    return where.any() and not (wrong & ~where).any()


def _worst(actual, expected):
    error = np.abs(actual - expected)
    worst = np.unravel_index(np.argmax(error), error.shape)
    wrong = np.sum(error > CLOSE * _rms(expected))
    numbers = f"{actual[worst]:.6g} instead of {expected[worst]:.6g}"
    if expected.size == 1:
        return numbers
    place = ", ".join(map(str, worst))
    return f"{wrong} of {error.size} entries are wrong, the worst at [{place}]: {numbers}"
