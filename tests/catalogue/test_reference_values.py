"""The values that an independent implementation (PyTorch, float64) gave; test_proof.py compares the key with them."""

import pytest
from autograder.authoring.reference_values import recorded
from autograder.course.key import keys
from helpers.courses import WORKBOOK


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
