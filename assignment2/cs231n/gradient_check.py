"""Numerical gradients, and the error that compares an analytic gradient with them.

The derivative by central differences, (f(x + h) - f(x - h)) / 2h, has an error of order h² from the third derivative of
f, and one of order eps / h from rounding; h = 1e-5 balances the two for float64.
"""

from collections.abc import Callable

import numpy as np


def eval_numerical_gradient(f: Callable, x: np.ndarray, h: float = 1e-5, verbose: bool = False) -> np.ndarray:
    """Return the numerical gradient of a scalar function.

    f: function of one array that returns a number. It may ignore its argument and read x elsewhere, such as a
       parameter inside a model: x itself is shifted, and restored afterwards.
    x: float array of any shape, where to evaluate. h: the step. verbose: print each derivative.
    Returns an array with the shape and dtype of x.
    """
    _require_resolution(x, h)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _at_shifted(f, x, index, h)
        if np.size(above) != 1:
            raise ValueError(
                f"f returned an array of shape {np.shape(above)}, but a scalar function is expected here: "
                "use eval_numerical_gradient_array(f, x, df)"
            )
        gradient[index] = np.squeeze(above - below) / (2 * h)
        if verbose:
            print(index, gradient[index])
    return gradient


def eval_numerical_gradient_array(f: Callable, x: np.ndarray, df: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """Return the gradient of sum(f(x) * df) with respect to x.

    That is what a backward pass returns for the upstream gradient df.

    f: function of one array that returns an array. x: float array of any shape. df: array with the shape of
    f(x). h: the step. Returns an array with the shape and dtype of x.
    """
    _require_resolution(x, h)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _at_shifted(f, x, index, h)
        if np.shape(above) != np.shape(df):
            raise ValueError(
                f"f(x) has the shape {np.shape(above)}, but the upstream gradient df has {np.shape(df)}: "
                "they must be the same"
            )
        gradient[index] = np.sum((above - below) * df) / (2 * h)
    return gradient


def rel_error(a, b) -> float:
    """Return the largest relative error between two arrays: max(|a - b| / max(1e-8, |a| + |b|)).

    Both arrays have the same shape. Against a numerical gradient, a correct one usually gives less than 1e-7, and a
    wrong one more than 1e-2. If either array contains NaN, the result is NaN.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(f"the shapes differ: {a.shape} and {b.shape}; compare arrays of one shape")
    if a.size == 0:
        return 0.0
    return float(np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))))


def _at_shifted(f, x, index, h):
    """Return f(x) with x[index] moved up and down by h; x is restored even if f raises."""
    before = x[index]
    try:
        x[index] = before + h
        above = np.array(f(x))  # a copy: f may return an array that it overwrites at the next call
        x[index] = before - h
        below = np.array(f(x))
    finally:
        x[index] = before
    return above, below


def _require_resolution(x, h):
    if not isinstance(x, np.ndarray) or not np.issubdtype(x.dtype, np.floating):
        kind = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"x must be a float64 array to be shifted by {h}, not {kind}: use x.astype(np.float64)")
    smallest = float(np.sqrt(np.finfo(x.dtype).eps))
    if not h >= smallest:
        raise ValueError(
            f"a step of h={h} is lost in the rounding of {x.dtype} (at least {smallest:.1g}): "
            "use float64, for a network dtype=np.float64"
        )
