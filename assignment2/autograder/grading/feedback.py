"""Feedback pages, in parallel: they only read the gradebook."""

import hashlib
from concurrent.futures import Executor, as_completed
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import GenerateFeedback
from tqdm import tqdm
from traitlets.config import Config

from autograder.course.key import ASSIGNMENT
from autograder.integration.converters import ConversionFailed, convert, course_directory, load_config

FINGERPRINT = ".written"  # in the folder of a student's pages: the hash of what they say


def write_feedback(course: Path, config: Config, students: list[str], pool: Executor) -> None:
    """Write the pages of all students whose judged notebooks, points or comments have changed since the last time."""
    directory = course_directory(config)
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        prints = {student: fingerprint(gradebook, course, student) for student in students}
    due = [student for student, print_ in prints.items() if print_ and print_ != written(course, student)]
    futures = [pool.submit(write_pages, course, student, prints[student]) for student in due]
    for future in tqdm(as_completed(futures), total=len(futures), desc="feedback", unit="student", disable=not due):
        future.result()


def write_pages(course: Path, student: str, print_: str) -> None:
    """Write the pages of one student; where nbgrader cannot, its words are in the student's log."""
    try:
        log = convert(GenerateFeedback, load_config(course), student)
    except ConversionFailed as problem:
        log = problem.log
    else:
        pages(course, student).joinpath(FINGERPRINT).write_text(print_, encoding="utf-8")
    with (course / "logs" / f"{student}.log").open("a", encoding="utf-8") as file:
        file.write(log)


def pages(course: Path, student: str) -> Path:
    return course / "feedback" / student / ASSIGNMENT


def written(course: Path, student: str) -> str:
    path = pages(course, student) / FINGERPRINT
    return path.read_text(encoding="utf-8") if path.exists() else ""


def fingerprint(gradebook: Gradebook, course: Path, student: str) -> str:
    """Return the hash of all that a student's pages depend on, "" where there is nothing to write about."""
    judged = sorted((course / "autograded" / student / ASSIGNMENT).glob("*.ipynb"))
    try:
        submission = gradebook.find_submission(ASSIGNMENT, student)
    except MissingEntry:
        return ""
    marks = [(g.name, g.auto_score, g.manual_score, g.extra_credit) for n in submission.notebooks for g in n.grades]
    comments = [(c.name, c.comment) for n in submission.notebooks for c in n.comments]
    said = repr([sorted(marks, key=repr), sorted(comments, key=repr), (course / "nbgrader_config.py").read_bytes()])
    digest = hashlib.sha256(said.encode())
    for path in judged:
        digest.update(path.read_bytes())
    return digest.hexdigest() if judged else ""
