"""Where the time of grading goes: the core-seconds of a complete submission, stage by stage.

    PYTHONPATH=tests python benchmarks/stages.py --students 10
    PYTHONPATH=tests python benchmarks/stages.py --assignment pytorch --weights FOLDER

Every student hands in all notebooks, as in `benchmarks/grading.py`. What a worker, the writer and the writing of
pages do is done here in one process, one submission after another; processor time is counted, of the kernels and their
sandboxes too, so a busy machine disturbs little. The key, the fork server and the first submission are not counted.
Prints a table in Markdown.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial, wraps
from pathlib import Path
from typing import Any

from autograder.authoring.release import release
from autograder.course.assignment import Assignment, chosen
from autograder.course.key import keys
from autograder.demo.run import make_course
from autograder.demo.training import train_networks
from autograder.evaluation import evaluate
from autograder.execution import executions, run
from autograder.execution.kernel import launch, sandbox
from autograder.execution.kernel.client import Kernel
from autograder.execution.worker import process_worker
from autograder.grading import feedback, schedule, task
from autograder.grading.task import require_key
from autograder.integration import entering
from autograder.integration.converters import load_config
from autograder.integration.gradebook import open_gradebook
from autograder.integration.steps import rules_of
from grading import REPOSITORY, hand_in_class
from helpers import ASSIGNMENT
from threadpoolctl import threadpool_limits

STAGES = {  # in the order of a submission; what is measured for each is in `watch`
    "read": "arrange and read what was handed in",
    "sanitize": "parse, match, sanitize, clean, make the job",
    "sandbox": "lay out files, start bubblewrap",
    "fork": "fork a kernel and enter the sandbox",
    "cells": "all that a kernel computes",
    "talk": "send cells, receive frames, watch",
    "ending": "end kernels and sandboxes",
    "store": "pack and keep results, look them up",
    "outputs": "clean outputs and put them in",
    "judge": "compare values, measure networks, plan what is followed through",
    "entry": "write the judged notebook as text, and lay it out",
    "send": "pack what the writer gets, and what else a worker does",
    "writer": "the writer: unpack, put into autograded/",
    "gradebook": "the writer: points and comments",
    "page": "feedback pages",
}


class Meter:
    """Charges processor time of this process to the stage that it is in. core: seconds by stage"""

    def __init__(self) -> None:
        self.core: Counter[str] = Counter()
        self._stages: list[str] = []
        self._mark = 0.0

    def _charge(self) -> None:
        now = time.process_time()
        if self._stages:
            self.core[self._stages[-1]] += now - self._mark
        self._mark = now

    def watch(self, owner: Any, name: str, stage: str) -> None:
        """Charge every call of a function to a stage, but for the calls inside of it that are watched too."""
        original: Callable[..., Any] = getattr(owner, name)

        @wraps(original)
        def watched(*arguments: Any, **named: Any) -> Any:
            self._charge()
            self._stages.append(stage)
            try:
                return original(*arguments, **named)
            finally:
                self._charge()
                self._stages.pop()

        setattr(owner, name, watched)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assignment", default=ASSIGNMENT, help="whose notebooks are handed in")
    parser.add_argument("--weights", type=Path, help="a folder of trained networks (default: they are trained)")
    parser.add_argument("--students", type=int, default=10, help="how many are measured (default: 10)")
    options = parser.parse_args()
    os.environ["CS231N_DATA"] = "synthetic"
    with tempfile.TemporaryDirectory(prefix="cs231n-benchmark-") as scratch:
        course = Path(scratch) / "class"
        make_course(REPOSITORY, course)
        assignment = chosen(course, options.assignment)
        release(assignment)
        files = options.weights.glob("*.npz") if options.weights else ()
        weights = {path.name: path.read_bytes() for path in files} or train_networks(assignment)
        hand_in_class(assignment, options.students + 1, weights)
        core = measured(assignment, sorted(path.name for path in (course / "submitted").iterdir()))
    print("| stage | what | core-ms a submission |")
    print("| --- | --- | --: |")
    for stage, what in STAGES.items():
        print(f"| {stage} | {what} | {1000 * core[stage] / options.students:.0f} |")
    judged = sum(core[stage] for stage in STAGES if stage != "page")
    print(f"| all but pages | | {1000 * judged / options.students:.0f} |")


def measured(assignment: Assignment, students: list[str]) -> Counter[str]:
    """Grade students one after the other; returns the core-seconds by stage of all but the first."""
    config, names = load_config(assignment), list(keys(assignment))
    rules = rules_of(config, assignment)
    threadpool_limits(1, user_api="blas")  # as in a worker
    for name in names:
        require_key(rules, name)
    meter = Meter()
    watch(meter)
    with open_gradebook(config) as gradebook:
        for number, student in enumerate(students):
            if number == 1:
                meter.core.clear()
            one = schedule.Schedule(config, gradebook, rules, names, again=True)
            one.run([student], partial(done, lambda each: task.evaluated(each)), 1)
            assert not one.boundary.reasons, one.boundary.reasons
            feedback.write_feedback(assignment, config, [student], InPlace())
    return meter.core


class InPlace:
    """An executor that does what it is asked for at once."""

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return done(function, *arguments)


def done(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function; return its result as a future has it."""
    future: Future[Any] = Future()
    future.set_result(function(*arguments))
    return future


