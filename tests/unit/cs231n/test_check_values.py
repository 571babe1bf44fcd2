"""Values as plain data: cs231n.checks.values."""

import numpy as np
import pytest
from cs231n.checks.values import MAX_BYTES, MalformedValue, decode, encode


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(6.0).reshape(2, 3)[:, ::-1],
        np.array([1, 2], np.int8),
        np.array([True, False]),
        np.array(3.5, np.float32),
        np.zeros((0, 4)),
        np.array([np.nan, np.inf]),
        np.arange(3.0, dtype=">f8"),
    ],
)
def test_round_trip(value):
    """Does an array arrive with its shape, its values and, but for the byte order, its dtype?"""
    got = decode(encode(value))
    assert got.dtype == value.dtype.newbyteorder("=")
    np.testing.assert_array_equal(got, value, strict=value.dtype.isnative)


def test_numbers_are_arrays_of_shape_nothing():
    """Do Python's and NumPy's numbers arrive alike?"""
    assert decode(encode(2.5)) == decode(encode(np.float64(2.5))) == 2.5
    assert decode(encode(True)).dtype == bool


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "None"),
        ([1.0], "list"),
        ((1.0, 2.0), "tuple"),
        ("text", "str"),
        (np.array([None]), "object"),
        (np.array(["a"]), "<U1"),
        (np.zeros(MAX_BYTES), "too large"),
    ],
)
def test_other_things_are_named(value, said):
    """Is what is neither an array nor a number described, not pickled?"""
    assert said in decode(encode(value))


def test_subclass_arrives_as_its_bytes():
    """Does a subclass with tampered comparison and conversion lose its methods on the way?"""

    class AlwaysRight(np.ndarray):
        def __eq__(self, other):
            return True

        def __array__(self, *_):
            return np.ones(3)

    got = decode(encode(np.zeros(3).view(AlwaysRight)))
    assert type(got) is np.ndarray
    np.testing.assert_array_equal(got, [0, 0, 0])


GOOD = encode(np.zeros(2))


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        {},
        {"type": 3},
        {**GOOD, "dtype": "|O"},
        {**GOOD, "dtype": "<M8[s]"},
        {**GOOD, "dtype": 8},
        {**GOOD, "dtype": "nonsense"},
        {**GOOD, "shape": [3]},
        {**GOOD, "shape": [-2]},
        {**GOOD, "shape": "2"},
        {**GOOD, "shape": [True, 2]},
        {**GOOD, "shape": [2.0]},
        {**GOOD, "shape": [1] * 40 + [2]},
        {**GOOD, "data": "not base64!"},
        {**GOOD, "data": 3},
        {"dtype": "<f8", "shape": [10**12], "data": ""},
    ],
)
def test_malformed(message):
    """Is everything that `encode` does not make refused with one kind of error?"""
    with pytest.raises(MalformedValue):
        decode(message)


@pytest.mark.parametrize(
    "changed",
    [
        {"shape": [2**70]},
        {"shape": [0, 2**70], "data": ""},
        {"shape": [0] + [2**20] * 20, "data": ""},
        {"shape": [-2]},
        {"shape": [True, 2]},
        {"shape": [1] * 100},
        {"shape": "2"},
        {"dtype": ","},
        {"dtype": "|O"},
        {"dtype": "f8,f8"},
        {"dtype": ">f8"},
        {"dtype": "<f3"},
        {"dtype": ["<f8"]},
        {"data": "é"},
        {"data": None},
        {"data": "A" * 3 * MAX_BYTES},
        {"type": 3},
    ],
)
def test_what_encode_does_not_write_is_malformed(changed):
    """Does everything that `encode` cannot have written raise MalformedValue, and nothing else?"""
    with pytest.raises(MalformedValue):
        decode({**encode(np.zeros(2)), **changed})
