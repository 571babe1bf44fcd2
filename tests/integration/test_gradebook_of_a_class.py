"""What the gradebook and `grades.csv` say of a class: penalties that follow the points, odd ids, odd folders."""

import csv

import pytest
from autograder.authoring.release import release
from autograder.cli import main
from autograder.course.key import load_key
from autograder.demo import samples
from autograder.grading.run import Options, grade
from autograder.integration.standings import standings
from autograder.report.data import read_course
from helpers import ASSIGNMENT, hostile, toy
from helpers.courses import the
from nbgrader.api import Gradebook

pytestmark = pytest.mark.needs("sandbox")
HOW = Options(workers=1, feedback=False)
IDS = ["007", "a, b", '"quoted"', "[1] *?", "=cmd|calc!A0", "-rf", "{x}", "Zoë"]


@pytest.fixture
def course(tmp_path):
    course = toy.make_course(tmp_path / "course")
    release(the(course))
    return course


def hand_in(course, *students):
    solved = hostile.solved_notebook(course, load_key(the(course), "Toy"))
    for student in students:
        hostile.hand_in(course, student, hostile.RIGHT, solved)


def test_a_penalty_follows_the_points(course):
    """After an answer was marked by hand, is the penalty of a late submission that of the new points, everywhere?"""
    hand_in(course, "late")
    (course / "submitted" / "late" / ASSIGNMENT / "timestamp.txt").write_text(samples.TOO_LATE)
    with (course / "nbgrader_config.py").open("a") as file:
        file.write("c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    url = f"sqlite:///{course / 'gradebook.db'}"
    with Gradebook(url, "cs231n") as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=samples.DUE)
    grade(the(course), HOW)
    with Gradebook(url, "cs231n") as gradebook:
        assert gradebook.find_submission(ASSIGNMENT, "late").late_submission_penalty == 6
        gradebook.find_grade("why", "Toy", ASSIGNMENT, "late").manual_score = 2
        gradebook.db.commit()
    [reported] = read_course(the(course)).submissions
    assert (reported.raw, reported.penalty, reported.total) == (8, 8, 0)
    assert grade(the(course), HOW).judged == 0
    with Gradebook(url, "cs231n") as gradebook:
        assert gradebook.find_submission(ASSIGNMENT, "late").late_submission_penalty == 8
    with (course / "grades.csv").open(newline="") as file:
        assert [row["score"] for row in csv.DictReader(file)] == ["0.0"]


def test_odd_ids_have_one_row_each(course):
    """Has each student one row with all columns in `grades.csv`, whatever the id, and formulas are none?"""
    hand_in(course, *IDS)
    rows = grade(the(course), HOW).rows
    assert sorted(row.student for row in rows) == sorted(IDS)
    with (course / "grades.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert sorted(row["student_id"].removeprefix("'") for row in found) == sorted(IDS)
    assert {row["score"] for row in found} == {"6.0"}
    assert {row["student_id"][0] for row in found if "cmd" in row["student_id"] or "rf" in row["student_id"]} == {"'"}


def test_one_query_says_what_nbgrader_says_of_each(course):
    """Does the one query for a class give the points, the penalty, the time and the lateness that nbgrader gives of
    each submission, with points by hand, extra credit and an extension?"""
    hand_in(course, "early", "late", "extended", "unknown")
    for student in ("late", "extended"):
        (course / "submitted" / student / ASSIGNMENT / "timestamp.txt").write_text(samples.TOO_LATE)
    (course / "submitted" / "unknown" / ASSIGNMENT / "timestamp.txt").unlink(missing_ok=True)
    with (course / "nbgrader_config.py").open("a") as file:
        file.write("c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=samples.DUE)
        grade(the(course), HOW)
        gradebook.find_grade("why", "Toy", ASSIGNMENT, "late").manual_score = 1.5
        gradebook.find_grade("test_double", "Toy", ASSIGNMENT, "early").extra_credit = 0.5
        gradebook.grant_extension(ASSIGNMENT, "extended", days=400)
        gradebook.db.commit()
        grade(the(course), HOW)
        theirs = {
            each.student.id: (each.timestamp, each.total_seconds_late, each.score, each.late_submission_penalty)
            for each in gradebook.assignment_submissions(ASSIGNMENT)
        }
        ours = standings(gradebook, ASSIGNMENT)
    assert {who: (s.time, s.seconds_late, s.points, s.penalty) for who, s in ours.items()} == theirs
    assert {student: each[2:] for student, each in theirs.items()} == {
        "early": (6.5, 0), "late": (7.5, 7.5), "extended": (6, 0), "unknown": (6, 0),
    }  # fmt: skip


HOOKS = """
def note(when, assignment, student, notebooks):
    judged = Path(__file__).parent / "autograded" / student / assignment / "Toy.ipynb"
    with Path(__file__).with_name("hooks.txt").open("a") as file:
        print(when, student, [Path(name).name for name in notebooks], judged.exists(), file=file)


def before(**about):
    note("before", **about)


def after(**about):
    note("after", **about)
    raise ValueError("the mail server is down")


c.Autograde.pre_convert_hook = before
c.Autograde.post_convert_hook = after
"""


def test_hooks_of_a_course(course):
    """Are the hooks that a course has for nbgrader's autograde called, once for each new result, before it is there and
    after, and does one that fails only say so in the log?"""
    hand_in(course, "ada")
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(f"from pathlib import Path\n{HOOKS}")
    for _ in range(2):
        assert [row.total for row in grade(the(course), HOW).rows] == [6]
    said = (course / "hooks.txt").read_text().splitlines()
    assert said == ["before ada ['Toy.ipynb'] False", "after ada ['Toy.ipynb'] True"]
    assert "the mail server is down" in (course / "logs" / ASSIGNMENT / "ada.log").read_text()


def test_a_student_who_is_left_out(course):
    """Is a student whom the configuration leaves out not graded, and does the row say why?"""
    hand_in(course, "ada", "bob")
    with (course / "nbgrader_config.py").open("a") as file:
        file.write("c.CourseDirectory.student_id_exclude = 'bob,cy'\n")
    rows = {row.student: row for row in grade(the(course), HOW).rows}
    assert {student: row.total for student, row in rows.items()} == {"ada": 6, "bob": 0}
    assert rows["bob"].remarks == ["not graded: c.CourseDirectory.student_id_exclude names this student"]
    assert not (course / "autograded" / "bob").exists()


@pytest.mark.parametrize("name", ["a[1]b", "what?", "a%20b", "all*"])
def test_folders_that_nbgrader_reads_as_something_else(tmp_path, name, capsys):
    """Is a course refused in one line, before anything is written, where its path means something else to nbgrader?"""
    course = toy.make_course(tmp_path / name / "course")
    for command in ("release", "grade", "report"):
        assert main([command, "--course", str(course)]) == 1
        assert "in its path" in capsys.readouterr().err
    assert not (course / "gradebook.db").exists()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["with space", "ü#1", "{x}", "100%"])
def test_folders_that_are_odd_and_work(tmp_path, name):
    """Is a course graded in a folder with other unusual characters?"""
    course = toy.make_course(tmp_path / name / "course")
    release(the(course))
    hand_in(course, "ada")
    assert [row.total for row in grade(the(course), HOW).rows] == [6]
