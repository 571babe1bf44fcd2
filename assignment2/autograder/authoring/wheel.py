"""A package as a wheel, made from the package that is installed here.

Building it from its sources would need the repository and a network; a course folder has neither.
"""

import base64
import hashlib
from collections.abc import Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from types import ModuleType

from autograder.authoring.archive import zipped
from autograder.core.errors import GraderError

STUDENTS, GRADER = "cs231n-assignment2", "cs231n-autograder"  # the distributions of cs231n and of autograder
OF_INSTALLATION = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")  # they tell how it came here

OF_PLAIN_PYTHON = b"Wheel-Version: 1.0\nGenerator: autograder\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def installed(name: str) -> Distribution:
    """Return a distribution; raises GraderError if the package is not installed as one."""
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise GraderError(f"{name} is not installed here: pip install it, beside the other one") from None


def wheel(name: str, package: ModuleType, added: Mapping[str, bytes] | None = None) -> tuple[str, bytes]:
    """Return the file name and the bytes of a wheel, the same for the same package.

    name: of the distribution; added: more files, or others, by their path inside the package
    """
    found = installed(name)
    stem = f"{name.replace('-', '_')}-{found.version}"
    folder = Path(str(package.__file__)).parent
    files = {
        path.relative_to(folder.parent).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    files |= {f"{folder.name}/{path}": content for path, content in (added or {}).items()}
    for entry in sorted(found.files or []):
        if entry.parts[0] == f"{stem}.dist-info" and entry.name not in OF_INSTALLATION:
            files[entry.as_posix()] = Path(str(entry.locate())).read_bytes()
    return f"{stem}-py3-none-any.whl", packed(files, f"{stem}.dist-info")


def wheel_of_folder(folder: Path, version: str) -> tuple[str, bytes]:
    """Return the file name and the bytes of a wheel with the Python files of a package that is not installed."""
    name = folder.name
    information = f"{name}-{version}.dist-info"
    files = {path.relative_to(folder.parent).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.py"))}
    files[f"{information}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    files[f"{information}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: autograder\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    return f"{name}-{version}-py3-none-any.whl", packed(files, information)


def packed(files: dict[str, bytes], information: str) -> bytes:
    """Return the files of a wheel as one, with their RECORD. information: the folder that is about the wheel"""
    record = f"{information}/RECORD"
    lines = [f"{path},sha256={digest(content)},{len(content)}" for path, content in files.items()]
    return zipped({**files, record: "\n".join([*lines, f"{record},,", ""]).encode()})


def digest(content: bytes) -> str:
    """Return a hash as a wheel's RECORD has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
