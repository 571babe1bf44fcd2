"""A course with two assignments and a package of its own."""

import io
import zipfile

import nbformat
import pytest
from autograder.authoring.hand_out import hand_out
from autograder.authoring.release import release
from autograder.cli import main
from autograder.core import frameworks
from autograder.core.notebooks import read
from autograder.course.assignment import BadSettings, NoAssignment, assignments, chosen
from autograder.course.key import load_key
from autograder.course.solutions import answered, set_source
from autograder.demo import samples
from autograder.execution.kernel import sandbox
from autograder.grading.run import Options, grade
from helpers import toy
from nbgrader.api import Gradebook

SETTINGS = """\
id = "ml101"
late = 0.1

[hw2]
title = "Homework 2: thirds"
due = 2026-01-31T23:59:00+00:00
package = "ml101"
"""
THIRD = """\
def third(x):
    ### BEGIN SOLUTION
    return x / THREE
    ### END SOLUTION"""
TEST_THIRD = """\
with checking("third") as check:

    @check.case("matrix")
    def _(random):
        check.value("out", third(random.randn(2, 3)))

    ### BEGIN HIDDEN TESTS
    @check.case("column")
    def _(random):
        check.value("out", third(random.randn(5, 1)))

    ### END HIDDEN TESTS"""
ONE = Options(workers=1, no_sandbox=bool(sandbox.unavailable()))


def thirds():
    """Return the second assignment's notebook, which imports the course's own package; one module of it is withheld."""
    imports = "from cs231n.checks import checking\nfrom ml101 import THREE\nfrom ml101.ready import third as theirs"
    return nbformat.v4.new_notebook(cells=[
        toy.cell("plain", "imports", imports),
        toy.cell("solution", "third", THIRD),
        toy.cell("tests", "test_third", TEST_THIRD, 3, tags=["without:ml101.ready"]),
    ])  # fmt: skip


@pytest.fixture
def course(tmp_path):
    """A course with the toy assignment and another one, released."""
    course = toy.make_course(tmp_path / "course")
    (course / "course.toml").write_text(SETTINGS, encoding="utf-8")
    (course / "source" / "hw2").mkdir()
    nbformat.write(thirds(), course / "source" / "hw2" / "Thirds.ipynb")
    (course / "ml101").mkdir()
    (course / "ml101" / "__init__.py").write_text("THREE = 3\n", encoding="utf-8")
    (course / "ml101" / "ready.py").write_text("def third(x):\n    return x / 3\n", encoding="utf-8")
    assert main(["release", "--course", str(course)]) == 0
    return course


def hand_in(course, student, third):
    """Hand in the second assignment."""
    assignment = chosen(course, "hw2")
    key = load_key(assignment, "Thirds")
    notebook = answered(samples.released(assignment, key), key)
    set_source(notebook, "third", f"def third(x):\n    return {third}")
    nbformat.write(notebook, samples.submission(assignment, student, samples.TOO_LATE) / "Thirds.ipynb")


def test_assignments_are_kept_apart(course):
    """Is one assignment graded alone, with its own points, due date and penalty, and the other one left alone?"""
    hand_in(course, "ada", "x / THREE")
    hand_in(course, "bob", "theirs(x)")
    rows = {row.student: row for row in grade(chosen(course, "hw2"), ONE).rows}
    assert {student: row.scores for student, row in rows.items()} == {"ada": {"Thirds": 3}, "bob": {"Thirds": 0}}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "ml101") as gradebook:
        assert {each.name for each in gradebook.assignments} == {"assignment2", "hw2"}
        assert gradebook.find_submission("hw2", "ada").late_submission_penalty == pytest.approx(0.6)  # two days begun
        assert gradebook.find_assignment("assignment2").submissions == []
    assert {path.parent.name for path in course.rglob("*.html")} == {"hw2"}


def test_a_grader_without_the_framework_gives_nobody_a_zero(course, monkeypatch, capsys):
    """Does it say what to install, keep the points of who was graded before, and enter nothing for the others?"""
    hand_in(course, "ada", "x / THREE")
    grade(chosen(course, "hw2"), ONE)
    hand_in(course, "bob", "x / THREE")
    (course / "course.toml").write_text(SETTINGS + 'frameworks = ["torch"]\n', encoding="utf-8")
    monkeypatch.setattr(frameworks, "_version", lambda name: "")
    assert main(["grade", "hw2", "--course", str(course)]) == 1
    assert (
        "needs torch, which is not installed here: pip install 'cs231n-assignment2[pytorch]'" in capsys.readouterr().err
    )
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "ml101") as gradebook:
        assert {each.student.id: each.score for each in gradebook.assignment_submissions("hw2")} == {"ada": 3}
    assert not (course / "autograded" / "bob").exists()


