"""Encode a value that a check compares as plain data: dtype, shape and bytes, never a pickle.

During grading, only this leaves the student's process. The judge decodes it in another one and trusts nothing about it,
so `decode` accepts exactly what `encode` returns.
"""

import base64
import math
import re

import numpy as np

from cs231n._frameworks import as_array

MIME_TYPE = "application/vnd.cs231n.check+json"
MAX_BYTES = 2**20  # of one value; those of this workbook have less than a tenth
KINDS = "biuf"  # bool, integers and floats: no objects, no strings, no dates
DTYPE = re.compile(r"[<|][biuf]\d{1,2}")  # what `encode` writes; np.dtype itself accepts much more
MAX_DIMENSIONS = 32
LARGE_CHARACTERS = 500  # of data: what is shorter is written each time, which is faster than to look for it
PARTS = ("values", "given")  # of a message: dictionaries of values


class MalformedValue(ValueError):
    """A value is not in the form that `encode` returns."""


def encode(value):
    """Turn a value into JSON: `{"dtype", "shape", "data"}` for arrays, tensors and numbers, else `{"type"}`."""
    value = as_array(value)
    if not isinstance(value, np.ndarray | np.generic | bool | int | float):
        return {"type": "nothing (None)" if value is None else f"a {type(value).__name__}"}
    array = np.asarray(value)
    if array.dtype.kind not in KINDS:
        return {"type": f"an array of {array.dtype}"}
    if array.nbytes > MAX_BYTES:
        return {"type": f"an array of shape {array.shape}, too large for this check"}
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    data = base64.b64encode(array.tobytes()).decode("ascii")
    return {"dtype": array.dtype.str, "shape": list(array.shape), "data": data}


def decode(message):
    """Turn the JSON of `encode` back into an array, or into a string that says what the value is instead.

    Raises MalformedValue for everything else: a dtype that is not a number's, a length that does not fit the shape.
    """
    if not isinstance(message, dict):
        raise MalformedValue("a value is a JSON object")
    if set(message) == {"type"} and isinstance(message["type"], str):
        return message["type"][:200]
    if set(message) != {"dtype", "shape", "data"}:
        raise MalformedValue("a value has a dtype, a shape and data")
    dtype, shape, data = message["dtype"], message["shape"], message["data"]
    if not isinstance(dtype, str) or not DTYPE.fullmatch(dtype):
        raise MalformedValue("the dtype is not a number's")
    sizes = shape if isinstance(shape, list) and len(shape) <= MAX_DIMENSIONS else [None]
    if not all(type(n) is int and 0 <= n <= MAX_BYTES for n in sizes):
        raise MalformedValue("the shape is not a list of a few integers")
    if not isinstance(data, str) or len(data) > 2 * MAX_BYTES:
        raise MalformedValue("the data are not a text, or too long")
    try:
        dtype = np.dtype(dtype)
        raw = base64.b64decode(data, validate=True)
    except (TypeError, ValueError) as error:  # binascii.Error is a ValueError
        raise MalformedValue(f"not the JSON of a value: {error}") from None
    if math.prod(shape) * dtype.itemsize != len(raw) or len(raw) > MAX_BYTES:
        raise MalformedValue("the bytes do not fit the shape")
    try:
        return np.frombuffer(raw, dtype).reshape(shape)
    except ValueError:  # such as [0, 1048576, 1048576, ...], which would be too large without the zero
        raise MalformedValue("no array can have the shape") from None


def fold(messages):
    """Return messages and a list of large values, in which each stands once: checks of a case often share them.

    A large value of a message becomes its number in the list.
    """
    table: list[dict] = []
    numbers: dict[tuple, int] = {}

    def folded(value):
        if len(value.get("data", "")) < LARGE_CHARACTERS:
            return value
        key = value["dtype"], *value["shape"], value["data"]
        if key not in numbers:
            numbers[key] = len(table)
            table.append(value)
        return numbers[key]

    def all_folded(message):
        parts = [part for part in PARTS if part in message]
        return {**message, **{part: {name: folded(value) for name, value in message[part].items()} for part in parts}}

    return [all_folded(message) for message in messages], table


def unfold(message, table):
    """Put the values of a list into a message, in place of their numbers; what is no such number stays as it is.

    message, table: a dictionary and a list of anything at all
    """
    for part in PARTS:
        if isinstance(values := message.get(part), dict):
            known = {name: n for name, n in values.items() if type(n) is int and 0 <= n < len(table)}
            message[part] = {**values, **{name: table[n] for name, n in known.items()}}
    return message
