"""The submissions of a class under way: executions go out, and a submission is judged when its own have come back."""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.api import MissingEntry
from tqdm import tqdm
from traitlets.config import Config

from autograder.core.errors import GraderError
from autograder.core.files import Unusable
from autograder.core.timestamps import read_timestamp
from autograder.core.upstream import time_zone
from autograder.course.assignment import ASSIGNMENT
from autograder.course.key import files_asked_for, keys
from autograder.execution.executions import executions_in
from autograder.execution.job import Job
from autograder.execution.worker import execute_packed
from autograder.grading.boundary import Boundary
from autograder.grading.changes import Statuses, differences, statuses, summary
from autograder.grading.digests import digest_of_course, digest_of_result
from autograder.grading.logs import write_log
from autograder.grading.rows import remarks_on
from autograder.integration.converters import AutogradeOne, Transcript, convert_one
from autograder.integration.gradebook import open_gradebook
from autograder.integration.steps import execution_options, expected_of, held_out_seed
from autograder.judging.networks import DataSetMissing, require_data
from autograder.submission.arrangement import arrange, submission_folder
from autograder.submission.preparation import Prepared, prepare
from autograder.submission.reading import NotGradable, read_submission

DIGEST = ".graded"  # in the folder of a judged submission: the hash of all that its scores depend on
AHEAD = 8  # submissions under way for each worker: one that hangs must not hold up the others


@dataclass
class Pending:
    """A submission that is being graded. digest: of all that its result depends on; notebooks: by name;
    waiting: their executions that have not been stored yet"""

    student: str
    digest: str
    notebooks: dict[str, Prepared] = field(default_factory=dict)
    waiting: dict[str, tuple[Job, Future[bytes]]] = field(default_factory=dict)


