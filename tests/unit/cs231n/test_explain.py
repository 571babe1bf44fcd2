"""What a student reads of a wrong array: the structure of the difference, true wherever it is said."""

import numpy as np
import pytest
from cs231n.checks.explain import explain

E = np.random.RandomState(0).randn(5, 4)
IMAGES = np.random.RandomState(1).randn(2, 3, 5, 6)
ZEROS = np.where(E > 0, E, 0.0)
BORDER = np.pad(np.zeros((2, 3, 3, 4)), ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=1.0)


@pytest.mark.parametrize(
    ("actual", "expected", "said"),
    [
        (-E, E, "each entry is -1 times what it should be"),
        (E / 4, E, "each entry is 1/4 times what it should be"),
        (E * (1 + 2e-5), E, "each entry is 1.00002 times what it should be"),
        (3.14159 * E, E, "each entry is 3.142 times what it should be"),
        (E[:4].T, E[:4], "the right entries, with axes swapped (transposed)"),
        (E[::-1], E, "the right entries, in reverse order along axis 0"),
        (E.T, E, "the right entries, with axes in another order"),
        (E.ravel(), E, "the right entries, in another shape"),
        (E, E.sum(axis=0), "its sum over axis 0 is right"),
        (E + 0.5, E, "each entry is 0.5 too large"),
        (E * np.arange(1, 6)[:, None], E, "along axis 0, each index is off by a different factor"),
        (E + np.arange(4), E, "along axis 1, a term is missing or added twice at each index"),
        (np.where(ZEROS == 0, 1.0, ZEROS), ZEROS, "only entries that should be 0 are wrong"),
        (ZEROS, E, "only entries that are 0 are wrong"),
        (IMAGES + BORDER * IMAGES**2, IMAGES, "only entries at the border of the images are wrong"),
        (IMAGES + IMAGES**2 * (np.arange(3) == 1)[:, None, None], IMAGES, "only index 1 of axis 1 is wrong"),
        (0 * E, E, "all entries are 0"),
        (np.array(2.0), np.array(3.0), "2 instead of 3"),
        (E * np.nan, E, ""),
        (np.ones((2, 2)), E, ""),
    ],
)
def test_the_pattern_that_fits_is_said(actual, expected, said):
    """Is the structure of the difference found, and the first that fits told?"""
    assert explain(actual, expected) == said


def test_no_pattern():
    """Without a pattern, are the number of wrong entries and the worst of them told?"""
    actual = E.copy()
    actual[1, 2], actual[3, 0] = 7, -1.5
    assert explain(actual, E) == f"2 of 20 entries are wrong, the worst at [1, 2]: 7 instead of {E[1, 2]:.6g}"


@pytest.mark.parametrize("seed", range(30))
def test_nothing_is_said_of_other_numbers(seed):
    """Are arrays that have nothing to do with each other explained by no pattern?"""
    random = np.random.RandomState(seed)
    shape = tuple(random.randint(1, 5, size=random.randint(1, 5)))
    expected = random.randn(*shape)
    said = explain(random.randn(*shape), expected)
    assert expected.size < 3 or " entries are wrong, the worst at " in said, said
