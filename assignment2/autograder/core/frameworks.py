"""The deep-learning frameworks that an assignment may be about: who grades no such assignment need not have them."""

from importlib.metadata import PackageNotFoundError, version

from autograder.core.errors import GraderError

FRAMEWORKS = {"torch": "pytorch"}  # the module: the extra of `cs231n-assignment2` that installs it


def framework_versions(names: tuple[str, ...]) -> dict[str, str]:
    """Return the versions of frameworks; raises GraderError if one is not installed here."""
    try:
        return {name: version(name) for name in names}
    except PackageNotFoundError as missing:
        extra = FRAMEWORKS[str(missing.name)]
        raise GraderError(
            f"this assignment needs {missing.name}, which is not installed here: "
            f"pip install 'cs231n-assignment2[{extra}]', on every machine that grades"
        ) from None
