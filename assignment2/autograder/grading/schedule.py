"""Schedule the submissions of a class: workers evaluate them, and this process, the only one that writes to the
gradebook, enters the results, as many at once as have arrived."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from itertools import islice
from queue import Empty, SimpleQueue

from nbgrader.api import Gradebook
from tqdm import tqdm
from traitlets.config import Config

from autograder.course.key import files_asked_for
from autograder.evaluation.rules import Rules
from autograder.grading.boundary import GRADERS_OWN, Boundary
from autograder.grading.changes import summary
from autograder.grading.digests import digest_of_course
from autograder.grading.kept import forget
from autograder.grading.logs import write_log
from autograder.grading.task import Task, unpacked
from autograder.integration.entering import Ledger, Marks
from autograder.integration.hooks import Hooks
from autograder.integration.laying_out import put_in_place
from autograder.integration.standings import Standing, standings

AT_ONCE = 50  # results at most that are entered together: they take less than a second


class Schedule:
    """One run over a class.

    executed: number of notebooks; judged: number of submissions
    set_aside: students who could not be graded through no fault of their own, with the reason
    """

    def __init__(self, config: Config, gradebook: Gradebook, rules: Rules, names: list[str], again: bool):
        """gradebook: open; names: those of the assignment's notebooks; again: whether to judge even what would get the
        same result"""
        self.rules, self.names, self.again = rules, names, again
        self.assignment = rules.assignment
        self.wanted = files_asked_for({name: rules.key(name) for name in names})
        self.digest = digest_of_course(self.assignment, config, rules.seed)
        self.ledger, self.hooks = Ledger(gradebook, self.assignment.name), Hooks(config)
        self.before = standings(gradebook, self.assignment.name)
        gradebook.db.remove()  # ends the transaction: a class may take hours
        self.pending: dict[Future[bytes], str] = {}  # evaluations, by student
        self.boundary = Boundary(self.assignment)
        self.remarked: dict[str, list[str]] = {}  # by workers, by student
        self.differences: dict[str, list[str]] = {}  # of those who had a result, by student
        self.executed = self.judged = 0

    @property
    def set_aside(self) -> dict[str, str]:
        """Return the students who could not be graded through no fault of their own, with the reason."""
        return self.boundary.set_aside

    def run(self, students: list[str], submit: Callable[[Task], Future[bytes]], at_once: int) -> None:
        """Grade students. submit: starts the evaluation of a task; at_once: how many submissions may be under way"""
        todo, done = iter(students), SimpleQueue[Future[bytes]]()
        with tqdm(total=len(students), desc="grading", unit="student") as bar:
            while True:
                for student in islice(todo, at_once - len(self.pending)):
                    future = submit(self.task(student))
                    self.pending[future] = student
                    future.add_done_callback(done.put)
                if not self.pending:
                    return
                arrived = {self.pending.pop(future): future for future in first_of(done)}
                self._finish(arrived)
                bar.set_postfix_str(f"{len(self.boundary.reasons)} not gradable", refresh=False)
                bar.update(len(arrived))

    def task(self, student: str) -> Task:
        """Return what a worker has to know to evaluate a student's submission."""
        again = self.again or student not in self.before
        return Task(student, self.names, self.wanted, self.rules, self.digest, again)

    def _finish(self, arrived: dict[str, Future[bytes]]) -> None:
        """Enter the results that have arrived. arrived: evaluations that have ended, by student"""
        new: dict[str, Marks] = {}
        for student, future in arrived.items():
            with self.boundary.around(student):
                answer = unpacked(future.result())
                self.executed += answer.executed
                self.remarked[student] = answer.remarks
                if answer.marks is not None:
                    new[student] = answer.marks
                if answer.changed is not None:
                    self.differences[student] = answer.changed
        if new:
            self._enter(new)

    def _enter(self, new: dict[str, Marks]) -> None:
        """Enter points into the gradebook, then put notebooks into `autograded/`. new: by student

        If the run is killed between the two, the earlier result is forgotten already, so the next run does both again.
        """
        for student, marks in new.items():
            forget(self.assignment.autograded(student))
            self._log(student, self.hooks.before(student, list(marks.scores)))
        for student in self._into_gradebook(new):
            put_in_place(self.assignment.autograded(student))
            self._log(student, self.hooks.after(student, list(new[student].scores)))
            self.judged += 1

    def _into_gradebook(self, new: dict[str, Marks]) -> list[str]:
        """Enter points and comments together or, if that fails, one submission at a time.

        Returns the students whose points were entered.
        """
        try:
            self.ledger.enter(list(new.values()))
            return list(new)
        except GRADERS_OWN:
            raise
        except Exception:
            entered = []
            for student, marks in new.items():
                with self.boundary.around(student):
                    self.ledger.enter([marks])
                    entered.append(student)
            return entered

    def _log(self, student: str, text: str) -> None:
        if text:
            write_log(self.assignment, student, text, append=True)

    def changed(self, now: dict[str, Standing]) -> list[str]:
        """Return lines about students whose earlier result has changed. now: what the gradebook holds, by student"""
        found = []
        for student, lines in sorted(self.differences.items()):
            before, after = self.before.get(student), now.get(student)
            if before and after and (lines or before.points != after.points):
                found += summary(student, before.points, after.points, lines)
        return found

    def remarks(self, student: str, standing: Standing | None) -> list[str]:
        """Return what the instructor should know about a submission. standing: what the gradebook holds of it"""
        reason = self.boundary.reasons.get(student)
        if student in self.set_aside:
            reason = f"not graded: {self.set_aside[student]}"
        if not reason:
            return self.remarked[student]
        if standing and standing.points:
            reason = f"{reason}; the gradebook still holds {standing.points:.2f} points of an earlier submission"
        return [reason]


def first_of(done: SimpleQueue[Future[bytes]]) -> Iterator[Future[bytes]]:
    """Yield the evaluations that have ended, at most AT_ONCE; waits for the first."""
    yield done.get()
    with suppress(Empty):
        for _ in range(AT_ONCE - 1):
            yield done.get_nowait()
