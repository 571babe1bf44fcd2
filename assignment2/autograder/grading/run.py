"""Grade a course: workers evaluate submissions in parallel, and this process, the only one that writes to the
gradebook, enters the results. Then workers write the feedback pages in parallel."""

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from traitlets.config import Config

from autograder.course.assignment import Assignment
from autograder.course.key import keys
from autograder.evaluation.rules import Rules
from autograder.execution.kernel import sandbox
from autograder.execution.pool import cluster, local_pool
from autograder.execution.store import Store
from autograder.grading.elsewhere import Elsewhere
from autograder.grading.feedback import seconds_of_pages, write_feedback
from autograder.grading.lock import only_grader
from autograder.grading.rows import Row, row, row_without_id
from autograder.grading.schedule import Schedule
from autograder.grading.task import evaluated, require_key
from autograder.integration.converters import NoCourse, course_directory, load_config
from autograder.integration.entering import require_our_steps
from autograder.integration.gradebook import open_gradebook
from autograder.integration.grades import write_grades
from autograder.integration.migration import require_same_key
from autograder.integration.penalties import renew_penalties
from autograder.integration.standings import standings
from autograder.integration.steps import execution_options, rules_of
from autograder.submission.arrangement import SUBMITTED
from autograder.submission.submitters import submitters

AHEAD = 8  # submissions under way for each worker: one that takes long must not hold up the others
SLACK_SECONDS = 600  # that a job may take on top of the limits of its parts


@dataclass(frozen=True)
class Options:
    """How to grade. workers: processes, by default one for each core; scheduler: address of a Dask scheduler;
    no_sandbox: run student code with the grader's rights; again: judge even what would get the same result;
    feedback: write pages.
    """

    workers: int | None = None
    scheduler: str | None = None
    no_sandbox: bool = False
    again: bool = False
    feedback: bool = True


@dataclass
class Outcome:
    """What a run did. rows: one for each student; changed: lines about students whose earlier result has changed;
    executed: notebooks that were executed; judged: submissions that were judged; set_aside: students who could not be
    graded through no fault of their own, with the reason."""

    rows: list[Row]
    changed: list[str]
    executed: int
    judged: int
    set_aside: dict[str, str]


def grade(assignment: Assignment, options: Options | None = None) -> Outcome:
    """Grade every submission of an assignment and write `autograded/`, `feedback/`, the gradebook, `grades.csv`.

    Its course folder has `nbgrader_config.py`, `source/`, `gradebook.db` and `submitted/`.
    Raises NoCourse if a part of the course is missing, OtherKey if the key was not released, CourseIsBusy if
    another grader is working in it, NoSandbox if student code would run without one, and another GraderError if this
    machine lacks something else.
    """
    course, options = assignment.course, options or Options()
    config = load_config(assignment)
    require_our_steps(config)
    with open_gradebook(config) as gradebook:  # if there is none, fail now, not after the first submission
        require_same_key(gradebook, assignment)
    if options.no_sandbox:
        config.ExecuteFromStore.sandbox = False
    if execution_options(config).sandboxed and options.scheduler is None:
        sandbox.require()
        sandbox.require_hidden(course / "source")
        sandbox.require_hidden(course / "proof")
    with only_grader(course):
        problems = submitters(assignment)
        if not problems:
            raise NoCourse(
                f"nothing to grade: no folder matches {course / SUBMITTED}/*/{assignment.name}: collect first"
            )
        for student in problems.keys() & course_directory(config).student_id_exclude.split(","):
            problems[student] = "not graded: c.CourseDirectory.student_id_exclude names this student"
        students = [student for student, problem in problems.items() if not problem]
        names = list(keys(assignment))
        rules = rules_of(config, assignment, remote=options.scheduler is not None)
        workers = options.workers or os.cpu_count() or 1
        with open_gradebook(config) as gradebook, local_pool(workers, seconds_of_a_job(config, len(names))) as pool:
            schedule = Schedule(config, gradebook, rules, names, options.again)
            for ready in [pool.submit(require_key, replace(rules, remote=False), name) for name in names]:
                ready.result()  # a key that fails its own checks stops the run before anybody is graded
            with elsewhere(options.scheduler, pool, rules, AHEAD * workers) as away:
                submit = away.submit if away else partial(pool.submit, evaluated)
                schedule.run(students, submit, AHEAD * workers)
            on_pages = write_feedback(assignment, config, students, pool) if options.feedback else {}
            renew_penalties(gradebook, config)
            write_grades(gradebook, course / "grades.csv")
            now = standings(gradebook, assignment.name)
            most = gradebook.find_assignment(assignment.name).max_score
    rows = []
    for student in students:
        remarks = schedule.remarks(student, now.get(student)) + on_pages.get(student, [])
        rows.append(row(assignment, student, now.get(student), most, remarks))
    rows += [row_without_id(name, problem) for name, problem in problems.items() if problem]
    executed = schedule.executed + (away.executed if away else 0)
    return Outcome(rows, schedule.changed(now), executed, schedule.judged, schedule.set_aside)


@contextmanager
def elsewhere(scheduler: str | None, pool: Executor, rules: Rules, at_once: int) -> Iterator[Elsewhere | None]:
    """Open the cluster of a Dask scheduler for executions; None if there is no scheduler."""
    if scheduler is None:
        yield None
        return
    with cluster(scheduler) as executor, Elsewhere(pool, executor, Store(rules.store), at_once) as found:
        yield found


def seconds_of_a_job(config: Config, notebooks: int) -> float:
    """Return how many seconds of wall-clock time a worker may take for one student: for each notebook twice, or for
    the pages."""
    limits = execution_options(config).limits
    return SLACK_SECONDS + max(notebooks * 2 * limits.notebook_seconds, seconds_of_pages(config, notebooks))
