"""Grading a generated class, beside stock nbgrader on some of the same submissions, in one run.

    PYTHONPATH=tests python benchmarks/grading.py --students 200
    PYTHONPATH=tests python benchmarks/grading.py --students 1000 --once

Every student hands in all four notebooks: the key's solutions, other correct ones and cataloged mistakes, drawn by
chance and no two alike. The whole machine is used, so run it alone. Experiments are skipped, as always when grading;
stock nbgrader is measured with its plain configuration on notebooks whose experiments were emptied, and on one as it
comes: the first, which has the key's solutions (training with some of the others would take hours). Feedback pages are
timed by themselves, and so is the first submission, in which the key is executed and the held-out images are made.
Prints a table in Markdown.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import nbformat
from autograder.authoring.reference_values import read_cells
from autograder.course.assignment import Assignment
from autograder.course.catalogue import catalogue
from autograder.course.cells import grade_id, is_experiment, is_solution
from autograder.course.key import keys
from autograder.course.solutions import answered, without_marks
from autograder.demo import samples
from autograder.demo.run import make_course
from autograder.demo.training import train_networks
from autograder.execution.kernel import server
from autograder.execution.kernel.sandbox import private_bytes
from helpers import ASSIGNMENT
from helpers.courses import the

REPOSITORY = Path(__file__).parents[1]
PLAIN = "c = get_config()\nc.CourseDirectory.course_id = 'cs231n'\nc.Execute.timeout = 1800\n"
STEP = """
import json, sys, time
from pathlib import Path
from autograder.course.assignment import chosen
from autograder.grading.run import Options, grade
course, how = Path(sys.argv[1]), Options(workers=int(sys.argv[2]), feedback=sys.argv[3] == "feedback")
seconds = []
for moment in range(2):
    start = time.perf_counter()
    outcome = grade(chosen(course, "assignment2"), how)
    seconds.append(time.perf_counter() - start)
    late = sorted((course / "waiting").glob("*"))
    if not late:
        break
    for folder in late:
        folder.rename(course / "submitted" / folder.name)
status = Path("/proc/self/status").read_text()
memory = int(status.split("VmHWM:")[1].split()[0]) / 1e3
print(json.dumps([seconds, memory, outcome.executed, outcome.judged]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=200, help="the size of the large class (default: 200)")
    parser.add_argument("--small", type=int, default=10, help="the size of the small class (default: 10)")
    parser.add_argument("--stock", type=int, default=4, help="emptied submissions for stock nbgrader (default: 4)")
    parser.add_argument("--once", action="store_true", help="grade the large class on two cores, and nothing else")
    options = parser.parse_args()
    os.environ["CS231N_DATA"] = "synthetic"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # would have every kernel compile the package again, on both sides
    cores = sorted(os.sched_getaffinity(0))[:2]
    with tempfile.TemporaryDirectory(prefix="cs231n-benchmark-") as scratch:
        folder = Path(scratch)
        course = folder / "class"
        make_course(REPOSITORY, course)
        weights = train_networks(the(course))
        shutil.copytree(course, folder / "empty")
        print("| what | submissions | cores | seconds each | submissions per minute | peak MB of grader, kernel |")
        print("| --- | --: | --: | --: | --: | --: |", flush=True)
        if options.once:
            hand_in_class(the(course), options.students, weights)
            measured("this project", course, options.students, cores)
            again(course, options.students, cores)
            return
        hand_in_class(the(course), options.small, weights)
        one = on_one_and_two_cores(course, options.small, cores)
        again(course, options.small, cores)
        feedback = graded(course, cores, "feedback")[0][-1]
        row("feedback pages, by themselves", options.small, len(cores), feedback / options.small)
        for name, size in (("experiments skipped", options.stock), ("as it comes", 1)):
            skip = name == "experiments skipped"
            each = stock(folder / f"stock-{skip}", folder / "empty", course, size, skip, cores[:1])
            row(f"stock nbgrader, {name}", size, 1, median(each))
            remark(f"stock nbgrader, {name} / this project on one core: {median(each) / one:.1f}")
        for size in (options.students, options.small):  # the small one again: a shared machine's speed changes
            shutil.rmtree(course)
            shutil.copytree(folder / "empty", course)
            hand_in_class(the(course), size, weights)
            on_one_and_two_cores(course, size, cores)


def on_one_and_two_cores(course: Path, size: int, cores: list[int]) -> float:
    """Grade a class on one core, then afresh on two; return the seconds of a submission on one."""
    one = measured("this project", course, size, cores[:1])
    for name in ("executions", "autograded", "logs"):  # all that tells that it has been graded
        shutil.rmtree(course / name)
    two = measured("this project", course, size, cores)
    remark(f"class of {size}: two cores do {one / two:.2f} times the work of one")
    return one


def hand_in_class(assignment: Assignment, size: int, weights: dict[str, bytes]) -> None:
    """Write the submissions of a class, the same for the same size; the first has the key's solutions."""
    chance = random.Random(231)
    course_keys = keys(assignment)
    mistakes, variants = {}, {}
    for name in course_keys:
        for mistake in catalogue(assignment, name):
            mistakes.setdefault((name, mistake.cell), []).append(mistake)
        for path in sorted((assignment.proof / "variants" / name).glob("*.py")):
            for cell, source in read_cells(path).items():
                variants.setdefault((name, cell), []).append(source)
    for number in range(size):
        student = f"student-{number:03}"
        folder = samples.submission(assignment, student, samples.ON_TIME)
        for name, key in course_keys.items():
            notebook = answered(samples.released(assignment, key), key)
            for cell in notebook.cells:
                if is_solution(cell) and cell.cell_type == "code" and not is_experiment(cell):
                    where, drawn = (name, grade_id(cell)), chance.random() if number else 1.0
                    if drawn < 0.1 and where in mistakes:
                        wrong = chance.choice(mistakes[where]).graft(key)
                        cell.source = without_marks(
                            next(c.source for c in wrong.cells if grade_id(c) == grade_id(cell))
                        )
                    elif drawn < 0.5 and where in variants:
                        cell.source = chance.choice(variants[where])
                    cell.source += f"\n# {student}"
            nbformat.write(notebook, folder / f"{name}.ipynb")
        for file, content in weights.items():
            (folder / file).write_bytes(content)


def measured(name: str, course: Path, size: int, cores: list[int]) -> float:
    """Grade a class that has not been graded: the first submission, then all others; return the seconds of one."""
    students = sorted((course / "submitted").iterdir())
    (course / "waiting").mkdir()
    for folder in students[1:]:
        folder.rename(course / "waiting" / folder.name)
    with peak_of_kernels() as kernel:
        (first, others), memory, *_ = graded(course, cores)
    each = others / (size - 1)
    row(f"{name}, the first", 1, len(cores), first)
    row(f"{name}, all others", size - 1, len(cores), each, f"{memory:.0f}, {kernel[0] / 1e6:.0f}")
    (course / "waiting").rmdir()
    return each


def again(course: Path, size: int, cores: list[int]) -> None:
    """Grade an unchanged class once more."""
    seconds, _, executed, judged = graded(course, cores)
    row(f"the same class again ({executed} executed, {judged} judged)", size, len(cores), seconds[-1] / size)


def graded(course: Path, cores: list[int], feedback: str = "no feedback") -> list:
    """Grade in a process of its own on these cores; returns what STEP prints."""
    command = [sys.executable, "-c", STEP, str(course), str(len(cores)), feedback]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, preexec_fn=pinned_to(cores)
    )
    return json.loads(done.stdout.splitlines()[-1])


