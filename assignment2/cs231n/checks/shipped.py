"""The values that the key's visible checks gave, and what known mistakes look like, for a step of any assignment."""

from cs231n.checks.values import decode
from cs231n.shipped import each


def expected(cell, check):
    """Return the array that a visible check of a step has to give, None for a check that is hidden."""
    value = values(cell).get(check)
    return None if value is None else decode(value)


def values(cell):
    """Return the encoded values of all visible checks of a step, by check."""
    return next((cells[cell] for cells in each("values.json").values() if cell in cells), {})


def mistakes(cell):
    """Return the fingerprints of a step's known mistakes, by check, and the hints of all by their name."""
    found = [known for known in each("fingerprints.json").values() if cell in known["cells"]]
    return (found[0]["cells"][cell], found[0]["hints"]) if found else ({}, {})
