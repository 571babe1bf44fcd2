"""Make a wheel of a package from its installation.

Building it from its sources would need the repository and a network; a course folder has neither.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from types import ModuleType

from autograder.authoring.archive import zipped
from autograder.core.errors import GraderError

STUDENTS, GRADER = "cs231n-assignment2", "cs231n-autograder"  # the distributions of cs231n and of autograder
OF_INSTALLATION = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")  # they tell how it was installed

OF_PLAIN_PYTHON = b"Wheel-Version: 1.0\nGenerator: autograder\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def installed(name: str) -> Distribution:
    """Return a distribution; raises GraderError if the package is not installed as one."""
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise GraderError(f"{name} is not installed here: pip install {name}") from None


def wheel(name: str, package: ModuleType, added: Mapping[str, bytes] | None = None) -> tuple[str, bytes]:
    """Return the file name and the bytes of a wheel, the same for the same package.

    name: that of the distribution; added: files to add or replace, by their path inside the package. They give the
    wheel a version of its own, because pip would not install it over another one with the same version.
    """
    found, distributed = installed(name), name.replace("-", "_")
    version = found.version + (f".post{number_of(added.values())}" if added else "")
    before, after = (f"{distributed}-{each}.dist-info" for each in (found.version, version))
    folder = Path(str(package.__file__)).parent
    files = {
        path.relative_to(folder.parent).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    files |= {f"{folder.name}/{path}": content for path, content in (added or {}).items()}
    for entry in sorted(found.files or []):
        if entry.parts[0] == before and entry.name not in OF_INSTALLATION:
            files[f"{after}/{entry.relative_to(before).as_posix()}"] = Path(str(entry.locate())).read_bytes()
    metadata = f"{after}/METADATA"
    old, new = (f"\nVersion: {each}\n".encode() for each in (found.version, version))
    files[metadata] = files[metadata].replace(old, new, 1)
    return f"{distributed}-{version}-py3-none-any.whl", packed(files, after)


def number_of(contents: Iterable[bytes]) -> int:
    """Return a number, by the hash of contents, for a version."""
    return int(hashlib.sha256(b"".join(contents)).hexdigest()[:6], 16)


def wheel_of_folder(folder: Path) -> tuple[str, bytes]:
    """Return the file name and the bytes of a wheel with the Python files of a package that is not installed.

    Its version is derived from its content, so that pip replaces an older one.
    """
    files = {path.relative_to(folder.parent).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.py"))}
    name, version = folder.name, f"0.{number_of(files.values())}"
    information = f"{name}-{version}.dist-info"
    files[f"{information}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    files[f"{information}/WHEEL"] = OF_PLAIN_PYTHON
    return f"{name}-{version}-py3-none-any.whl", packed(files, information)


def packed(files: dict[str, bytes], information: str) -> bytes:
    """Return the files of a wheel as one, with their RECORD. information: the folder that is about the wheel"""
    record = f"{information}/RECORD"
    lines = [f"{path},sha256={digest(content)},{len(content)}" for path, content in files.items()]
    return zipped({**files, record: "\n".join([*lines, f"{record},,", ""]).encode()})


def digest(content: bytes) -> str:
    """Return a hash as a wheel's RECORD has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
