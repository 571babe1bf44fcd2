"""The key against the values that an independent implementation (PyTorch, float64) gave."""

import pytest
from autograder.authoring.reference_values import recorded
from autograder.course.key import keys
from cs231n.checks.compare import difference
from cs231n.checks.values import decode
from helpers.courses import WORKBOOK


@pytest.mark.parametrize("name", list(keys(WORKBOOK)))
def test_key_agrees_with_pytorch(name, course_keys, expected):
    """Does each value that the key's checks send agree with the recorded one, shape and dtype included?"""
    values = recorded(course_keys[name])
    checks = expected[name].checks
    for cell, messages in checks.items():
        compared = {check: m for check, m in messages.items() if m["kind"] == "equal"}
        assert set(values.get(cell, {})) == set(compared), f"{cell}: `make reference` is due"
        for check, message in compared.items():
            wrong = difference(decode(message["values"]["value"]), values[cell][check], message["tol"])
            assert wrong == "", f"{cell}: {check}: {wrong}"


@pytest.mark.parametrize("name", list(keys(WORKBOOK)))
def test_values_can_tell(name, course_keys):
    """Are the recorded arrays not all zeros or constants, which any mistake might hit?"""
    values = recorded(course_keys[name])
    dull = [
        (cell, check)
        for cell, checks in values.items()
        for check, value in checks.items()
        if value.size > 3 and (value == value.flat[0]).all()
    ]
    total = sum(len(checks) for checks in values.values())
    assert len(dull) <= total / 20, dull
