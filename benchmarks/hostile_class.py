"""Grading a class in which every hostile case of the tests occurs once, beside an honest class of the same size.

    PYTHONPATH=tests python benchmarks/hostile_class.py --students 300

The assignment has the workbook's notebooks and the toy one. Everybody hands in all of them, solved, and no two alike;
of a hostile student one notebook is the case: the toy, or what lies beside it, for accidents, cheats and odd files, one
of the workbook's for attacks on it. Honest students fill up the hostile class. `--notebooks` names those of the
workbook that are handed in, where all four take too long.

Both classes are graded by `autograder grade`, with pages, on the whole machine, so run it alone. Prints a table in
Markdown: seconds; the processor's seconds of all processes, those that were killed too, where control groups count
them; and the peak memory (proportional set size, so shared pages count once) of the grader with its workers and fork
servers, and of all processes, those in sandboxes included. The command fails where an honest student has lost a point.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from autograder.authoring.release import release
from autograder.course.cells import is_experiment, is_solution
from autograder.course.key import Key, keys
from autograder.course.solutions import answered
from autograder.demo import samples
from autograder.demo.run import make_course
from helpers import ASSIGNMENT, REPOSITORY, hostile, hostile_files, hostile_workbook, toy
from helpers.courses import the
from nbgrader.api import Gradebook

CONFIG = """
from autograder.config import configure
c = get_config()
configure(c)
c.ExecuteFromStore.cell_seconds = {seconds}
c.ExecuteFromStore.memory_bytes = 2**29
c.ExecuteFromStore.output_bytes = 2**20
"""
LOOK_SECONDS = 0.5
ACCOUNTS = Path("/sys/fs/cgroup/cpuacct")
ON_TOY = {name: accident.make for name, accident in (hostile.ACCIDENTS | hostile_files.CASES).items()} | hostile.CHEATS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=300, help="the size of each class (default: 300)")
    parser.add_argument("--cell-seconds", type=float, default=3, help="what a cell may take (default: 3)")
    parser.add_argument("--notebooks", nargs="+", choices=hostile_workbook.ATTACKS, help="(default: all)")
    options = parser.parse_args()
    os.environ["CS231N_DATA"] = "synthetic"
    named = options.notebooks or list(hostile_workbook.ATTACKS)
    attacks = [(name, attack) for name in named for attack in hostile_workbook.ATTACKS[name]]
    cases = len(ON_TOY) + len(attacks)
    if options.students <= cases:
        parser.error(f"there are {cases} hostile cases: name more students than that")
    print("| class of | honest | hostile | seconds | core-seconds | peak MB of the grader | peak MB of all |")
    print("| --- | --: | --: | --: | --: | --: | --: |", flush=True)
    with tempfile.TemporaryDirectory(prefix="cs231n-benchmark-") as scratch:
        honest, hostile_too = (
            graded_class(Path(scratch) / name, options.students, named, attacked, options.cell_seconds)
            for name, attacked in (("honest", False), ("hostile", True))
        )
    time_ratio = hostile_too.seconds / honest.seconds
    core_ratio = hostile_too.core_seconds / honest.core_seconds if honest.core_seconds else float("nan")
    print(
        f"<!-- with hostile cases it takes {time_ratio:.2f} times the time, {core_ratio:.2f} times the core-seconds -->"
    )
    if lost := [name for name, points in hostile_too.points.items() if points != honest.points[name]]:
        raise SystemExit(f"honest students have other points: {', '.join(lost)}")


@dataclass
class Graded:
    """A class that was graded. points: of honest students"""

    seconds: float
    core_seconds: float
    points: dict[str, float]


def graded_class(course: Path, size: int, named: list[str], attacked: bool, seconds: float) -> Graded:
    """Build and grade a class, and print its row."""
    make_course(REPOSITORY, course)
    toy.add_key(course)
    (course / "nbgrader_config.py").write_text(CONFIG.format(seconds=seconds))
    release(the(course))
    found = {name: key for name, key in keys(the(course)).items() if name in (*named, "Toy")}
    cases = hostile_cases(course, found) if attacked else 0
    names = [f"honest {number}" for number in range(1, size - cases + 1)]
    for name in names:
        hand_in_right(course, name, found)
    start = time.perf_counter()
    with accounted() as core:
        grader, everything = watched([sys.executable, "-m", "autograder.cli", "grade", "--course", str(course)])
    took = time.perf_counter() - start
    print(
        f"| {size} | {len(names)} | {cases} | {took:.0f} | {core[0]:.0f} | {grader:.0f} | {everything:.0f} |",
        flush=True,
    )
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        points = {name: round(gradebook.find_submission(ASSIGNMENT, name).score, 2) for name in names}
    return Graded(took, core[0], points)


def hostile_cases(course: Path, found: dict[str, Key]) -> int:
    """Hand in every case once; returns how many there are."""
    solved = hostile.solved_notebook(course, found["Toy"])
    for name, make in ON_TOY.items():
        hostile.hand_in(course, name, make, solved)
        hand_in_right(course, name, {each: key for each, key in found.items() if each != "Toy"})
    number = 0
    for name, key in found.items():
        for attack in hostile_workbook.ATTACKS.get(name, {}).values():
            number += 1
            hand_in_right(course, student := f"attacker {number}", found)
            folder = the(course).submitted(student)
            notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
            (folder / f"{name}.ipynb").unlink()
            hostile_workbook.hand_in(folder, notebook, key, attack)
    return len(ON_TOY) + number


def hand_in_right(course: Path, student: str, found: dict[str, Key]) -> None:
    """Write solved notebooks, no two students' alike, into a student's folder, which may be there already."""
    folder = the(course).submitted(student)
    if not os.path.lexists(folder.parent):
        folder.mkdir(parents=True)
    if folder.is_symlink() or folder.parent.is_symlink() or not folder.is_dir():
        return  # the case is what stands in its place
    for name, key in found.items():
        notebook = answered(samples.released(the(course), key), key)
        for cell in notebook.cells:
            if is_solution(cell) and cell.cell_type == "code" and not is_experiment(cell):
                cell.source += f"\n# {os.fsencode(student).hex()}"
        nbformat.write(notebook, folder / f"{name}.ipynb")


@contextmanager
def accounted() -> Iterator[list[float]]:
    """Count what the processes that are started in here use of the processors, in seconds: the list's only entry, 0
    where there is no control group to count in."""
    group, used = ACCOUNTS / f"cs231n-benchmark-{os.getpid()}", [0.0]
    try:
        group.mkdir()
    except OSError:
        yield used
        return
    (group / "cgroup.procs").write_text(str(os.getpid()))
    try:
        yield used
        used[0] = int((group / "cpuacct.usage").read_text()) / 1e9
    finally:
        (ACCOUNTS / "cgroup.procs").write_text(str(os.getpid()))
        time.sleep(1)  # until the last process that was killed is gone
        group.rmdir()


def watched(command: list[str]) -> tuple[float, float]:
    """Run a command; returns the peak memory in MB of its processes outside sandboxes, and of all."""
    peaks = 0.0, 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peaks = tuple(map(max, peaks, memory_below(process.pid)))
            time.sleep(LOOK_SECONDS)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}")
    return peaks


def memory_below(root: int) -> tuple[float, float]:
    """Return the memory in MB of a process and its descendants: of those in its own pid namespace, and of all."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    outside = everything = 0.0
    todo = [root]
    while todo:
        pid = todo.pop()
        todo += children.get(pid, [])
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            is_outside = os.readlink(f"/proc/{pid}/ns/pid") == os.readlink("/proc/self/ns/pid")
        except OSError:
            continue
        megabytes = next((int(line.split()[1]) / 1e3 for line in lines if line.startswith("Pss:")), 0.0)
        everything += megabytes
        outside += megabytes if is_outside else 0.0
    return outside, everything


if __name__ == "__main__":
    main()
