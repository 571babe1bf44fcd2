"""A class of accidents and cheats, graded in one run in the sandbox: everybody gets what is theirs."""

import subprocess
from pathlib import Path

import pytest
from autograder.authoring.release import release
from autograder.course.key import load_key
from autograder.grading.run import grade
from helpers import hostile, toy
from nbgrader.api import Gradebook, MissingEntry

pytestmark = pytest.mark.needs("sandbox")
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
def graded(tmp_path_factory):
    """The course after one run; returns it, the points of each student by cell, and the remarks."""
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("SECRET_TOKEN", "of the grader")
    course = toy.make_course(tmp_path_factory.mktemp("hostile") / "course")
    (course / "nbgrader_config.py").write_text(CONFIG)
    release(course)
    solved = hostile.solved_notebook(course, load_key(course / "source" / "assignment2", "Toy"))
    for name, accident in hostile.ACCIDENTS.items():
        hostile.hand_in(course, name, accident.make, solved)
    for name, make in hostile.CHEATS.items():
        hostile.hand_in(course, name, make, solved)
    rows = grade(course).rows
    monkeypatch.undo()
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        points = {row.student: points_of(gradebook, row.student) for row in rows}
    return course, points, {row.student: "; ".join(row.remarks) for row in rows}


def points_of(gradebook, student):
    try:
        submission = gradebook.find_submission("assignment2", student)
    except MissingEntry:
        return {"test_double": 0, "test_square": 0}  # a row of the report, and no grade
    return {grade.name: grade.auto_score or 0 for grade in submission.notebooks[0].grades if grade.name != "why"}


@pytest.mark.parametrize("name", hostile.ACCIDENTS)
def test_accident_costs_its_own_points_and_no_more(graded, name):
    """Does each accident end with the points of what is right, and a line for the instructor where one is due?"""
    _, points, remarks = graded
    expected = hostile.ACCIDENTS[name]
    assert points[name] == {
        "test_double": pytest.approx(expected.double, abs=hostile.UNTOUCHED_INPUT if not expected.double else 0.01),
        "test_square": expected.square,
    }
    if expected.remark:
        import re

        assert re.search(expected.remark, remarks[name])


@pytest.mark.parametrize("name", hostile.CHEATS)
def test_cheat_earns_nothing(graded, name):
    """Does each attempt earn nothing but the share for leaving its input alone, and hurt nobody?"""
    _, points, _ = graded
    assert points[name]["test_double"] <= hostile.UNTOUCHED_INPUT


def test_nothing_is_left(graded):
    """After the run, is no process of a student's alive, and no file of theirs on the grader's disk?"""
    course, _, _ = graded
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert [line for line in running.splitlines() if str(course) in line or line.startswith("bwrap")] == []
    assert list(course.glob("executions/x")) == []
    assert not Path("/tmp/left_behind.py").exists()


def test_links_carry_nothing_out(graded):
    """Is what a link in a submission points to in nobody's judged folder or feedback?"""
    course, _, _ = graded
    copied = [p for step in ("autograded", "feedback") for p in (course / step).rglob("*") if p.is_file()]
    assert copied
    assert {p.suffix for p in copied if not p.name.startswith(".")} == {".ipynb", ".html"}
