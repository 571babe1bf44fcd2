"""Find the exact versions of what a distribution needs: those installed here, with which the key was tried."""

from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder.authoring.wheel import installed


def pins(name: str, *extras: str) -> dict[str, str]:
    """Return the versions of what a distribution with these extras needs, by name, in alphabetical order.

    Packages that only another system needs are not installed here, and so have no version.
    """
    found: dict[str, str] = {}
    todo: list[tuple[Distribution, frozenset[str]]] = [(installed(name), frozenset(extras))]
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        package, its_extras = todo.pop()
        for text in package.requires or []:
            requirement = Requirement(text)
            needed, wanted = canonicalize_name(requirement.name), frozenset(requirement.extras)
            if (needed, wanted) in seen or not applies(requirement, its_extras):
                continue
            seen.add((needed, wanted))
            try:
                other = distribution(needed)
            except PackageNotFoundError:
                continue
            found[needed] = other.version.partition("+")[0]  # without the name of a build, such as "+cpu"
            todo.append((other, wanted))
    return dict(sorted(found.items()))


def applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    """Return whether a requirement applies here, to a package with these extras."""
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras | {""})
