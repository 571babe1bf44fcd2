"""What a student reads of a verdict: only what a closed list allows, whatever the student's code sent or raised.

While a check cell runs, student code can read its hidden checks. It could write them into the text of an exception, or
into the name of a type. So students read our own words, numbers of a few digits, and lines of the code that they handed
in. Anything else is for the instructor.
"""

import builtins
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from cs231n.checks.compare import difference, violation
from numpy import exceptions
from numpy.typing import NDArray

from autograder.core.results import Verdict
from autograder.course.cells import definitions_in

# those of Python and NumPy, and the one that NumPy raises for dtypes that a function does not support
EXCEPTIONS = {
    *(name for name, found in vars(builtins).items() if isinstance(found, type) and issubclass(found, BaseException)),
    *exceptions.__all__,
    "LinAlgError",
    "UFuncTypeError",
}
TYPES = ("list", "tuple", "str", "dict", "set", "bytes", "complex", "range", "function", "method", "type", "module")
VALUES = {
    "nothing (None)",
    *(f"a {name}" for name in (*TYPES, "generator", "builtin_function_or_method")),
    *(f"an array of {name}" for name in ("object", "complex64", "complex128")),
}
OTHER_VALUE = "something of another type"
MAX_DIMENSIONS, MAX_LENGTH = 5, 9999  # of a shape that is shown
MAX_LINE = 100  # characters of a student's line
Value = str | NDArray[np.generic]  # what `cs231n.checks.values.decode` gives


def for_students(verdicts: list[Verdict]) -> list[Verdict]:
    """Return the verdicts as students may read them: of hidden checks only the name, the status, the hint, and whether
    they passed with the key's steps in place of the student's."""
    return [replace(v, message="" if v.hidden and not v.with_ours else v.told) for v in verdicts]


def exception(name: object, number: object, line: object, code: Sequence[str]) -> str:
    """Return what students read of an exception. Its parts are as the submission sent them, so only what is also known
    from another source is shown.

    name: that of its type; number, line: the number and the text of the line that raised it, in its cell
    code: the sources of the cells that were handed in
    """
    kind = name if isinstance(name, str) and name in EXCEPTIONS else "an exception of another type"
    known = line_in(code, number, line) if type(number) is int and isinstance(line, str) else ""
    where = f" in line {number}: {known}" if known else ""
    return f"{kind}{where} (run the cell to read the whole message)"


def undefined(error: str, check: str, code: Sequence[str]) -> str:
    """Return why a name that a check uses is not defined, "" for another error.

    error: the text of the exception, as it was sent; check: the source of the check cell
    """
    found = re.fullmatch(r"NameError: name '(\w{1,50})' is not defined", error)
    if found is None or not re.search(rf"\b{found[1]}\b", check):
        return ""
    name = found[1]
    defining = [source for source in code if re.search(rf"^(?:def|class)\s+{name}\b", source, re.MULTILINE)]
    if not defining:
        return f"no cell defines {name}: does yours have another name?"
    if not any(name in definitions_in(source) for source in defining):
        return f"the cell that defines {name} has a SyntaxError"
    return f"the cell that defines {name} ended before that line, or did not run"


def line_in(code: Sequence[str], number: int, text: str) -> str:
    """Return the line with this number from the first cell where it has this text, "" if there is none."""
    for source in code:
        lines = source.split("\n")
        if 1 <= number <= len(lines) and lines[number - 1].strip() == text.strip():
            return lines[number - 1].strip()[:MAX_LINE]
    return ""


def wrong_value(actual: Value, expected: NDArray[np.generic], tol: float) -> str:
    """Return what students read of a value that may differ from the expected one, "" if it does not."""
    if isinstance(actual, str):
        return str(difference(_value(actual), expected, tol))
    if actual.shape != expected.shape and not _is_small(actual.shape):
        return f"another shape, expected {expected.shape}"
    return str(difference(actual, expected, tol))


def violated(expression: str, names: dict[str, Value]) -> str:
    """Return what students read of a condition that may be violated, "" if it holds. expression: from the key"""
    message = str(violation(expression, {n: _value(v) if isinstance(v, str) else v for n, v in names.items()}))
    failed = f"cannot evaluate {expression}"  # what follows is the text of an exception
    return failed if message.startswith(failed) else message


def _value(text: str) -> str:
    """Return what students read of a value that is neither an array nor a number. text: as `encode` describes it"""
    return text if text in VALUES else OTHER_VALUE


def _is_small(shape: tuple[int, ...]) -> bool:
    return len(shape) <= MAX_DIMENSIONS and all(length <= MAX_LENGTH for length in shape)
