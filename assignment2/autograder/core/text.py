"""Make text that somebody else wrote safe to write to files and to print."""

import unicodedata
from typing import Any

ODD = {"Cc", "Cs", "Zl", "Zp"}  # control characters, halves of surrogate pairs, separators of lines and paragraphs
DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # show what follows in another order


def printable(text: str) -> str:
    """Return a text in which characters are escaped, as Python does it, that no file can hold, or that would move or
    reorder the text around them."""
    return text if text.isprintable() else "".join(map(_shown, text))


def is_name(text: str) -> bool:
    """Return whether a text can be a name: encodable, on one line, in one direction, without space around it."""
    return bool(text) and text == text.strip() and not any(map(_is_odd, text))


def well_formed(value: Any, depth: int = 100) -> Any:
    """Return a JSON value that can be written, with "?" for each half of a surrogate pair and None for what is nested
    deeper than `depth`, far below Python's limit of recursion."""
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
