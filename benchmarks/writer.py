"""How many submissions a second the one process that writes takes, and up to how many workers that is enough.

    PYTHONPATH=tests python benchmarks/writer.py --students 1000

The grader runs as it always does, on the submissions of `benchmarks/grading.py`, each handed in by many students. Its
workers are threads that compute nothing: each sleeps as long as one submission takes, or not at all, and returns an
answer that a real worker has made before, with the notebooks that it has laid out. So the machine needs no more cores
than the writer, one. Then real workers look at the same class once more, when its pages are there too. Prints tables in
Markdown and draws `docs/scaling.svg`.
"""

import argparse
import multiprocessing
import os
import pickle
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import matplotlib
from autograder.course.key import keys
from autograder.demo.run import make_course
from autograder.demo.training import train_networks
from autograder.execution.pool import local_pool
from autograder.grading import run
from autograder.grading.feedback import DIGEST, digests_of_pages, write_feedback
from autograder.grading.schedule import Schedule
from autograder.grading.task import Task, answer, unpacked
from autograder.integration.converters import load_config
from autograder.integration.gradebook import open_gradebook
from autograder.integration.steps import rules_of
from grading import REPOSITORY, hand_in_class
from helpers.courses import the

KINDS = 10  # different submissions
WORKERS = (2, 8, 16, 40)
ROUNDS = 25  # submissions of each worker whose latency is simulated
PICTURE = REPOSITORY / "docs" / "scaling.svg"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=1000, help="the size of the class (default: 1000)")
    parser.add_argument("--seconds", type=float, default=1.0, help="that a submission takes a worker (default: 1)")
    options = parser.parse_args()
    os.environ["CS231N_DATA"] = "synthetic"
    with tempfile.TemporaryDirectory(prefix="cs231n-benchmark-") as scratch:
        prepared = Path(scratch) / "prepared"
        make_course(REPOSITORY, prepared)
        hand_in_class(the(prepared), KINDS, train_networks(the(prepared)))
        alone(prepare, prepared)

        print("| what | submissions | seconds | a second | core-ms of the grader, each | of all | its peak in MB |")
        print("| --- | --: | --: | --: | --: | --: | --: |")
        course = class_of(prepared, options.students)
        limit = row("workers that return at once", options.students, *alone(graded, course, 2, 0.0))
        alone(write_pages, course)
        row("the same class again, two real workers", options.students, *alone(graded, course, 2, None))
        reached = {}
        for workers in WORKERS:
            course = class_of(prepared, workers * ROUNDS)
            name = f"{workers} workers of {options.seconds:g} s"
            reached[workers] = row(name, workers * ROUNDS, *alone(graded, course, workers, options.seconds))
    draw(reached, limit, options.seconds)


def alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a process of its own, whose memory is its own too."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(function, *arguments).result()


def row(name: str, students: int, seconds: float, core: float, everything: float, megabytes: float) -> float:
    """Print a row; return the submissions a second."""
    each = f"{students / seconds:.1f} | {1000 * core / students:.1f} | {1000 * everything / students:.1f}"
    print(f"| {name} | {students} | {seconds:.1f} | {each} | {megabytes:.0f} |", flush=True)
    return students / seconds


# -- the class


def prepare(course: Path) -> None:
    """Have each submission evaluated, and its notebooks laid out; keep the answers in the folder `answers`."""
    assignment = the(course)
    config, names = load_config(assignment), list(keys(assignment))
    (course / "answers").mkdir()
    with open_gradebook(config) as gradebook:
        schedule = Schedule(config, gradebook, rules_of(config, assignment), names, again=True)
        for folder in sorted((course / "submitted").iterdir()):
            (course / "answers" / folder.name).write_bytes(pickle.dumps(answer(schedule.task(folder.name))))


