"""The students' package as a wheel, made from the package that is installed here.

Building it from its sources would need the repository and a network; a course folder has neither.
"""

import base64
import hashlib
from collections.abc import Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import cs231n

from autograder.authoring.archive import zipped
from autograder.core.errors import GraderError

DISTRIBUTION = "cs231n-assignment2"
OF_INSTALLATION = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")  # they tell how it came here


def students_distribution() -> Distribution:
    """Return the students' distribution; raises GraderError where the package is not installed as one."""
    try:
        return distribution(DISTRIBUTION)
    except PackageNotFoundError:
        raise GraderError(f"{DISTRIBUTION} is not installed here: pip install it, beside the grader") from None


def students_wheel(added: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Return the file name and the bytes of the wheel, the same for the same package.

    added: files that only a hand-out has, by their path inside of the package `cs231n`
    """
    installed = students_distribution()
    stem = f"{DISTRIBUTION.replace('-', '_')}-{installed.version}"
    package = Path(cs231n.__file__).parent
    files = {
        path.relative_to(package.parent).as_posix(): path.read_bytes()
        for path in sorted(package.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    files |= {f"{package.name}/{name}": content for name, content in added.items()}
    for entry in sorted(installed.files or []):
        if entry.parts[0] == f"{stem}.dist-info" and entry.name not in OF_INSTALLATION:
            files[entry.as_posix()] = Path(str(entry.locate())).read_bytes()
    record = f"{stem}.dist-info/RECORD"
    lines = [f"{name},sha256={digest(content)},{len(content)}" for name, content in files.items()]
    files[record] = "\n".join([*lines, f"{record},,", ""]).encode()
    return f"{stem}-py3-none-any.whl", zipped(files)


def digest(content: bytes) -> str:
    """Return a hash as a wheel's RECORD has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