def watch(meter: Meter) -> None:
    """Have the functions of all stages watched."""
    for owner, name, stage in (
        (task, "evaluated", "send"),
        (task, "arrange", "read"),
        (task, "read_submission", "read"),
        (evaluate, "prepare", "sanitize"),
        (evaluate, "merge", "outputs"),
        (evaluate, "verdicts_on", "judge"),
        (executions.Store, "get", "store"),
        (executions.Store, "put", "store"),
        (executions, "pack", "store"),
        (run, "lay_out", "sandbox"),
        (sandbox, "open_sandbox", "sandbox"),
        (launch.ForkServer, "fork", "fork"),
        (type(process_worker()), "execute", "talk"),
        (Kernel, "_close", "ending"),
        (task, "entry_of", "entry"),
        (task, "convert_one", "entry"),
        (schedule.Schedule, "_finish", "writer"),
        (entering.Ledger, "enter", "gradebook"),
        (feedback, "write_pages", "page"),
    ):
        meter.watch(owner, name, stage)
    watch_kernels(meter)
    meter.watch(sys.modules[__name__], "core_inside", "measuring")


def watch_kernels(meter: Meter) -> None:
    """Charge what runs in other processes: until a kernel gets its first cell, and from then on."""
    first, close = Kernel.run, Kernel._close
    started: dict[Kernel, float] = {}

    def running(kernel: Kernel, *arguments: Any) -> Any:
        if kernel not in started:
            started[kernel] = core_inside(kernel)
        return first(kernel, *arguments)

    def closing(kernel: Kernel) -> None:
        until, all_of_it = started.pop(kernel), core_inside(kernel)
        meter.core["fork"] += until + sum(map(core_of, map(children, fork_servers())))
        meter.core["cells"] += all_of_it - until
        meter.core["sandbox"] += core_of([kernel.home.process.pid, kernel.home.pid])
        close(kernel)

    Kernel.run, Kernel._close = running, closing


def core_inside(kernel: Kernel) -> float:
    """Return the seconds of the processes in a kernel's sandbox, but for the one that keeps it open."""
    space = os.readlink(f"/proc/{kernel.home.pid}/ns/pid")
    found = [int(path.name) for path in Path("/proc").glob("[0-9]*") if sandbox.lives_in(space, path.name)]
    return core_of([pid for pid in found if pid != kernel.home.pid])


def fork_servers() -> list[int]:
    return [server._process.pid for server in process_worker()._fork_servers.values() if server._process]


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def core_of(pids: list[int]) -> float:
    """Return the seconds that processes have been on a processor; those that have ended count as none."""
    total = 0
    for pid in pids:
        for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(OSError):
                total += int(path.read_text().split()[0])
    return total / 1e9


if __name__ == "__main__":
    main()
