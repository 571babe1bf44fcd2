"""Hashes of all that a result depends on: what has the same digest as the last time is not done again."""

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

LIBRARIES = ("nbgrader", "nbformat", "nh3", "pillow", "threadpoolctl")  # of the judge; those of kernels are in Runtime
NO_KEY = {".ipynb_checkpoints", "equivalents", "reference", "variants"}  # folders that grading does not read
# options of paths, of pages, of the exchange and of commands other than autograde
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
CODE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")  # such as "late.HalfAnHour", which nbgrader imports


def digest_of_result(submission: Submission, course: str) -> str:
    """Return the hash of what the scores of a submission depend on. course: `digest_of_course()`"""
    return hashlib.sha256(f"{course} {submission.digest}".encode()).hexdigest()


def digest_of_course(assignment: Assignment, config: Config, seed: int) -> str:
    """Return the hash of what all scores depend on: the key and its catalog, the configuration of what executes and
    judges, the due date, the grader and its machine.

    seed: of the held-out images. Where the course is, who is in it, and what its pages look like does not count.
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
    """Return an option such that its `repr` is the same in each process: in order, and code by its name."""
    if isinstance(value, Mapping):
        return sorted((name, plain(each)) for name, each in value.items())
    if isinstance(value, list | tuple | set):
        return [plain(each) for each in value]
    return f"{value.__module__}.{value.__qualname__}" if is_code(value) else value


def is_code(value: Any) -> bool:
    return isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__"))


def names_code(value: Any) -> bool:
    """Tell whether options contain code, or may name code, that does not belong to an installed package."""
    if isinstance(value, Mapping):
        return any(map(names_code, value.values()))
    if isinstance(value, list | tuple | set):
        return any(map(names_code, value))
    if is_code(value):
        return str(value.__module__).partition(".")[0] not in INSTALLED  # None: a function of the configuration's own
    return isinstance(value, str) and bool(CODE.fullmatch(value))


def code_of_the_grader() -> list[Path]:
    """Return the files of this package."""
    return sorted(path for path in Path(autograder.__file__).parent.rglob("*") if path.suffix in (".py", ".html"))


def digest_of_files(paths: list[Path], start: str) -> str:
    digest = hashlib.sha256(start.encode())
    for path in paths:
        with path.open("rb") as file:
            digest.update(path.name.encode() + b"\0" + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