def class_of(prepared: Path, students: int) -> Path:
    """Return a course in which so many students have handed in what those of the prepared one did, and workers have
    laid it out."""
    course = prepared.with_name("class")
    shutil.rmtree(course, ignore_errors=True)
    shutil.copytree(prepared, course, ignore=shutil.ignore_patterns("submitted", "answers", "autograded"))
    (course / "answers").mkdir()
    kinds = sorted((prepared / "answers").iterdir())
    for number in range(students):
        kind, student = kinds[number % KINDS], f"student-{number:04}"
        for folder in ("submitted", "autograded"):
            shutil.copytree(prepared / folder / kind.name, course / folder / student, copy_function=os.link)
        found = unpacked(kind.read_bytes())
        assert found.marks
        found.marks = replace(found.marks, student=student)
        (course / "answers" / student).write_bytes(pickle.dumps(found))
    return course


# -- in a process of its own


def graded(course: Path, workers: int, seconds: float | None) -> tuple[float, float, float, float]:
    """Grade a class; returns the seconds, those that the grader, and that all processes were on a processor, and the
    grader's memory in MB at its peak.

    seconds: that a worker sleeps for a submission, and no pages are written; None for real workers
    """
    pool = mock.patch.object(run, "local_pool", partial(sleepers, course / "answers", seconds))
    start, before = time.perf_counter(), time.process_time()
    with mock.patch.dict({}) if seconds is None else pool:
        outcome = run.grade(the(course), run.Options(workers=workers, feedback=seconds is None))
    took, core = time.perf_counter() - start, time.process_time() - before
    assert not outcome.set_aside, outcome.set_aside
    assert outcome.judged == (0 if seconds is None else len(outcome.rows))
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    status = Path("/proc/self/status").read_text()
    return took, core, core + others.ru_utime + others.ru_stime, int(status.split("VmHWM:")[1].split()[0]) / 1e3


def write_pages(course: Path) -> None:
    """Write the pages of the first students of a class, and give them to the others, who have handed in the same."""
    assignment, config = the(course), load_config(the(course))
    students = sorted(path.name for path in (course / "submitted").iterdir())
    digests = digests_of_pages(assignment, config, students)
    with local_pool(os.cpu_count()) as pool:
        write_feedback(assignment, config, students[:KINDS], pool)
    for number, student in enumerate(students[KINDS:]):
        folder = assignment.feedback(student)
        shutil.copytree(assignment.feedback(students[number % KINDS]), folder, copy_function=os.link)
        (folder / DIGEST).unlink()
        (folder / DIGEST).write_text(digests[student])


@contextmanager
def sleepers(answers: Path, seconds: float, workers: int, _: float) -> Iterator["Sleepers"]:
    """Open a pool of workers that compute nothing, in place of `local_pool`."""
    with Sleepers(workers) as pool:
        pool.answers, pool.seconds = answers, seconds
        yield pool


class Sleepers(ThreadPoolExecutor):
    """Workers that compute nothing: they have every key, and answers to all tasks."""

    answers: Path
    seconds: float

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        return super().submit(self._work, *arguments)

    def _work(self, about: Any, *_: Any) -> bytes | None:
        if not isinstance(about, Task):  # a key
            return None
        time.sleep(self.seconds)
        return (self.answers / about.student).read_bytes()


# -- the picture


def draw(reached: dict[int, float], limit: float, seconds: float) -> None:
    """Draw how many submissions a second so many workers have had graded. limit: of the writer"""
    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    plt.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "scaling", "font.family": "sans-serif"}
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    most = max(reached)
    axes.loglog([1, most], [1 / seconds, most / seconds], "--", color="gray", label="each worker adds as much")
    axes.axhline(limit, color="tab:red", label="what the writer can take")
    axes.plot(list(reached), list(reached.values()), "o-", color="tab:blue", label="graded")
    axes.set_xlabel(f"workers that take {seconds:g} s for a submission")
    axes.set_ylabel("submissions a second")
    axes.set_xticks(list(reached), [str(workers) for workers in reached])
    axes.set_yticks([1, 10, 100], ["1", "10", "100"])
    axes.minorticks_off()
    axes.legend()
    figure.savefig(PICTURE, metadata={"Date": None})


if __name__ == "__main__":
    main()
