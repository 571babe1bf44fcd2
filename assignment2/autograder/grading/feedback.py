"""Feedback pages, in parallel: they only read the gradebook."""

import hashlib
from concurrent.futures import Executor, as_completed
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from tqdm import tqdm
from traitlets.config import Config

from autograder.course.assignment import ASSIGNMENT
from autograder.grading.boundary import Boundary
from autograder.grading.logs import write_log
from autograder.integration.converters import FeedbackOne, Transcript, convert_one, load_config
from autograder.integration.gradebook import open_gradebook

DIGEST = ".written"  # in the folder of a student's pages: the hash of what they say


def write_feedback(course: Path, config: Config, students: list[str], pool: Executor) -> dict[str, str]:
    """Write the pages of all students whose judged notebooks, points or comments have changed since the last time.

    Returns the students whose pages could not be written, each with the reason.
    """
    with open_gradebook(config) as gradebook:
        digests = {student: digest_of_pages(gradebook, course, student) for student in students}
    due = [student for student, digest in digests.items() if digest and digest != written(course, student)]
    futures = {pool.submit(write_pages, course, student, digests[student]): student for student in due}
    bar = tqdm(as_completed(futures), total=len(futures), desc="feedback", unit="student", disable=not due)
    return {futures[future]: reason for future in bar if (reason := future.result())}


def write_pages(course: Path, student: str, digest: str) -> str:
    """Write the pages of one student; returns "", or what kept them from being written."""
    boundary, transcript = Boundary(course), Transcript()
    with boundary.around(student, "no feedback page"):
        try:
            convert_one(FeedbackOne, load_config(course), student, judged_notebooks(course, student), transcript)
        finally:
            write_log(course, student, transcript.text, append=True)
        pages(course, student).joinpath(DIGEST).write_text(digest, encoding="utf-8")
    return boundary.reasons.get(student, "")


def judged_notebooks(course: Path, student: str) -> list[str]:
    folder = course / "autograded" / student / ASSIGNMENT
    return sorted(path.stem for path in folder.iterdir() if path.suffix == ".ipynb")


def pages(course: Path, student: str) -> Path:
    return course / "feedback" / student / ASSIGNMENT


def written(course: Path, student: str) -> str:
    path = pages(course, student) / DIGEST
    return path.read_text(encoding="utf-8") if path.exists() else ""


def digest_of_pages(gradebook: Gradebook, course: Path, student: str) -> str:
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
