"""Keep the cases of a check cell apart: each has its own random numbers, and none leaves names behind."""

import os
import zlib
from contextlib import contextmanager

import numpy as np

from cs231n._frameworks import own_state

SEED = "CS231N_CHECKS_SEED"  # set during grading, when the same cases draw other inputs
GENERATOR = np.random.RandomState(0)  # seeded for each case, of which one runs at a time: making one takes 0.1 ms


@contextmanager
def random_numbers(cell, case):
    """Give a case its own generator, and seed the global ones (NumPy's, frameworks') by the case too.

    Yields a RandomState that is the same for this cell and case each time. The handling of floating-point errors, and
    the generators and switches of frameworks, are restored afterwards.
    """
    seed = zlib.crc32(f"{os.environ.get(SEED, '')}/{cell}/{case}".encode())
    np.random.seed(seed ^ 1)
    with np.errstate(), own_state(seed ^ 1):
        GENERATOR.seed(seed)
        yield GENERATOR


@contextmanager
def own_numpy_state():
    """Restore NumPy's global generator after the block: once for each cell, because it takes longer than many cases."""
    before = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(before)


@contextmanager
def own_names(names):
    """Restore a dictionary of global names after the block, so that no solution can use what a check defines."""
    before = dict(names)
    try:
        yield
    finally:
        for name in names.keys() - before.keys():
            del names[name]
        names.update(before)


def each_of(name, inputs):
    """Return (name of the case, its inputs): case k has the k-th item of each list; one case if there are no lists.

    name: with a field in braces for each input that distinguishes the cases, such as "stride {stride}"
    inputs: dict of lists of the same length
    """
    if not inputs:
        return [(name, {})]
    rows = [dict(zip(inputs, row, strict=True)) for row in zip(*inputs.values(), strict=True)]
    return [(name.format(**row), row) for row in rows]
