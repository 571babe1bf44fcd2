"""Exact versions of all that the students' package needs: those that the instructor has, and has tried the key with."""

from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder.authoring.wheel import students_distribution

EXTRA = "lab"


def pins() -> dict[str, str]:
    """Return the versions by name, in alphabetical order, of what is installed here.

    What only another system needs (a terminal on Windows) is not installed here and so gets no version.
    """
    found: dict[str, str] = {}
    todo: list[tuple[Distribution, frozenset[str]]] = [(students_distribution(), frozenset({EXTRA}))]
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        package, extras = todo.pop()
        for text in package.requires or []:
            requirement = Requirement(text)
            name, wanted = canonicalize_name(requirement.name), frozenset(requirement.extras)
            if (name, wanted) in seen or not applies(requirement, extras):
                continue
            seen.add((name, wanted))
            try:
                needed = distribution(name)
            except PackageNotFoundError:
                continue
            found[name] = needed.version
            todo.append((needed, wanted))
    return dict(sorted(found.items()))


def applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    """Tell whether a package with these extras has this requirement, here."""
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras | {""})