def test_files_of_another_assignment_are_not_taken(course):
    """Is a notebook in another assignment's folder neither looked for nor somebody's submission?"""
    hand_in(course, "ada", "x / THREE")
    assert main(["grade", "assignment2", "--course", str(course)]) == 1
    folder = course / "submitted" / "ada" / "hw2"
    (folder / "Toy.ipynb").write_bytes((chosen(course, "assignment2").release / "Toy.ipynb").read_bytes())
    (course / "submitted" / "ada" / "assignment2").mkdir()
    (row,) = grade(chosen(course, "assignment2"), ONE).rows
    assert row.remarks == ["not gradable: none of Toy.ipynb was handed in"]


def test_hand_out_with_the_courses_package(course):
    """Has the hand-out the course's package, the values of every released assignment, and the title of this one?"""
    _, archive = hand_out(chosen(course, "hw2"), course / "out")
    with zipfile.ZipFile(archive) as opened:
        found = {name.partition("/")[2]: opened.read(name) for name in opened.namelist()}
    assert found["README.md"].startswith(b"# Homework 2: thirds\n")
    wheels = {
        name.partition("-")[0]: zipfile.ZipFile(io.BytesIO(found[name])) for name in found if name.endswith(".whl")
    }
    assert {"ml101/__init__.py", "ml101/ready.py"} <= set(wheels["ml101"].namelist())
    shipped = {name for name in wheels["cs231n_assignment2"].namelist() if name.startswith("cs231n/assignments/")}
    assert {
        f"cs231n/assignments/{name}" for name in ("hw2/values.json", "hw2/steps.json", "assignment2/values.json")
    } <= shipped
    assert b"third" in wheels["cs231n_assignment2"].read("cs231n/assignments/hw2/values.json")
    assert all(f"./{name}" in found["requirements.txt"].decode() for name in found if name.endswith(".whl"))


def test_key_is_executed_with_the_courses_package(course):
    """Do the kernels of `autograder notebooks` find the package, and the right values of this course?"""
    assert main(["notebooks", "hw2", "--course", str(course)]) == 0
    (checks,) = [cell for cell in read(course / "notebooks" / "Thirds.ipynb").cells if cell.id == "test_third"]
    shown = checks.outputs[0].data["text/plain"]
    assert "matrix" in shown
    assert "✗" not in shown


@pytest.mark.parametrize(
    "command", [["collect", "x.zip"], ["grade-one", "x.zip"], ["give-back", "x.zip"], ["gradescope"]]
)
def test_one_has_to_be_named(course, command, capsys):
    """Does a command about one assignment ask which, where there are two?"""
    assert main([*command, "--course", str(course)]) == 1
    assert "name an assignment: choose among assignment2, hw2" in capsys.readouterr().err


def test_unknown_assignment(course):
    """Is a name that no folder has refused, with those that there are?"""
    with pytest.raises(NoAssignment, match="there is no assignment hw9: choose among assignment2, hw2"):
        chosen(course, "hw9")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[hw2", "is not valid TOML"),
        ("[hw2]\ntitel = 'x'", "there is no setting hw2.titel"),
        ("languages = 2", "there is no setting languages"),
        ("late = 2", "late must be the share"),
        ("[hw2]\ndue = 2026-01-31", "hw2.due must be a time with a zone"),
        ("[hw2]\npackage = 'nowhere'", "there is no package in"),
        ("[hw2]\nnotebooks = ['Thirds']", "hw2.notebooks must be a table"),
    ],
)
def test_bad_settings(course, text, said):
    """Is what nobody understands in `course.toml` refused, with its place?"""
    (course / "course.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadSettings, match=said):
        assignments(course)
    assert main(["release", "--course", str(course)]) == 1


def test_release_enters_the_due_date(course):
    """Is the due date of the settings in the gradebook, in UTC, and a second release the same?"""
    before = (course / "gradebook.db").read_bytes()
    release(chosen(course, "hw2"))
    assert (course / "gradebook.db").read_bytes() == before
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "ml101") as gradebook:
        assert str(gradebook.find_assignment("hw2").duedate) == "2026-01-31 23:59:00"
