"""A class whose files, JSON, Python and messages are not what they should be, between two who are honest."""

import re

import pytest
from autograder.authoring.release import release
from autograder.cli import main
from autograder.core.text import printable
from autograder.course.key import load_key
from autograder.grading.run import grade
from helpers import hostile, hostile_files, toy
from helpers.courses import the

pytestmark = [pytest.mark.needs("sandbox"), pytest.mark.xdist_group("hostile files")]  # one class, graded once
CONFIG = """
from autograder.config import configure
c = get_config()
configure(c)
c.ExecuteFromStore.cell_seconds = 20
"""
HONEST = ["honest 1", "zz honest 2"]  # the first and the last, nearly


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The course after one run; returns it, the points of each student by cell, and the remarks."""
    course = toy.make_course(tmp_path_factory.mktemp("files") / "course")
    (course / "nbgrader_config.py").write_text(CONFIG)
    release(the(course))
    solved = hostile.solved_notebook(course, load_key(the(course), "Toy"))
    for name in HONEST:
        hostile.hand_in(course, name, hostile.RIGHT, solved)
    for name, accident in hostile_files.CASES.items():
        hostile.hand_in(course, name, accident.make, solved)
    rows = grade(the(course)).rows
    return course, *hostile.outcome(course, rows)


@pytest.mark.parametrize("name", hostile_files.CASES, ids=printable)
def test_case_costs_its_own_points_and_no_more(graded, name):
    """Does each case end with the points of what is right, and a line for the instructor where one is due?"""
    _, points, remarks = graded
    expected = hostile_files.CASES[name]
    assert points[printable(name)] == {
        "test_double": pytest.approx(expected.double, abs=0.01),
        "test_square": expected.square,
    }
    assert re.search(expected.remark, remarks[printable(name)])


def test_honest_students_keep_everything(graded):
    """Do those who are honest have all points, and everybody a row?"""
    _, points, remarks = graded
    assert [points[name] for name in HONEST] == [{"test_double": 4, "test_square": 2}] * 2
    assert {remarks[name] for name in HONEST} == {""}
    assert points.keys() == {*HONEST, *map(printable, hostile_files.CASES)}


def test_nothing_was_unforeseen(graded):
    """Is there no traceback in a log: did nothing reach the boundary that the reader and the judge should know?"""
    course, _, _ = graded
    logs = {path.stem: path.read_text(encoding="utf-8") for path in (course / "logs" / "assignment2").iterdir()}
    assert logs
    assert [name for name, log in logs.items() if "Traceback" in log] == []


def test_the_command_ends_well_and_shows_everybody(graded, capsys):
    """Does grading the same class again end with status 0 and a line for everybody in the table, and print nothing that
    a terminal would obey?"""
    course, _, remarks = graded
    assert main(["grade", "--course", str(course)]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert [line for line in lines if line != printable(line)] == []
    assert {name for name in remarks if not any(line.startswith(name) for line in lines)} == set()
