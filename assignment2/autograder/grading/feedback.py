"""Write feedback pages, in parallel: the processes only read the gradebook."""

import faulthandler
import hashlib
from collections.abc import Iterator
from concurrent.futures import Executor, Future, as_completed
from contextlib import contextmanager
from pathlib import Path

from nbgrader.api import BaseCell, Comment, Grade, Notebook
from tqdm import tqdm
from traitlets.config import Config

from autograder.course.assignment import CONFIGURATION, Assignment
from autograder.execution.pool import WorkerDied
from autograder.grading.boundary import Boundary
from autograder.grading.logs import log_of, write_log
from autograder.integration.converters import FeedbackOne, Transcript, convert_one, load_config
from autograder.integration.exchange import SECRET
from autograder.integration.exporters import page_seconds
from autograder.integration.gradebook import open_gradebook, rows_of
from autograder.integration.plain_page import reason_of

EXTRA_SECONDS = 60  # for the pages of one student, on top of several times their limit
DIGEST = ".written"  # a file in the folder of a student's pages: the hash of all that they depend on
# the columns of the gradebook that a page depends on
MARKS = ((Grade, Grade.auto_score, Grade.manual_score, Grade.extra_credit), (Comment, Comment.comment))
ROWS = 1000  # of the gradebook that are in memory at a time


def write_feedback(assignment: Assignment, config: Config, students: list[str], pool: Executor) -> dict[str, list[str]]:
    """Write the pages of all students whose judged notebooks, points, comments or options have changed.

    Returns remarks for the instructor, by student: which pages are plain ones, or why they could not be written.
    """
    digests = digests_of_pages(assignment, config, students)
    due = {student: digest for student, digest in digests.items() if digest and digest != written(assignment, student)}
    futures: dict[Future[str], str] = {
        pool.submit(write_pages, assignment, student, digest): student for student, digest in due.items()
    }
    reasons: dict[str, str] = {}
    for future in tqdm(as_completed(futures), total=len(futures), desc="feedback", unit="student", disable=not due):
        try:
            reasons[futures[future]] = future.result()
        except WorkerDied:
            reasons[futures[future]] = "no feedback page: the process that wrote it died, see logs/"
    return {
        student: [reason] if (reason := reasons.get(student)) else plain(assignment, student) for student in students
    }


def write_pages(assignment: Assignment, student: str, digest: str) -> str:
    """Write the pages of one student; returns why they could not be written, "" if they were."""
    boundary, transcript = Boundary(assignment), Transcript()
    with boundary.around(student, "no feedback page"):
        config, names = load_config(assignment), judged_notebooks(assignment, student)
        try:
            with process_limit(seconds_of_pages(config, len(names)), log_of(assignment, student)):
                convert_one(FeedbackOne, config, student, names, transcript)
        finally:
            write_log(assignment, student, transcript.text, append=True)
        pages(assignment, student).joinpath(DIGEST).write_text(digest, encoding="utf-8")
    return boundary.reasons.get(student, "")


def seconds_of_pages(config: Config, notebooks: int) -> float:
    """Return how many seconds of wall-clock time the pages of one student may take."""
    return EXTRA_SECONDS + 4 * notebooks * page_seconds(config)


@contextmanager
def process_limit(seconds: float, log: Path) -> Iterator[None]:
    """End this process if the block takes longer than `seconds`, as code may that a page's limit cannot interrupt.

    log: the file that the traceback is written to
    """
    with log.open("a") as file:
        faulthandler.dump_traceback_later(seconds, exit=True, file=file)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


def plain(assignment: Assignment, student: str) -> list[str]:
    """Return a remark on each of a student's pages that is a plain one, with the reason."""
    reasons = {path.stem: reason_of(path) for path in sorted(pages(assignment, student).glob("*.html"))}
    return [f"{name}: this page is a plain one: {reason}" for name, reason in reasons.items() if reason]


def judged_notebooks(assignment: Assignment, student: str) -> list[str]:
    """Return the names of a student's judged notebooks, sorted."""
    return sorted(path.stem for path in assignment.autograded(student).iterdir() if path.suffix == ".ipynb")


def pages(assignment: Assignment, student: str) -> Path:
    """Return the folder of a student's pages."""
    return assignment.feedback(student)


def written(assignment: Assignment, student: str) -> str:
    """Return the digest with which a student's pages were last written, "" if they never were."""
    path = pages(assignment, student) / DIGEST
    return path.read_text(encoding="utf-8") if path.exists() else ""


def digests_of_pages(assignment: Assignment, config: Config, students: list[str]) -> dict[str, str]:
    """Return the hash of all that each student's pages depend on, "" if nothing of a student was judged."""
    about_all = (assignment.course / CONFIGURATION).read_bytes()
    digests = {student: hashlib.sha256(about_all) for student in students}
    known = set()
    with open_gradebook(config) as gradebook:
        row = gradebook.find_assignment(assignment.name).id
        for kind, *columns in MARKS:
            query = rows_of(kind, *columns, assignment=row)
            in_order = query.order_by(Notebook.name, BaseCell.name).execution_options(yield_per=ROWS)
            for student, *mark in gradebook.db.execute(in_order):
                if student in digests:
                    digests[student].update(repr(mark).encode())
                    known.add(student)
    return {
        student: with_files(digest, assignment.autograded(student)) if student in known else ""
        for student, digest in digests.items()
    }


def with_files(digest: "hashlib._Hash", judged: Path) -> str:
    """Add the judged notebooks and the secret in a folder to a hash; return it, "" if there are no notebooks."""
    notebooks = sorted(judged.glob("*.ipynb"))
    secret = judged / SECRET
    for path in [*notebooks, secret] if secret.exists() else notebooks:
        digest.update(path.read_bytes())
    return digest.hexdigest() if notebooks else ""
