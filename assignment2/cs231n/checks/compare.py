"""Compare a value with the expected one: shape and dtype first, then the entries.

The verdict that a student sees in the notebook and the judge's verdict both use this, so both say the same.
"""

from functools import lru_cache

import numpy as np

from cs231n.checks.explain import explain

SHORT = 60  # characters of a condition that is shown; the name of the check says a longer one in words


def scaled_error(actual, expected):
    """Return max |actual - expected| / (|expected| + rms(expected)): relative, but not huge for entries near 0.

    Both arrays have the same shape and any number dtype. If `expected` is all zero, the error is absolute. Infinities
    and NaN must be at the same positions, else the error is infinite.
    """
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    finite = np.isfinite(expected)
    if not np.array_equal(actual[~finite], expected[~finite], equal_nan=True) or not np.isfinite(actual[finite]).all():
        return np.inf
    actual, expected = actual[finite], expected[finite]
    if expected.size == 0:
        return 0.0
    largest = np.max(np.abs(expected))
    if largest == 0:
        return float(np.max(np.abs(actual)))
    actual, expected = actual / largest, expected / largest  # squares of large numbers stay finite
    rms = np.sqrt(np.mean(expected**2))
    return float(np.max(np.abs(actual - expected) / (np.abs(expected) + rms)))


def difference(actual, expected, tol):
    """Return in a few words how `actual` differs from `expected`, "" if it does not.

    actual: an array, or the string that `values.decode` gives for what is neither an array nor a number
    expected: an array; tol: the largest `scaled_error` that passes
    """
    if isinstance(actual, str):
        return f"is {actual}, not {'a number' if expected.ndim == 0 else 'an array'}"
    if actual.shape != expected.shape:
        return f"shape {actual.shape}, expected {expected.shape}"
    both_float = actual.dtype.kind == expected.dtype.kind == "f"
    if actual.dtype != expected.dtype and not (expected.ndim == 0 and (both_float or actual.dtype.kind in "iu")):
        return f"dtype {actual.dtype}, expected {expected.dtype}"
    if _is_answer(expected):
        return "" if actual == expected else f"{actual} instead of {expected}"
    error = scaled_error(actual, expected)
    if error <= tol:
        return ""
    if not np.isfinite(actual).all() and np.isfinite(expected).all():
        return f"{np.sum(~np.isfinite(actual))} of its {actual.size} entries are NaN or infinite"
    return f"error {error:.1e}, tolerance {tol:.0e}"


def _is_answer(expected):
    """Return whether a check asks for yes or no."""
    return expected.ndim == 0 and expected.dtype == bool


def told_difference(actual, expected, tol):
    """Return what `difference` returns, and the structure of a wrong array if it is recognized."""
    message = difference(actual, expected, tol)
    told = isinstance(actual, str) or message.startswith("dtype") or _is_answer(expected)  # that says it all
    words = explain(actual, expected) if message and not told else ""
    return f"{message}; {words}" if words else message


@lru_cache(maxsize=1024)
def _compiled(expression):
    return compile(expression.lstrip(), "<condition>", "eval")  # the instructor's own


def violation(expression, names):
    """Evaluate a condition such as "abs(W.std() - 0.01) < 1e-3"; return how it is violated, "" if it holds.

    expression: from the instructor's check cell, never from a submission
    names: dict of arrays, or of the strings that `values.decode` gives for other values
    """
    for name, value in names.items():
        if isinstance(value, str):
            return f"{name} is {value}, not an array"
    try:
        with np.errstate(all="ignore"):
            holds = bool(np.all(eval(_compiled(expression), {"np": np, **names})))
    except Exception as error:
        return f"cannot evaluate {expression}: {error}"
    if holds:
        return ""
    return f"does not hold: {expression}" if len(expression) <= SHORT else "does not hold"
