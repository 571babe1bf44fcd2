"""The catalog of misconceptions: wrong implementations, each an edit of the key, with a hint.

It proves the checks: each entry must lose points in its own check cell, and in no cell that does not depend on it. It
also gives students hints: what the checks of each entry send is recorded as fingerprints (`authoring.fingerprints`), by
which the judge recognizes the mistake.
"""

import json
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.core.errors import GraderError
from autograder.course.assignment import Assignment
from autograder.course.cells import is_check, name_of
from autograder.course.key import Key
from autograder.course.solutions import solution, with_solutions
from autograder.course.steps import code_cells, foundations

FINGERPRINTS = "fingerprints.json"


class BadCatalogue(GraderError):
    """An entry of the catalog cannot be read, or does not fit the key."""


@dataclass(frozen=True)
class Misconception:
    """One wrong implementation.

    cell: id of the solution cell that it changes; edits: (text of the key, replacement), each text occurring once
    """

    name: str
    cell: str
    edits: tuple[tuple[str, str], ...]
    hint: str

    def graft(self, key: Key) -> NotebookNode:
        """Return the key with this mistake in it; raises BadCatalogue if an edit does not fit the key any more."""
        return with_solutions(key, {self.cell: self.wrong(key)})

    def fits(self, key: Key) -> bool:
        """Return whether each edit's text occurs once in the key's solution cell."""
        source = solution(key, self.cell).source
        return all(source.count(old) == 1 for old, _ in self.edits)

    def wrong(self, key: Key) -> str:
        """Return the solution cell with this mistake in it; raises what `graft` raises."""
        source: str = solution(key, self.cell).source
        for old, new in self.edits:
            if source.count(old) != 1:
                times = source.count(old)
                raise BadCatalogue(f"misconception {self.name}: its text occurs {times} times in {self.cell}: {old}")
            source = source.replace(old, new)
        return source


def catalogue(assignment: Assignment, name: str) -> list[Misconception]:
    """Read the misconceptions of one notebook.

    Raises BadCatalogue for a file that is not valid TOML, or an entry that lacks something.
    """
    path = assignment.proof / "misconceptions" / f"{name}.toml"
    if not path.exists():
        return []
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("misconception", [])
        return [
            Misconception(e["name"], e["cell"], tuple((old, new) for old, new in edits_of(e)), e["hint"])
            for e in entries
        ]
    except tomllib.TOMLDecodeError as error:
        raise BadCatalogue(f"{path} is not valid TOML: {error}") from error
    except KeyError as error:
        raise BadCatalogue(f"{path}: an entry lacks {error}") from error


def edits_of(entry: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the edits of an entry, which has a list of them or only one; raises KeyError if it has none."""
    return tuple((old, new) for old, new in entry.get("edits") or [(entry["old"], entry["new"])])


def dependents(key: Key, cell: str) -> set[str]:
    """Return the check cells that depend on a solution cell, through the names that it defines."""
    return {name_of(c) for c in code_cells(key) if is_check(c) and cell in foundations(key)[name_of(c)]}


@dataclass(frozen=True)
class KnownMistakes:
    """That by which the judge recognizes the mistakes in a notebook, hidden checks included.

    fingerprints: by solution cell and check, lists of [misconception, *fingerprint]; hints: by misconception
    """

    fingerprints: dict[str, dict[str, list[list[Any]]]]
    hints: dict[str, str]


@lru_cache(maxsize=16)
def known_mistakes(key: Key) -> KnownMistakes:
    """Return the recorded fingerprints of all checks, and the catalog's hints."""
    path = fingerprints_file(key.assignment)
    fingerprints = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return KnownMistakes(fingerprints, {mistake.name: mistake.hint for mistake in catalogue(key.assignment, key.name)})


def fingerprints_file(assignment: Assignment) -> Path:
    """Return the path of the file that records the fingerprints of all checks."""
    return assignment.proof / "misconceptions" / FINGERPRINTS
