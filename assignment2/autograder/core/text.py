"""Text that somebody else wrote, made fit to be written and printed."""

import unicodedata
from typing import Any

ODD = {"Cc", "Cs", "Zl", "Zp"}  # control characters, halves of surrogate pairs, separators of lines and paragraphs
DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # show what follows in another order


def printable(text: str) -> str:
    """Return a text in which what no file can hold, and what would move or reorder the text around it, stands as Python
    would escape it."""
    return text if text.isprintable() else "".join(map(_shown, text))


def is_name(text: str) -> bool:
    """Tell whether a text can be a name: encodable, on one line and in one order, without space around it."""
    return bool(text) and text == text.strip() and not any(map(_is_odd, text))


def well_formed(value: Any, depth: int = 100) -> Any:
    """Return a JSON value that can be written: a "?" for each half of a pair of surrogates, None for what is nested
    deeper than `depth`, long before Python could not follow it."""
    if depth < 0:
        return None
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {well_formed(name): well_formed(each, depth - 1) for name, each in value.items()}
    if isinstance(value, list):
        return [well_formed(each, depth - 1) for each in value]
    return value


def _is_odd(character: str) -> bool:
    return unicodedata.category(character) in ODD or unicodedata.bidirectional(character) in DIRECTIONS


def _shown(character: str) -> str:
    return character.encode("unicode_escape").decode() if _is_odd(character) else character
