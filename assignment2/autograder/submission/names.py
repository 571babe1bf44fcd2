"""Compare the name of a file with the one that it should have: browsers, editors and people add to names."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

# what follows an ending if a file was downloaded twice, or saved as something else
TAIL = r"(?:\s*\(\d+\))?(?:\.(?:txt|json|zip))?"
EXACT, SAME, ALIKE = range(3)  # how well a name fits, best first


def fit(path: str, wanted: str) -> int | None:
    """Return how well the name of a file fits the one that is wanted, None if it does not.

    SAME: except for case, spaces, hyphens and underscores; ALIKE: contains the name, as in "Copy of Toy (1).ipynb"
    """
    name = PurePosixPath(path).name
    if name == wanted:
        return EXACT
    stem, _, ending = wanted.rpartition(".")
    found = re.fullmatch(rf"(.*)\.{ending}({TAIL})", folded(name), re.DOTALL)
    if found is None:
        return None
    if not found[2] and squeezed(found[1]) == squeezed(folded(stem)):
        return SAME
    part = rf"(?<![a-z]){re.escape(folded(stem))}(?![a-z])"
    return ALIKE if re.search(part, found[1]) or squeezed(found[1]) == squeezed(folded(stem)) else None


def best(paths: Iterable[str], wanted: str) -> list[str]:
    """Return the files whose names fit best, and of these the ones that are in the fewest nested folders."""
    fitting = [(found, path.count("/"), path) for path in paths if (found := fit(path, wanted)) is not None]
    return [path for found, depth, path in fitting if (found, depth) == min(fitting)[:2]]


def is_of_another_assignment(folder: str, assignment: str) -> bool:
    """Return whether a folder's name is that of another assignment: it has another number."""
    number = re.fullmatch(r"\D*?(\d+)", assignment)
    other = re.fullmatch(r"(?:assignment|homework|hw|exercise|ex|a)[\s_-]*0*(\d+)", folded(folder))
    return bool(number and other and number[1] != other[1])


def folded(name: str) -> str:
    """Return a name without differences of case and of Unicode's forms."""
    return unicodedata.normalize("NFKC", name).casefold()


def squeezed(name: str) -> str:
    """Return a name without spaces, hyphens and underscores."""
    return re.sub(r"[\s_-]+", "", name)
