"""A class of accidents and cheats, graded in one run in the sandbox: everybody gets what is theirs."""

import os
import re
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from autograder.authoring.release import release
from autograder.course.key import load_key
from autograder.execution.job import CodeCell, Job, Limits, Runtime
from autograder.execution.worker import Worker, process_worker
from autograder.grading.run import grade
from helpers import hostile, toy
from helpers.courses import the
from helpers.processes import processes_of

pytestmark = [pytest.mark.needs("sandbox"), pytest.mark.xdist_group("hostile")]  # one class, graded once
CONFIG = """
from autograder.config import configure
c = get_config()
configure(c)
c.ExecuteFromStore.cell_seconds = 3
c.ExecuteFromStore.notebook_seconds = 30
c.ExecuteFromStore.memory_bytes = 2**29
c.ExecuteFromStore.output_bytes = 2**20
"""


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """The folder for temporary files; every process that executes something names it, see `processes_of`."""
    folder = tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(tempfile, "tempdir", str(folder))  # of this process
        monkeypatch.setenv("TMPDIR", str(folder))  # of the pool's
        monkeypatch.setenv("PATH", f"{os.environ['PATH']}{os.pathsep}{folder}")  # which fork servers keep
        yield folder


@pytest.fixture(scope="module")
def graded(tmp_path_factory, scratch):
    """The course after one run; returns it, the points of each student by cell, and the remarks."""
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("SECRET_TOKEN", "of the grader")
    process_worker().close()  # its fork server must be one of this run's
    course = toy.make_course(tmp_path_factory.mktemp("hostile") / "course")
    (course / "nbgrader_config.py").write_text(CONFIG)
    release(the(course))
    solved = hostile.solved_notebook(course, load_key(the(course), "Toy"))
    for name, accident in hostile.ACCIDENTS.items():
        hostile.hand_in(course, name, accident.make, solved)
    for name, make in hostile.CHEATS.items():
        hostile.hand_in(course, name, make, solved)
    rows = grade(the(course)).rows
    process_worker().close()
    monkeypatch.undo()
    return course, *hostile.outcome(course, rows)


@pytest.mark.parametrize("name", hostile.ACCIDENTS)
def test_accident_costs_its_own_points_and_no_more(graded, name):
    """Does each accident end with the points of what is right, and a line for the instructor where one is due?"""
    _, points, remarks = graded
    expected = hostile.ACCIDENTS[name]
    assert points[name] == {
        "test_double": pytest.approx(expected.double, abs=0.01),
        "test_square": expected.square,
    }
    if expected.remark:
        assert re.search(expected.remark, remarks[name])


@pytest.mark.parametrize("name", hostile.CHEATS)
def test_cheat_earns_nothing(graded, name):
    """Does each attempt earn nothing?"""
    _, points, _ = graded
    assert points[name]["test_double"] == 0


def test_nothing_is_left(graded, scratch):
    """After the run, is no process of a student's alive, and no file of theirs on the grader's disk?"""
    course, _, _ = graded
    patience = time.monotonic() + 20
    while processes_of(scratch) and time.monotonic() < patience:  # killed processes need a moment to end
        time.sleep(0.1)
    assert processes_of(scratch) == []
    assert list(scratch.iterdir()) == []
    assert list(course.glob("executions/x")) == []
    assert not Path("/tmp/left_behind.py").exists()


def test_a_running_kernel_would_be_seen(scratch):
    """Does `processes_of` find the fork server, the sandbox and the kernel while there is one?"""
    job = Job((CodeCell("while True: pass"),), Runtime.current(), limits=Limits(cell_seconds=3))
    with Worker() as worker, ThreadPoolExecutor(1) as thread:
        execution = thread.submit(worker.execute, job)
        while not execution.done():
            found = processes_of(scratch)
            forked = [command for command in found if "autograder.execution.kernel.server" in command]
            if len(forked) == 3 and any("bwrap" in command for command in found):
                return  # the server, the kernel, and the process between them
            time.sleep(0.05)
    pytest.fail("not all were seen")


def test_links_carry_nothing_out(graded):
    """Is what a link in a submission points to in nobody's judged folder or feedback?"""
    course, _, _ = graded
    copied = [p for step in ("autograded", "feedback") for p in (course / step).rglob("*") if p.is_file()]
    assert copied
    carried = {"timestamp.txt", "submission_secret.txt"}  # what nbgrader tells the time and its exchange by
    assert {p.suffix for p in copied if not p.name.startswith(".") and p.name not in carried} == {".ipynb", ".html"}
