"""Search what students get for what they must not get: solutions, hidden checks, model answers, marking schemes."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from autograder.course.cells import name_of
from autograder.course.key import Key

CASE = "def _(random"  # the first line of a case gives nothing away
MARKS = ("### BEGIN", "### END")
TELLING = 20  # characters: a shorter line is not specific enough
TEXTS = (".py", ".json", ".toml", ".md", ".txt")


def leaks(found: dict[str, Key], packages: list[Path]) -> Iterator[tuple[str, str]]:
    """Yield (where, problem) for what a hand-out would give away. packages: the folders that students get too"""
    for key in found.values():
        for name, source in key.given.items():
            if marks := [line.strip() for line in source.split("\n") if line.lstrip().startswith(MARKS)]:
                yield key.name, f"{name} would be handed out with {marks[0]}: each BEGIN needs its END, in this order"
    secret = secret_lines(found)
    for folder in packages:
        for path in sorted(path for path in folder.rglob("*") if path.suffix in TEXTS):
            if given := given_away(path, secret):
                yield str(path.relative_to(folder.parent)), f"it gives away a line of the key: {given[0]}"


def given_away(path: Path, secret: set[str]) -> list[str]:
    """Return the lines of a file that are secret. In code, a line counts only if the next one is secret too, because
    anybody may write a line such as the head of a loop."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").split("\n")]
    if path.suffix != ".py":
        return [line for line in lines if line in secret]
    return [line for line, following in pairwise(lines) if line in secret and following in secret]


def secret_lines(found: dict[str, Key]) -> set[str]:
    """Return the lines that students must not get and that are long enough to be specific."""
    public: set[str] = set()
    secret: set[str] = set()
    for key in found.values():
        for cell in key.notebook.cells:
            given = lines_of(key.given[name_of(cell)])
            public |= given
            secret |= lines_of(cell.source) - given
    return {line for line in secret - public if len(line) > TELLING and not line.startswith(CASE)}


def lines_of(text: str) -> set[str]:
    """Return the lines of a text, without space around them."""
    return {line.strip() for line in text.split("\n")}
