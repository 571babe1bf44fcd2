"""Write tables as CSV files that spreadsheets and learning management systems read."""

import csv
from collections.abc import Iterable
from pathlib import Path

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def guarded(value: object) -> object:
    """Return a value for a cell: an apostrophe is put before text that a spreadsheet would run as a formula.

    The rule is OWASP's ("CSV Injection"); numbers, negative ones too, stay numbers.
    """
    return f"'{value}" if isinstance(value, str) and value.lstrip().startswith(FORMULA) else value


def write_csv(path: Path, rows: Iterable[Iterable[object]], encoding: str = "utf-8") -> None:
    """Write rows as CSV (RFC 4180: quotes if needed, doubled inside); None becomes an empty cell."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([guarded(value) for value in row] for row in rows)
