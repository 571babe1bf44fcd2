"""Recognizing a known mistake by the values that it produces.

`fingerprints.json` of an assignment holds, for each visible check and each cataloged misconception, a few numbers
that its wrong values project to, and the hint for the student. Running the catalog generates it; it holds no code.
"""

import hashlib
from collections import Counter
from functools import lru_cache

import numpy as np

from cs231n.checks.errors import line_of, one_line

TOLERANCE = 1e-4  # of a deviation: float32 and other orders of summation stay below, different mistakes above
NOISE = 1e-9  # of the right value: smaller deviations are rounding errors, which differ between processors
SHARE = 1 / 3  # of a cell's failed checks: what a mistake has to explain before it is named
DULL = ("zero", "not finite", "dtype")  # what many mistakes have in common


def fingerprint(values, right=None):
    """Project how the values of one check deviate from the right ones: [what they are, rms, two directions].

    values: dict of name -> array, or a string for what is not an array
    right: the right arrays by the same names, if they are known; if shapes differ, or nothing but dtypes does,
    the values themselves are projected. Returns [] if the deviation is only rounding.
    """
    parts = [(values[name], (right or {}).get(name)) for name in sorted(values)]
    what = [_kind(part) for part, _ in parts]
    x = _joined([part for part, _ in parts])
    if not np.isfinite(x).all():
        what.append(f"{np.sum(~np.isfinite(x))} not finite")
    elif not x.any():  # also where there is no number at all
        what.append("zero")
    elif all(_comparable(*part) for part in parts):
        deviation = _joined([np.subtract(part, np.asarray(good), dtype=np.float64) for part, good in parts])
        if _rms(deviation) > NOISE * _rms(x):
            x = deviation
        elif what == [_kind(good) for _, good in parts]:
            return []
        else:
            what.append("dtype")
    x = np.where(np.isfinite(x), x, 0.0)
    projections = [float(direction @ x) / np.sqrt(max(x.size, 1)) for direction in _directions(x.size)]
    return [";".join(what), *(float(f"{number:.6g}") for number in (_rms(x), *projections))]


def _directions(size):
    return [direction[:size] for direction in _sines(size.bit_length())]


@lru_cache(maxsize=32)  # the sines of all sizes up to a power of two: they take longer than all the rest
def _sines(bits):
    i = np.arange(1, 2**bits)
    return [np.sin(frequency * i) for frequency in (1.6180339887, 2.7182818285)]


def _kind(part):
    return part if isinstance(part, str) else f"{part.dtype}{list(part.shape)}"


def _joined(parts):
    """Return all numbers in one array of float64."""
    numbers = [np.ravel(part).astype(np.float64) for part in parts if not isinstance(part, str)]
    return np.concatenate(numbers) if numbers else np.zeros(0)


def _comparable(part, right):
    return not isinstance(part, str) and right is not None and np.shape(part) == np.shape(right)


def _rms(x):
    scale = np.abs(x).max(initial=0.0) or 1.0
    return float(scale * np.sqrt(np.mean((x / scale) ** 2))) if x.size else 0.0


def error_fingerprint(error, check_file=""):
    """Fingerprint an exception by its type, its text and the line of the solution that raised it."""
    return error_text_fingerprint(one_line(error), line_of(error, check_file)[1])


def error_text_fingerprint(text, line):
    """As `error_fingerprint`, of what a check has sent. text: of `one_line`; line: the source of the line"""
    return ["error " + hashlib.sha256(f"{text}\n{''.join(line.split())}".encode()).hexdigest()[:12]]


def same(a, b):
    """Tell whether two fingerprints are those of the same values."""
    if not a or not b or a[0] != b[0] or len(a) != len(b):
        return False
    if len(a) == 1:  # of an exception: its text says it all
        return True
    scale = max(abs(a[1]), abs(b[1]))
    return all(abs(p - q) <= TOLERANCE * scale for p, q in zip(a[1:], b[1:], strict=True))


def recognize(failures, known):
    """Name the misconception behind the failed checks of a cell, if one explains enough of what was seen.

    It has to give the values of at least a third of the failed checks, one of them telling, or of all of them; and it
    must not make more checks fail that passed. Where several do, the one that explains most with the fewest failures of
    its own is named, and no other: what it leaves open shows once it is fixed. failures: dict of check id ->
    fingerprint; known: dict of check id -> list of [misconception, *fingerprint]. Returns a dict of check id ->
    misconception.
    """
    fits = {
        check: [entry[0] for entry in known.get(check, []) if same(entry[1:], print_)]
        for check, print_ in failures.items()
    }
    explains = Counter(name for names in fits.values() for name in names)
    predicts = Counter(entry[0] for entries in known.values() for entry in entries)
    passed = Counter(
        entry[0]
        for check, entries in known.items()
        if check not in failures and check.rpartition("/")[0] not in failures  # the case itself, where one was raised
        for entry in entries
    )
    telling = {name for check, names in fits.items() if not _is_dull(failures[check]) for name in names}
    named = {
        name
        for name, count in explains.items()
        if passed[name] <= count and (count == len(failures) or (count >= SHARE * len(failures) and name in telling))
    }
    best = min(named, key=lambda name: (-explains[name], predicts[name], name), default="")
    return {check: best for check, names in fits.items() if best in names}


def _is_dull(print_):
    return not print_ or print_[0].endswith(DULL)
