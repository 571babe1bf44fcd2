"""Read what a student handed in: each file once, within limits, and only what counts. Nothing else reads it.

A problem with a file is told to people, and does not affect other files.
"""

import hashlib
import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from autograder.core.errors import SubmissionError
from autograder.core.files import MIB, Unusable, hash_or_reason, is_there, read_regular
from autograder.core.text import is_name, printable
from autograder.core.timestamps import MAX_TIMESTAMP_BYTES, TIMESTAMP
from autograder.submission.arrangement import remarks_on_names
from autograder.submission.folders import files_in, is_left_out
from autograder.submission.names import fit

MAX_NOTEBOOK_BYTES = 50 * MIB
MAX_MODULES, MAX_MODULE_BYTES, MAX_MODULE_NAME = 100, MIB, 100
MAX_WEIGHTS, MAX_WEIGHTS_BYTES = 20, 256 * MIB
MAX_ENTRIES = 10_000  # of the folder
OURS = ("cs231n", "autograder")  # packages that a submission cannot replace
MAX_STUDENT = 128  # characters of an id in the gradebook
MAX_STUDENT_BYTES = 240  # of a file's name, which has an ending as well


class NotGradable(SubmissionError):
    """A submitted notebook, or a whole submission, that cannot be used; the message says why."""


@dataclass(frozen=True)
class Submission:
    """The parts that count of what a student handed in.

    notebooks: by name, the bytes, or why they cannot be used; without those that were not handed in
    modules: the text of the Python files next to them, which solutions may import, by path: packages are folders
    weights: the names of the files of weights
    remarks: what was left out, and why
    digest: the hash of all this and of the weights
    """

    notebooks: dict[str, bytes | Unusable]
    modules: dict[str, str]
    weights: frozenset[str]
    remarks: tuple[str, ...]
    digest: str


def problem_of_name(student: str) -> str:
    """Say why the name of a folder cannot be a student's id, "" if it can."""
    if not is_name(student):
        return "not gradable: the folder's name is not UTF-8, has control characters in it, or space around it"
    if len(student) > MAX_STUDENT or len(os.fsencode(student)) > MAX_STUDENT_BYTES:
        return f"not gradable: the folder's name has more than {MAX_STUDENT} characters or {MAX_STUDENT_BYTES} bytes"
    return ""


def read_submission(folder: Path, names: list[str]) -> Submission:
    """Read what a student handed in. folder: `submitted/<student>/<assignment>`; names: the assignment's notebooks.

    Raises NotGradable if the folder cannot be read.
    """
    try:
        if folder.is_symlink() or folder.parent.is_symlink():
            raise NotGradable("the folder is a link: hand in the files themselves")
        with os.scandir(folder) as entries:
            found = sorted(entry.name for entry in islice(entries, MAX_ENTRIES + 1))
    except OSError as error:
        raise NotGradable(f"the folder cannot be read: {error.strerror}") from None
    remarks = remarks_on_names(folder)
    remarks += [f"more than {MAX_ENTRIES} files: some were not looked at"] if len(found) > MAX_ENTRIES else []
    notebooks = {
        name: read_or_reason(path, MAX_NOTEBOOK_BYTES) for name in names if is_there(path := folder / f"{name}.ipynb")
    }
    remarks += [f"{printable(other)} was handed in too, but not read" for other in copies_of(notebooks, found)]
    modules = read_modules(folder, python_files(folder, found, remarks), remarks)
    counted: dict[str, object] = {name: digest_of(content) for name, content in notebooks.items()}
    counted |= {name: digest_of(text.encode()) for name, text in modules.items()}
    counted |= {name: hash_or_reason(folder / name, MAX_WEIGHTS_BYTES) for name in weights_in(found)}
    if is_there(folder / TIMESTAMP):
        counted[TIMESTAMP] = digest_of(read_or_reason(folder / TIMESTAMP, MAX_TIMESTAMP_BYTES))
    digest = hashlib.sha256(json.dumps([counted, remarks]).encode()).hexdigest()
    return Submission(notebooks, modules, frozenset(weights_in(found)), tuple(remarks), digest)


def copies_of(notebooks: Collection[str], found: list[str]) -> list[str]:
    """Return the files whose names are similar to those of notebooks that are there: either may be meant."""
    return [name for name in found if any(fit(name, f"{notebook}.ipynb") for notebook in notebooks)]


def python_files(folder: Path, found: list[str], remarks: list[str]) -> list[str]:
    """Return the paths of the Python files in a folder and in the packages inside it."""
    packages = [name for name in found if not is_left_out(name) and (folder / name).is_dir()]
    paths = [f"{name}/{path}" for name in packages if name not in OURS for path in files_in(folder / name)]
    remarks += [f"the folder {name} was handed in too: the course's own is used" for name in packages if name in OURS]
    return [path for path in (*found, *paths) if path.endswith(".py")]


def weights_in(names: list[str]) -> list[str]:
    """Return the files of weights among some files, at most MAX_WEIGHTS."""
    return [name for name in names if name.endswith(".npz")][:MAX_WEIGHTS]


def read_or_reason(path: Path, limit: int) -> bytes | Unusable:
    """Return the content of a file, or why it cannot be used. limit: in bytes"""
    try:
        return read_regular(path, limit)
    except Unusable as problem:
        return problem


def read_modules(folder: Path, names: list[str], remarks: list[str]) -> dict[str, str]:
    """Read Python files, and remark on those that are left out."""
    modules: dict[str, str] = {}
    left_out: list[str] = []
    for name in names:
        if len(modules) == MAX_MODULES:
            left_out.append(f"{printable(name)} is beyond the limit")
        elif not all(is_name(part) and len(os.fsencode(part)) <= MAX_MODULE_NAME for part in name.split("/")):
            left_out.append(f"{printable(name)[:MAX_MODULE_NAME]} has a name that is too long, or not text")
        else:
            try:
                modules[name] = read_regular(folder / name, MAX_MODULE_BYTES).decode("utf-8", "replace")
            except Unusable as problem:
                left_out.append(str(problem))
    if left_out:
        more = f", and {len(left_out) - 1} more" if len(left_out) > 1 else ""
        remarks.append(f"Python files were left out: {left_out[0]}{more}")
    return modules


def digest_of(content: bytes | Unusable) -> str:
    """Return the hash of a file, or why it cannot be used."""
    return str(content) if isinstance(content, Unusable) else hashlib.sha256(content).hexdigest()
