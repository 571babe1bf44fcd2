"""Schedule the submissions of a class: workers evaluate them, and this process, the only one that writes, enters the
results into the gradebook and `autograded/`."""

import json
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import islice
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from tqdm import tqdm
from traitlets.config import Config

from autograder.core.files import Unusable
from autograder.core.timestamps import read_timestamp
from autograder.core.upstream import time_zone
from autograder.evaluation.rules import Rules
from autograder.grading.boundary import Boundary
from autograder.grading.changes import differences, summary
from autograder.grading.digests import digest_of_course
from autograder.grading.logs import write_log
from autograder.grading.task import Answer, Task, unpacked
from autograder.integration.converters import Transcript, convert_one
from autograder.integration.entering import EnterOne
from autograder.submission.arrangement import submission_folder

KEPT = ".graded"  # in the folder of a judged submission: the hash of all that its scores depend on, and the remarks


class Schedule:
    """One run over a class.

    changed: lines about students whose earlier result has changed; executed: number of notebooks; judged: number of
    submissions; set_aside: students who could not be graded through no fault of their own, with the reason
    """

    def __init__(self, config: Config, gradebook: Gradebook, rules: Rules, names: list[str], again: bool):
        """gradebook: open; names: those of the assignment's notebooks; again: whether to judge even what would get the
        same result"""
        self.config, self.gradebook, self.rules, self.names, self.again = config, gradebook, rules, names, again
        self.assignment = rules.assignment
        self.digest = digest_of_course(self.assignment, config, rules.seed)
        self.pending: dict[Future[bytes], str] = {}  # evaluations, by student
        self.boundary = Boundary(self.assignment)
        self.remarked: dict[str, list[str]] = {}  # of workers, by student
        self.changed: list[str] = []
        self.executed = self.judged = 0

    @property
    def set_aside(self) -> dict[str, str]:
        """Return the students who could not be graded through no fault of their own, with the reason."""
        return self.boundary.set_aside

    def run(self, students: list[str], submit: Callable[[Task], Future[bytes]], at_once: int) -> None:
        """Grade students. submit: starts the evaluation of a task; at_once: how many submissions may be under way"""
        todo = iter(students)
        with tqdm(total=len(students), desc="grading", unit="student") as bar:
            while True:
                for student in islice(todo, at_once - len(self.pending)):
                    self.pending[submit(self._task(student))] = student
                if not self.pending:
                    return
                done, _ = wait(self.pending, return_when=FIRST_COMPLETED)
                for future in done:
                    self._finish(self.pending.pop(future), future)
                    bar.update()
                bar.set_postfix_str(f"{len(self.boundary.reasons)} not gradable", refresh=False)

    def _task(self, student: str) -> Task:
        known, _ = self._kept(student)
        known = "" if self.again or self._total(student) is None else known
        return Task(student, self.names, self.rules, self.digest, known)

    def _finish(self, student: str, future: Future[bytes]) -> None:
        with self.boundary.around(student):
            answer = unpacked(future.result())
            self.executed += answer.executed
            if answer.entries:
                self._enter(student, answer)
                self.remarked[student] = answer.remarks
            else:
                _, self.remarked[student] = self._kept(student)
        self.gradebook.db.remove()  # forget what the session holds of this student: it would grow with the class

    def _enter(self, student: str, answer: Answer) -> None:
        """Enter a result, and note how it differs from the earlier one."""
        points, transcript = self._total(student), Transcript()
        there = {"entries": answer.entries, "gradebook": self.gradebook}
        try:
            convert_one(EnterOne, self.config, student, list(answer.entries), transcript, **there)
        finally:
            write_log(self.assignment, student, transcript.text)
        self.judged += 1
        path = self._kept_file(student)
        if path.parent.exists():
            path.write_text(json.dumps([answer.digest, answer.remarks]), encoding="utf-8")
        now = self._total(student)
        lines = differences(answer.before, answer.statuses) if answer.before else []
        if points is not None and now is not None and answer.before and (lines or points != now):
            self.changed += summary(student, points, now, lines)

    def _kept_file(self, student: str) -> Path:
        return self.assignment.autograded(student) / KEPT

    def _kept(self, student: str) -> tuple[str, list[str]]:
        """Return what is stored with a student's result, its digest and the remarks on it; "" and [] if nothing is."""
        try:
            digest, remarks = json.loads(self._kept_file(student).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError, ValueError):  # not graded yet, or by an older grader
            return "", []
        return digest, remarks

    def _total(self, student: str) -> float | None:
        """Return the points of a student who has been graded before, None if the gradebook has no such student."""
        try:
            total: float = self.gradebook.find_submission(self.assignment.name, student).score
        except MissingEntry:
            return None
        return total

    def remarks(self, student: str) -> list[str]:
        """Return what the instructor should know about a submission."""
        reason = self.boundary.reasons.get(student)
        if student in self.set_aside:
            reason = f"not graded: {self.set_aside[student]}"
        if reason:
            earlier = self._total(student)
            kept = f"; the gradebook still holds {earlier:.2f} points of an earlier submission" if earlier else ""
            return [f"{reason}{kept}"]
        return [*self._about_time(student), *self.remarked[student]]

    def _about_time(self, student: str) -> list[str]:
        try:
            read_timestamp(submission_folder(self.assignment, student), time_zone(self.config))
        except Unusable as problem:
            return [f"{problem}: whether it is late is unknown"]
        return []
