"""Hashes of all that a result depends on: what has the same digest as the last time is not done again."""

import hashlib
from pathlib import Path

from traitlets.config import Config

import autograder
from autograder.course.assignment import ASSIGNMENT
from autograder.course.held_out import CIFAR10_FILE
from autograder.execution.job import Runtime
from autograder.integration.gradebook import open_gradebook
from autograder.judging.networks import held_out_identity
from autograder.submission.reading import Submission


def digest_of_result(submission: Submission, course: str) -> str:
    """Return the hash of what the scores of a submission depend on. course: `digest_of_course()`"""
    return hashlib.sha256(f"{course} {submission.digest}".encode()).hexdigest()


def digest_of_course(course: Path, config: Config, seed: int) -> str:
    """Return the hash of what all scores depend on: the course and its due date, the grader and its machine.

    seed: of the held-out images
    """
    files = [*(course / "source").rglob("*"), course / "nbgrader_config.py", course / CIFAR10_FILE]
    files = sorted(path for path in files if path.is_file() and ".ipynb_checkpoints" not in path.parts)
    with open_gradebook(config) as gradebook:
        due = gradebook.find_assignment(ASSIGNMENT).duedate
    machine = [Runtime.current(), held_out_identity()]
    return digest_of_files([*files, *code_of_the_grader()], repr([machine, due, config, seed]))


def code_of_the_grader() -> list[Path]:
    """Return the files of this package."""
    return sorted(path for path in Path(autograder.__file__).parent.rglob("*") if path.suffix in (".py", ".html"))


def digest_of_files(paths: list[Path], start: str) -> str:
    digest = hashlib.sha256(start.encode())
    for path in paths:
        with path.open("rb") as file:
            digest.update(path.name.encode() + b"\0" + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