def pinned_to(cores: list[int]):
    return lambda: os.sched_setaffinity(0, cores)


@contextmanager
def peak_of_kernels():
    """Watch the private memory of the kernels that fork servers have forked; yields a list with the peak in bytes."""
    peak, stop = [0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.2):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    command = path.read_bytes()
                except OSError:
                    continue
                if server.__name__.encode() in command:
                    peak[0] = max(peak[0], private_bytes(path.parent.name))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def stock(folder: Path, empty: Path, course: Path, size: int, skip: bool, cores: list[int]) -> list[float]:
    """Autograde some of the class with nbgrader's plain configuration; returns the seconds of each submission."""
    shutil.copytree(empty, folder)
    (folder / "nbgrader_config.py").write_text(PLAIN)
    students = sorted(path.name for path in (course / "submitted").iterdir())[:size]
    notebooks: list[Path] = []
    for student in students:
        shutil.copytree(course / "submitted" / student, folder / "submitted" / student)
        notebooks += (folder / "submitted" / student / ASSIGNMENT).glob("*.ipynb")
    for path in notebooks if skip else ():
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if is_experiment(cell):
                cell.source = ""
        nbformat.write(notebook, path)
    imports = str(folder / "source" / ASSIGNMENT)
    environment = {**os.environ, "CS231N_NOTEBOOK_PATH": imports, "OPENBLAS_NUM_THREADS": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    how = {"cwd": folder, "env": environment, "capture_output": True, "check": True, "preexec_fn": pinned_to(cores)}
    seconds = []
    for student in students:
        start = time.perf_counter()
        subprocess.run(["nbgrader", "autograde", ASSIGNMENT, "--student", student], **how)
        seconds.append(time.perf_counter() - start)
    return seconds


def row(name: str, size: int, cores: int, each: float, memory: str = "") -> None:
    print(f"| {name} | {size} | {cores} | {each:.2f} | {60 / each:.1f} | {memory} |", flush=True)


def remark(text: str) -> None:
    print(f"<!-- {text} -->", flush=True)


if __name__ == "__main__":
    main()
