"""The deep-learning frameworks that an assignment may be about. Only who grades such an assignment has to have them."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from autograder.core.errors import GraderError

FRAMEWORKS = {  # the module: the extra of `cs231n-assignment2` that installs it
    "torch": "pytorch",
    "tensorflow": "tensorflow",
}


class NoFramework(GraderError):
    """An assignment needs a framework that is not installed on this machine."""


def missing_frameworks(names: Iterable[str]) -> list[str]:
    """Return those of these frameworks that are not installed here."""
    return [name for name in names if not _version(name)]


def framework_versions(names: Iterable[str]) -> dict[str, str]:
    """Return the versions of frameworks; raises NoFramework if one is not installed here."""
    found = {name: _version(name) for name in names}
    if missing := [name for name, installed in found.items() if not installed]:
        extras = ",".join(FRAMEWORKS[name] for name in missing)
        raise NoFramework(
            f"this assignment needs {', '.join(missing)}, which is not installed here: "
            f"pip install 'cs231n-assignment2[{extras}]' on every machine that grades"
        )
    return found


def _version(name: str) -> str:
    for distribution in (name, f"{name}-cpu"):  # TensorFlow's build for CPUs has a name of its own
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return ""
