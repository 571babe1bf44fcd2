"""A class of attackers on the workbook's own notebooks, in the sandbox: nobody gains, nobody else loses."""

import shutil
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

import nbformat
import pytest
from autograder.core.annotations import status_of
from autograder.core.notebooks import read
from autograder.core.results import Status
from autograder.course.cells import name_of
from autograder.course.key import keys
from autograder.course.solutions import answered
from autograder.demo import samples
from autograder.demo.run import make_course
from autograder.grading.run import Options, grade
from helpers import ASSIGNMENT, REPOSITORY, hostile, hostile_files
from helpers.courses import the
from helpers.hostile_workbook import ATTACKS, FUNCTIONS, MARK, Attack, hand_in
from nbgrader.api import Gradebook

pytestmark = [pytest.mark.needs("sandbox"), pytest.mark.xdist_group("hostile workbook")]  # one class, graded once
CONFIG = """
from autograder.config import configure
c = get_config()
configure(c)
c.ExecuteFromStore.cell_seconds = 8
c.ExecuteFromStore.memory_bytes = 2**29
c.ExecuteFromStore.output_bytes = 2**20
c.Judge.held_out_seed = 1
"""
HONEST = ["honest 1", "zz honest 2"]  # the first and the last
CASES = [(notebook, name) for notebook, attacks in ATTACKS.items() for name in attacks]
LEAST_ON_THE_WORKBOOK, LEAST = 40, 120


def attacker(number):
    """The student who hands in the attack of this number on each notebook."""
    return f"attacker {number:02}"


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The course after a run; returns it, the points of each student by check cell, and those of the honest alone."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("CS231N_DATA", "synthetic")
        course = tmp_path_factory.mktemp("workbook") / "course"
        make_course(REPOSITORY, course)
        (course / "nbgrader_config.py").write_text(CONFIG)
        for student in HONEST:
            right(course, student)
        grade(the(course), Options(feedback=False))
        alone = points(course)
        shutil.rmtree(course / "executions")
        attack(course)
        grade(the(course), Options(again=True))
        yield course, points(course), alone


def right(course, student):
    """Hand in the key's solutions."""
    folder = samples.submission(the(course), student, samples.ON_TIME)
    for key in keys(the(course)).values():
        nbformat.write(answered(samples.released(the(course), key), key), folder / f"{key.name}.ipynb")


def attack(course):
    """Hand in all attacks, one in each notebook of a student, and what they are compared with."""
    found = keys(the(course))
    students = {"control wrong": [Attack()] * len(ATTACKS), "control right": [Attack()] * len(ATTACKS)}
    students |= {attacker(n): each for n, each in enumerate(zip_longest(*(a.values() for a in ATTACKS.values())))}
    for student, attacks in students.items():
        folder = samples.submission(the(course), student, samples.ON_TIME)
        for name, each in zip(ATTACKS, attacks, strict=True):
            if each is not None:
                notebook = answered(samples.released(the(course), found[name]), found[name])
                hand_in(folder, notebook, found[name], each, stolen=student == "control right")


def points(course):
    """Return the points of each student by check cell."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        return {
            submission.student.id: {
                grade.name: grade.auto_score or 0.0
                for notebook in submission.notebooks
                for grade in notebook.grades
                if grade.name.startswith("test_")
            }
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
        }


def student_of(notebook, name):
    return attacker(list(ATTACKS[notebook]).index(name))


@pytest.mark.parametrize(("notebook", "name"), CASES)
def test_an_attack_earns_nothing(graded, notebook, name):
    """Does an attack earn no more than the same wrong function without it, and show its student nothing hidden?"""
    course, found, _ = graded
    check, student = f"test_{FUNCTIONS[notebook]}", student_of(notebook, name)
    assert found[student][check] <= found["control wrong"][check] + ATTACKS[notebook][name].gain
    assert found[student]["test_best_model"] == 0
    page = (course / "feedback" / student / ASSIGNMENT / f"{notebook}.html").read_text(encoding="utf-8")
    assert MARK not in page
    assert "<script>document" not in page


@pytest.mark.parametrize(("notebook", "name"), CASES)
def test_an_attack_is_one(graded, notebook, name):
    """Does the cell of an attack run to its end, so that there is something to withstand?"""
    course, _, _ = graded
    judged = read(course / "autograded" / student_of(notebook, name) / ASSIGNMENT / f"{notebook}.ipynb")
    [cell] = [cell for cell in judged.cells if name_of(cell) == FUNCTIONS[notebook]]
    assert "stolen" in cell.source
    assert status_of(cell) is Status.DONE
    assert [output for output in cell.outputs if output.output_type == "error"] == []


def test_an_attack_that_works_would_be_seen(graded):
    """Would whoever finds what is hidden earn all points of a check, and are those who are wrong far from that?"""
    _, found, _ = graded
    for name in FUNCTIONS.values():
        assert found["control right"][f"test_{name}"] == found[HONEST[0]][f"test_{name}"] > 0
        assert found["control wrong"][f"test_{name}"] <= 0.3 * found["control right"][f"test_{name}"]


def test_honest_students_keep_everything(graded):
    """Do those who are honest have exactly the points that they have without attackers, which are not few?"""
    _, found, alone = graded
    assert {student: found[student] for student in HONEST} == alone
    assert min(sum(each.values()) for each in alone.values()) > 60


def test_plain_nbgrader_gives_the_same_points(graded):
    """Does plain `nbgrader autograde` execute and judge attackers as `autograder grade` does?"""
    course, found, _ = graded
    shutil.rmtree(course / "executions")
    command = [Path(sys.executable).with_name("nbgrader"), "autograde", ASSIGNMENT, "--force"]
    for student in (attacker(0), attacker(1)):
        done = subprocess.run([*command, "--student", student], cwd=course, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert any((course / "executions").iterdir())
    assert points(course) == found


def test_the_tables_are_as_long_as_they_should_be():
    """Are there as many cases on the workbook, and with the toy assignment, as have been found to be needed?"""
    assert len(CASES) >= LEAST_ON_THE_WORKBOOK
    assert len(CASES) + len(hostile.ACCIDENTS) + len(hostile.CHEATS) + len(hostile_files.CASES) >= LEAST
