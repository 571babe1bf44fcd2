"""Correct solutions that look different; that they keep full points is in test_proof.py."""

from collections import Counter

import pytest
from autograder.authoring.reference_values import read_cells
from autograder.course.cells import is_check, is_experiment, is_solution
from autograder.course.key import keys
from helpers.courses import WORKBOOK

FILES = sorted((WORKBOOK.proof / "variants").glob("*/*.py"))


@pytest.mark.parametrize("name", list(keys(WORKBOOK)))
def test_three_variants_of_each_function(name, course_keys):
    """Has every solution cell at least three other correct implementations, all different from the key's?"""
    key = course_keys[name]
    count = Counter()
    for path in FILES:
        if path.parent.name == name:
            cells = read_cells(path)
            count.update(list(cells))
            assert not any(cell.source == cells.get(cell.id) for cell in key.notebook.cells)
    wanted = {c.id for c in key.notebook.cells if is_solution(c) and c.cell_type == "code" and not is_experiment(c)}
    assert {cell for cell in wanted if count[cell] < 3} == set()
    assert set(count) <= {c.id for c in key.notebook.cells if not is_check(c)}
