"""Hash everything that a result depends on: a submission with the same digest as before is not judged again."""

import hashlib
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from traitlets.config import Config

import autograder
from autograder.course.assignment import Assignment
from autograder.course.held_out import CIFAR10_FILE
from autograder.course.key import package_files
from autograder.execution.job import Runtime
from autograder.integration.gradebook import open_gradebook
from autograder.judging.networks import held_out_identity
from autograder.submission.reading import Submission

LIBRARIES = ("nbgrader", "nbformat", "nh3", "pillow", "threadpoolctl")  # the judge's; Runtime has the kernels'
NO_KEY = {".ipynb_checkpoints", "equivalents", "reference", "variants"}  # folders that grading does not read
# options about paths, pages, the exchange, and commands other than autograde: no score depends on them
NO_SCORES = (
    "CourseDirectory",
    "Exchange",
    "FormgradeApp",
    "GenerateAssignment",
    "GenerateFeedback",
    "HTMLExporter",
    "HideFromStudents",
    "JupyterHub",
    "PageExporter",
    "ZipCollect",
)
INSTALLED = {"autograder", "nbgrader", "nbconvert"}
CODE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")  # a name such as "late.HalfAnHour", which nbgrader imports


def digest_of_result(submission: Submission, course: str) -> str:
    """Return the hash of everything that the scores of a submission depend on. course: from `digest_of_course`"""
    return hashlib.sha256(f"{course} {submission.digest}".encode()).hexdigest()


def digest_of_course(assignment: Assignment, config: Config, seed: int) -> str:
    """Return the hash of what all scores depend on: the key and its catalog, the options of executing and judging, the
    due date, the grader's code and its machine.

    seed: that of the held-out images. The path of the course, its students and the look of its pages do not count.
    """
    course = assignment.course
    found = [path for folder in (assignment.source, assignment.proof) for path in sorted(folder.rglob("*"))]
    found += package_files(assignment)
    files = [path for path in found if path.is_file() and not NO_KEY.intersection(path.relative_to(course).parts)]
    files += [path for path in [course / CIFAR10_FILE] if path.is_file()]
    with open_gradebook(config) as gradebook:
        due = gradebook.find_assignment(assignment.name).duedate
    libraries = [(name, version(name)) for name in LIBRARIES]
    machine = [Runtime.current(assignment.frameworks), held_out_identity(), libraries]
    options = {name: value for name, value in config.items() if not name.startswith(NO_SCORES)}
    code = sorted(course.glob("*.py")) if names_code(options) else []
    return digest_of_files([*files, *code, *code_of_the_grader()], repr([machine, due, plain(options), seed]))


def plain(value: Any) -> Any:
    """Return an option in a form whose `repr` is the same in every process: what has no order sorted, code by name."""
    if isinstance(value, Mapping):
        return sorted((name, plain(each)) for name, each in value.items())
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(each) for each in value), key=repr)
    return f"{value.__module__}.{value.__qualname__}" if is_code(value) else value


def is_code(value: Any) -> bool:
    """Return whether an option is a class or a function."""
    return isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__"))


def names_code(value: Any) -> bool:
    """Return whether options contain code that is not in one of the packages INSTALLED, or what may be its name."""
    if isinstance(value, Mapping):
        return any(map(names_code, value.values()))
    if isinstance(value, list | tuple | set | frozenset):
        return any(map(names_code, value))
    if is_code(value):
        return str(value.__module__).partition(".")[0] not in INSTALLED  # None: a function of the configuration's own
    return isinstance(value, str) and bool(CODE.fullmatch(value))


def code_of_the_grader() -> list[Path]:
    """Return the paths of this package's modules and templates."""
    return sorted(path for path in Path(autograder.__file__).parent.rglob("*") if path.suffix in (".py", ".html"))


def digest_of_files(paths: list[Path], start: str) -> str:
    """Return the hash of a text and of the names and contents of files."""
    digest = hashlib.sha256(start.encode())
    for path in paths:
        with path.open("rb") as file:
            digest.update(path.name.encode() + b"\0" + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
