"""What comes with the package: the values that the key's visible checks gave, and what known mistakes look like.

`values.json` and `fingerprints.json` are generated from the key; they hold no code.
"""

import json
from functools import cache
from pathlib import Path

from cs231n.checks.values import decode


def expected(cell, check):
    """Return the array that a visible check of a step has to give, None for a check that is hidden."""
    value = values(cell).get(check)
    return None if value is None else decode(value)


def values(cell):
    """Return the encoded values of all visible checks of a step, by check."""
    return _read("values.json").get(cell, {})


def mistakes(cell):
    """Return the fingerprints of a step's known mistakes, by check, and the hints of all by their name."""
    known = _read("fingerprints.json")
    return known["cells"].get(cell, {}), known["hints"]


@cache
def _read(name):
    return json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
