"""Grading a class in which every hostile case of the tests occurs once, beside an honest class of the same size.

    PYTHONPATH=tests python benchmarks/hostile_class.py --students 240

All hand in the toy assignment; honest students have right solutions, no two alike, and fill up the hostile class. Both
classes are graded by `autograder grade` on the whole machine, so run it alone. Prints a table in Markdown: seconds, and
the peak memory (proportional set size, so shared pages count once) of the grader with its workers and fork servers, and
of all processes, those in sandboxes included. The command fails where an honest student has lost a point.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from autograder.authoring.release import release
from autograder.course.key import load_key
from helpers import ASSIGNMENT, hostile, hostile_files, toy
from helpers.courses import the
from nbgrader.api import Gradebook

CONFIG = """
from autograder.config import configure
c = get_config()
configure(c)
c.ExecuteFromStore.cell_seconds = {seconds}
c.ExecuteFromStore.memory_bytes = 2**28
c.ExecuteFromStore.output_bytes = 2**20
"""
LOOK_SECONDS = 0.5
CASES = {name: accident.make for name, accident in (hostile.ACCIDENTS | hostile_files.CASES).items()} | hostile.CHEATS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=240, help="the size of each class (default: 240)")
    parser.add_argument("--cell-seconds", type=float, default=3, help="what a cell may take (default: 3)")
    options = parser.parse_args()
    if options.students <= len(CASES):
        parser.error(f"there are {len(CASES)} hostile cases: name more students than that")
    print("| class of | honest | hostile | seconds | peak MB of the grader | peak MB of all |")
    print("| --- | --: | --: | --: | --: | --: |", flush=True)
    with tempfile.TemporaryDirectory(prefix="cs231n-benchmark-") as scratch:
        seconds = [
            graded_class(Path(scratch) / str(len(cases)), options.students - len(cases), cases, options.cell_seconds)
            for cases in ({}, CASES)
        ]
    print(f"<!-- with hostile cases it takes {seconds[1] / seconds[0]:.2f} times as long -->")


def graded_class(course: Path, honest: int, cases: dict[str, object], cell_seconds: float) -> float:
    """Build and grade a class, print its row, and return the seconds; raises SystemExit if somebody honest lost."""
    toy.make_course(course)
    (course / "nbgrader_config.py").write_text(CONFIG.format(seconds=cell_seconds))
    release(the(course))
    solved = hostile.solved_notebook(course, load_key(the(course), "Toy"))
    names = [f"honest {number}" for number in range(1, honest + 1)]
    for name in names:
        hostile.hand_in(course, name, f"{hostile.RIGHT}  # {name}", solved)
    for name, make in cases.items():
        hostile.hand_in(course, name, make, solved)
    start = time.perf_counter()
    grader, everything = watched([sys.executable, "-m", "autograder.cli", "grade", "--course", str(course)])
    seconds = time.perf_counter() - start
    size = honest + len(cases)
    print(f"| {size} | {honest} | {len(cases)} | {seconds:.0f} | {grader:.0f} | {everything:.0f} |", flush=True)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        lost = [name for name in names if gradebook.find_submission(ASSIGNMENT, name).score != 6]
    if lost:
        raise SystemExit(f"honest students have lost points: {', '.join(lost)}")
    return seconds


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
