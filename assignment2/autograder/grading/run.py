"""Grade a course: execute what is not in the store, in parallel, while nbgrader does the book-keeping in this process,
the only one that writes to the gradebook. Feedback pages follow, in parallel."""

import os
import stat
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from nbgrader.plugins import CsvExportPlugin

from autograder.course.assignment import ASSIGNMENT
from autograder.execution.kernel import sandbox
from autograder.execution.pool import cluster, local_pool
from autograder.grading.feedback import write_feedback
from autograder.grading.lock import only_grader
from autograder.grading.rows import Row, row, row_without_id
from autograder.grading.schedule import Schedule
from autograder.integration.converters import NoCourse, load_config
from autograder.integration.gradebook import open_gradebook
from autograder.integration.migration import require_same_key
from autograder.integration.steps import execution_options
from autograder.submission.reading import problem_of_name


@dataclass(frozen=True)
class Options:
    """How to grade. workers: processes, by default one for each core; scheduler: address of a Dask scheduler;
    no_sandbox: run student code with the grader's rights; again: judge those again whose results would be the same;
    feedback: write pages.
    """

    workers: int | None = None
    scheduler: str | None = None
    no_sandbox: bool = False
    again: bool = False
    feedback: bool = True


@dataclass
class Outcome:
    """What a run did. rows: one for each student; changed: lines about those whose earlier result is another now;
    executed: notebooks that were executed; judged: submissions that were judged; set_aside: students who could not be
    graded through no fault of their own, with the reason."""

    rows: list[Row]
    changed: list[str]
    executed: int
    judged: int
    set_aside: dict[str, str]


def grade(course: Path, options: Options | None = None) -> Outcome:
    """Grade every submission of a course folder and write `autograded/`, `feedback/`, the gradebook, `grades.csv`.

    course: a folder with `nbgrader_config.py`, `source/`, `gradebook.db` and `submitted/`
    Raises NoCourse where a part of the course is missing, OtherKey where the key was not released, CourseIsBusy where
    somebody else grades it, NoSandbox where student code would run without one, and any other GraderError where this
    machine cannot do its part.
    """
    course, options = course.resolve(), options or Options()
    config = load_config(course)
    with open_gradebook(config) as gradebook:  # where there is none, better now than after the first submission
        require_same_key(gradebook, course / "source" / ASSIGNMENT)
    if options.no_sandbox:
        config.ExecuteFromStore.sandbox = False
    if execution_options(config).sandboxed and options.scheduler is None:
        sandbox.require()
        sandbox.require_hidden(course / "source")
    with only_grader(course):
        problems = submitters(course)
        students = [student for student, problem in problems.items() if not problem]
        with local_pool(options.workers) as pool:
            with cluster(options.scheduler) if options.scheduler else nullcontext(pool) as executor:
                schedule = Schedule(course, config, executor, options.workers or os.cpu_count() or 1, options.again)
                schedule.run(students)
            on_pages = write_feedback(course, config, students, pool) if options.feedback else {}
        with open_gradebook(config) as gradebook:
            CsvExportPlugin(to=str(course / "grades.csv")).export(gradebook)
            remarks = {student: schedule.remarks(student) for student in students}
            for student, said in on_pages.items():
                remarks[student] += said
            rows = [row(gradebook, course, student, found) for student, found in remarks.items()]
            rows += [row_without_id(name, problem) for name, problem in problems.items() if problem]
    return Outcome(rows, schedule.changed, schedule.executed, schedule.judged, schedule.set_aside)


def submitters(course: Path) -> dict[str, str]:
    """Return the names of those who handed in something, each with what keeps it from being a student's id, or ""."""
    folder = course / "submitted"
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    found = {name: problem_of_name(name) for name in names if is_folder(folder / name / ASSIGNMENT)}
    if not found:
        raise NoCourse(f"nothing to grade: no folder matches {folder}/*/{ASSIGNMENT}; collect first")
    return found


def is_folder(path: Path) -> bool:
    """Tell whether this is a folder, or may be one: what cannot be looked at, or is a link, has to get its row."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return stat.S_ISDIR(mode) or stat.S_ISLNK(mode)
