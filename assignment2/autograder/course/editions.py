"""The editions of an assignment: what was handed out under which name, to recognize it when it is handed in.

nbgrader puts checksums into cells, and front ends keep them. So a notebook tells which edition it was handed out as,
whatever a student has written into it.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from nbformat import NotebookNode

from autograder.core.errors import GraderError
from autograder.course.cells import grade_id

FILE = "editions.json"  # in the folder of the proof
NAME = re.compile(r"\w[\w .-]*")  # it is a folder's too

Cells = dict[str, str]  # checksum by the id by which nbgrader knows a cell


@dataclass(frozen=True)
class Edition:
    """What was handed out. notebooks: their cells, by name; accepted: whether it is still graded"""

    name: str
    notebooks: dict[str, Cells]
    accepted: bool = True


def editions(path: Path) -> list[Edition]:
    """Read the editions from their file, newest last, [] if there is no file; raises GraderError if it is damaged."""
    try:
        return [Edition(**each) for each in json.loads(path.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError) as error:
        raise GraderError(f"{path} is not a list of editions ({error}): restore it from a copy") from error


def record(path: Path, notebooks: dict[str, Cells], name: str | None = None, refuse_older: bool = False) -> Edition:
    """Record what is handed out now, and return its edition: the last one if nothing has changed since.

    notebooks: their cells, by name; name: that of a new edition, by default its number
    refuse_older: accept no other edition from now on
    Raises GraderError if an earlier edition has the name, or a folder cannot have it.
    """
    if name and not NAME.fullmatch(name):
        raise GraderError(f"{name!r} cannot name an edition: use letters, digits, spaces, points and hyphens")
    known = editions(path)
    if not known or known[-1].notebooks != notebooks:
        name = name or str(len(known) + 1)
        if name in [each.name for each in known]:
            raise GraderError(f"there is an edition {name} already: name another with --edition")
        known.append(Edition(name, notebooks))
    elif name:
        known[-1] = replace(known[-1], name=name)
    if refuse_older:
        known = [*(replace(each, accepted=False) for each in known[:-1]), known[-1]]
    path.write_text(json.dumps([asdict(each) for each in known], indent=1) + "\n", encoding="utf-8")
    return known[-1]


def cells_of(notebook: NotebookNode) -> Cells:
    """Return the checksums that a notebook carries."""
    found = ((grade_id(cell), cell.metadata.nbgrader.get("checksum")) for cell in notebook.cells if grade_id(cell))
    return {name: checksum for name, checksum in found if isinstance(name, str) and isinstance(checksum, str)}


def older_edition(name: str, cells: Cells, now: Cells, known: Iterable[Edition]) -> Edition | None:
    """Return the edition that a notebook was handed out as, None if it fits the notebook as it is now at least as well.

    name: that of the notebook; cells: the checksums that it carries; now: those that it would get now
    """
    best, found = agreement(cells, now), None
    for edition in known:
        fits = agreement(cells, edition.notebooks.get(name, {}))
        if fits > best or (found and fits == best):  # of two that fit alike, the newer
            best, found = fits, edition
    return found


def agreement(cells: Cells, others: Cells) -> int:
    """Return how many cells have the same name and checksum."""
    return len(cells.items() & others.items())


def changed_cells(before: Cells, now: Cells) -> list[str]:
    """Return the names of the cells that have changed or are new, in their order now, then of those that are gone."""
    return [name for name in dict.fromkeys((*now, *before)) if now.get(name) != before.get(name)]


def steps_in(cells: Iterable[str]) -> list[str]:
    """Return the steps that cells belong to: a check cell has the name of its step."""
    return list(dict.fromkeys(name.removeprefix("test_") for name in cells))