class Schedule:
    """One run over a class.

    changed: lines about students whose earlier result is another now; executed, judged: how many notebooks, submissions
    set_aside: students who could not be graded for a reason that is not theirs, with that reason
    """

    def __init__(self, course: Path, config: Config, executor: Executor, workers: int, again: bool):
        self.course, self.config, self.executor, self.again = course, config, executor, again
        self.ahead = AHEAD * workers
        self.options, self.seed = execution_options(config), held_out_seed(config, course)
        self.executions = executions_in(course / "executions")
        self.keys = keys(course / "source" / ASSIGNMENT)
        self.digest = digest_of_course(course, config, self.seed)
        self.under_way: dict[str, Future[bytes]] = {}
        self.boundary = Boundary(course)
        self.left_out: dict[str, tuple[str, ...]] = {}
        self.set_aside: dict[str, str] = {}
        self.changed: list[str] = []
        self.executed = self.judged = 0

    def run(self, students: list[str]) -> None:
        for key in self.keys.values():
            expected_of(key, self.executions)  # a key that fails its own checks stops here, before anybody is graded
        pending: list[Pending] = []
        todo = iter(students)
        with tqdm(total=len(students), desc="grading", unit="student") as bar:
            while True:
                pending += self._start(todo, self.ahead - len(pending), bar)
                if not pending:
                    return
                wait([future for p in pending for _, future in p.waiting.values()], return_when=FIRST_COMPLETED)
                for submission in pending:
                    with self.boundary.around(submission.student):
                        self._collect(submission)
                failed = self.boundary.reasons
                for submission in [p for p in pending if not p.waiting or p.student in failed]:
                    pending.remove(submission)
                    if submission.student not in failed:
                        self._judge(submission)
                    bar.update()
                    bar.set_postfix_str(f"{len(failed)} not gradable", refresh=False)

    def _start(self, todo: Iterator[str], room: int, bar: "tqdm[None]") -> list[Pending]:
        """Ask for the executions of as many more submissions as there is room for; skip what would not change."""
        started: list[Pending] = []
        while len(started) < room and (student := next(todo, None)) is not None:
            submission = None
            with self.boundary.around(student):
                submission = self._prepare(student)
            if submission is None:
                bar.update()
            else:
                started.append(submission)
        return started

    def _prepare(self, student: str) -> Pending | None:
        """Read a submission and ask for its executions; returns None where its result would not change."""
        folder = arrange(self.course, student, files_asked_for(self.keys))
        read = read_submission(folder, list(self.keys))
        self.left_out[student] = read.remarks
        submission = Pending(student, digest_of_result(read, self.digest))
        if not self.again and self._is_graded(submission):
            return None
        if not read.notebooks:
            nothing = f"none of {', '.join(f'{name}.ipynb' for name in self.keys)} was handed in"
            raise NotGradable("; ".join([nothing, *read.remarks]))
        submission.notebooks = {name: prepare(read, self.keys[name], self.options) for name in read.notebooks}
        for name, prepared in submission.notebooks.items():
            if prepared.job not in self.executions.store:
                submission.waiting[name] = (prepared.job, self._submit(prepared.job))
        return submission

    def _submit(self, job: Job) -> Future[bytes]:
        if job.address not in self.under_way:  # the same notebook from two students is executed once
            self.under_way[job.address] = self.executor.submit(execute_packed, job)
            self.executed += 1
        return self.under_way[job.address]

    def _collect(self, submission: Pending) -> None:
        """Store the executions of a submission that have come back.

        Raises what a worker could not do: GraderError, also where the worker itself has died.
        """
        for name, (job, future) in list(submission.waiting.items()):
            if future.done():
                self.under_way.pop(job.address, None)
                try:
                    self.executions.store.put(job, future.result())
                except BrokenExecutor as error:
                    raise GraderError(
                        f"a worker has died ({error}): is there enough memory? Executions are kept; "
                        "grade again, with fewer --workers"
                    ) from error
                del submission.waiting[name]

    def _is_graded(self, submission: Pending) -> bool:
        path = self.course / "autograded" / submission.student / ASSIGNMENT / DIGEST
        if not path.exists() or path.read_text(encoding="utf-8") != submission.digest:
            return False
        return self._total(submission.student) is not None

    def _total(self, student: str) -> float | None:
        """Return the points of a student who has been graded before, None where the gradebook has no such student."""
        with open_gradebook(self.config) as gradebook:
            try:
                total: float = gradebook.find_submission(ASSIGNMENT, student).score
            except MissingEntry:
                return None
        return total

    def _judge(self, submission: Pending) -> None:
        """Judge one submission through nbgrader's own converter, and note what has changed since the last time."""
        student = submission.student
        folder = self.course / "autograded" / student / ASSIGNMENT
        before, points = statuses(folder), self._total(student)
        prepared = {(student, name): notebook for name, notebook in submission.notebooks.items()}
        transcript = Transcript()
        with self.boundary.around(student):
            try:
                self._require_data(submission)
                convert_one(AutogradeOne, self.config, student, list(submission.notebooks), transcript, prepared)
            except DataSetMissing as problem:  # found by what the student's file says: it must not stop everybody's run
                self.set_aside[student] = str(problem)
            finally:
                write_log(self.course, student, self.set_aside.get(student) or transcript.text)
            self.judged += student not in self.set_aside
            if folder.exists() and student not in self.set_aside:
                (folder / DIGEST).write_text(submission.digest, encoding="utf-8")
        if before:
            self._note_changes(student, before, points)

    def _require_data(self, submission: Pending) -> None:
        folder = submission_folder(self.course, submission.student)
        for name in submission.notebooks:
            require_data(expected_of(self.keys[name], self.executions), folder, self.seed)

    def _note_changes(self, student: str, before: Statuses, points: float | None) -> None:
        lines = differences(before, statuses(self.course / "autograded" / student / ASSIGNMENT))
        now = self._total(student)
        if points is not None and now is not None and (lines or points != now):
            self.changed += summary(student, points, now, lines)

    def remarks(self, student: str) -> list[str]:
        """Return what the instructor should know about a submission."""
        reason = self.boundary.reasons.get(student)
        if student in self.set_aside:
            reason = f"not graded: {self.set_aside[student]}"
        if reason:
            earlier = self._total(student)
            kept = f"; the gradebook still holds {earlier:.2f} points of an earlier submission" if earlier else ""
            return [f"{reason}{kept}"]
        showing = Boundary(self.course)
        with showing.around(student, "no remarks"):
            return [*self._about_time(student), *self.left_out[student], *remarks_on(self.course, student)]
        return [showing.reasons[student]]

    def _about_time(self, student: str) -> list[str]:
        try:
            read_timestamp(submission_folder(self.course, student), time_zone(self.config))
        except Unusable as problem:
            return [f"{problem}: late or not is unknown"]
        return []
