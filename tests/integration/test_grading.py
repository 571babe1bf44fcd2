"""Grading a course with one command, and with plain nbgrader: the same scores."""

import csv
import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import nbformat
import pytest
from autograder.authoring.release import release
from autograder.cli import main
from autograder.core.annotations import verdicts_of
from autograder.course.cells import grade_id
from autograder.course.solutions import set_source
from autograder.demo import samples
from autograder.execution.kernel import sandbox
from autograder.grading.printing import print_table
from autograder.grading.run import Options, grade
from autograder.judging.expected import KeyFails
from helpers import toy
from helpers.courses import the
from nbgrader.api import Gradebook

CONFIG = f"""
from autograder.config import configure
c = get_config()
configure(c)
c.ExecuteFromStore.cell_seconds = 4
c.ExecuteFromStore.sandbox = {not sandbox.unavailable()}
"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The toy course with sample submissions and a due date, graded once; returns it and the rows of its table."""
    course = toy.make_course(tmp_path_factory.mktemp("graded") / "course")
    (course / "nbgrader_config.py").write_text(CONFIG)
    release(the(course))
    with mock.patch.object(samples, "train_networks", return_value={"weights.npz": b""}):
        samples.hand_in(the(course))
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        gradebook.update_or_create_assignment("assignment2", duedate=samples.DUE)
    return course, grade(the(course)).rows


@pytest.fixture
def course(graded, tmp_path):
    """A copy of the graded course, to do something to."""
    return Path(shutil.copytree(graded[0], tmp_path / "copy"))


@pytest.fixture
def rows(graded):
    return graded[1]


def totals(rows):
    return {row.student: round(row.total, 2) for row in rows}


def test_samples_get_the_scores_that_their_names_promise(rows, course, capsys):
    """Do complete, untouched and spoilt submissions get what is theirs; are lateness and trouble told?"""
    found = totals(rows)
    assert found["complete"] == found["late"] == found["lost-metadata"] == 6
    assert found["untouched"] == found["unreadable"] == 0
    assert 0 < found["common-mistakes"] < 6
    assert found["syntax-error"] == found["never-ends"] == 4  # `double` is right there, `square` is not
    print_table(rows)
    printed = " ".join(capsys.readouterr().out.split())  # remarks are wrapped
    for said in ("late by 33.5 hours", "not gradable: Toy.ipynb is not a readable notebook", "test_square timed out"):
        assert said in printed
    with (course / "grades.csv").open() as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert exported == pytest.approx(found)


def test_plain_nbgrader_gives_the_same(course, rows):
    """Do nbgrader's own commands, without the store, end with the same scores?"""
    shutil.rmtree(course / "executions")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for command in ("autograde", "generate_feedback"):
        for student in ("complete", "common-mistakes"):
            arguments = ["nbgrader", command, "assignment2", "--student", student, "--force"]
            done = subprocess.run(arguments, cwd=course, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        plain = {name: gradebook.find_submission("assignment2", name).score for name in ("complete", "common-mistakes")}
    assert plain == pytest.approx({name: totals(rows)[name] for name in plain})
    export = subprocess.run(["nbgrader", "export"], cwd=course, env=environment, capture_output=True, text=True)
    assert export.returncode == 0, export.stderr


def test_second_run_executes_nothing(course, rows):
    """Does grading an unchanged class again take everything from the store and end the same?"""
    outcome = grade(the(course), Options(again=True))
    assert (outcome.executed, outcome.judged) == (0, len(rows))
    assert totals(outcome.rows) == totals(rows)


def test_manual_grade_survives_regrading(course, rows):
    """Does a point that a person gave for a written answer stay when the class is graded again?"""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        given = gradebook.find_grade("why", "Toy", "assignment2", "complete")
        assert given.needs_manual_grade
        given.manual_score = 1.5
        gradebook.db.commit()
    assert totals(grade(the(course), Options(again=True)).rows)["complete"] == 7.5


def page(course, student):
    """The text of a feedback page, without the tags that highlighting puts into code."""
    path = course / "feedback" / student / "assignment2" / "Toy.html"
    return html.unescape(re.sub(r"<[^>]*>", "", path.read_text(encoding="utf-8")))


def test_feedback_page(course, rows):
    """Does the student read verdicts, messages and hints, of hidden checks only name, verdict and hint, no source?"""
    text = page(course, "common-mistakes")
    assert "vector: out" in text
    assert "matrix: out (hidden)" in text
    assert 'check.case("vector")' in text
    for secret in ('check.case("matrix")', "HIDDEN", "np.arange(6.0)", "MARK SCHEME", "Two points"):
        assert secret not in text, secret
    assert "repaired before grading" in page(course, "unreadable")


def test_instructor_sees_everything(course, rows):
    """Does the autograded notebook hold the hidden checks, their messages and the marking scheme for the grader?"""
    path = course / "autograded" / "common-mistakes" / "assignment2" / "Toy.ipynb"
    judged = nbformat.read(path, as_version=4)
    cells = {grade_id(cell): cell for cell in judged.cells}
    assert "HIDDEN TESTS" in cells["test_double"].source
    assert "Two points" in cells["why_text"].source
    verdicts = verdicts_of(cells["test_double"])
    assert {v.check for v in verdicts if v.hidden} == {"matrix/out", "matrix/positive"}
    assert any(v.message for v in verdicts if v.hidden)


def test_instructor_may_show_hidden_checks(course):
    """With the option on, are messages and source of hidden checks on the page?"""
    (course / "nbgrader_config.py").write_text(CONFIG + "c.HideFromStudents.show_hidden = True\n")
    grade(the(course))
    assert 'check.case("matrix")' in page(course, "common-mistakes")


def test_student_output_cannot_carry_hidden_checks_into_the_feedback(course):
    """Is what a student's code prints while it can read the hidden checks kept out of the student's page?"""
    folder = course / "submitted" / "complete" / "assignment2"
    notebook = nbformat.read(folder / "Toy.ipynb", as_version=4)
    spy = "def double(x):\n    print('SPY', In)\n    return 2 * x"
    set_source(notebook, "double", spy)
    notebook.cells.append(nbformat.v4.new_code_cell("print('SPY', In)"))
    nbformat.write(notebook, folder / "Toy.ipynb")
    assert totals(grade(the(course), Options(again=True)).rows)["complete"] == 6
    assert "check.value" not in page(course, "complete")
    assert "print('SPY', In)" in page(course, "complete")  # their own source is shown


SPIES = {
    "an exception's text": "def double(x):\n    raise ValueError('SEC' + 'RET')",
    "an exception's name": "def double(x):\n    raise type('SEC' + 'RET', (Exception,), {})('SEC' + 'RET')",
    "an exception of Python's own": "def double(x):\n    return eval('SEC' + 'RET')",
    "a type": "def double(x):\n    return type('SEC' + 'RET', (), {})()",
    "a dtype": "def double(x):\n    return np.zeros(3, np.dtype([('SEC' + 'RET', float)]))",
    "no message": "import cs231n.checks.session as s\ns.encode = lambda value: {'SEC' + 'RET': 'SEC' + 'RET'}",
}


def test_verdicts_cannot_carry_hidden_checks_into_the_feedback(course):
    """Is what student code makes of texts, names and types kept out of the page, and kept for the instructor?"""
    names = [f"spy{number}" for number, _ in enumerate(SPIES)]
    for name, code in zip(names, SPIES.values(), strict=True):
        folder = course / "submitted" / name / "assignment2"
        shutil.copytree(course / "submitted" / "complete" / "assignment2", folder)
        notebook = nbformat.read(folder / "Toy.ipynb", as_version=4)
        set_source(notebook, "double", code)
        nbformat.write(notebook, folder / "Toy.ipynb")
    grade(the(course))
    for name in names:
        assert "SECRET" not in page(course, name), name
        assert "vector" in page(course, name)
    for name in names[:-1]:
        assert "SECRET" in (course / "autograded" / name / "assignment2" / "Toy.ipynb").read_text(), name
    assert "ValueError in line 2: raise ValueError('SEC' + 'RET')" in page(course, "spy0")


def test_a_page_that_takes_too_long(course):
    """Does a notebook whose page would take several times the limit get a plain one, and nobody else, with a remark?"""
    (course / "nbgrader_config.py").write_text(CONFIG + "c.PageExporter.page_seconds = 2\n")
    path = course / "submitted" / "common-mistakes" / "assignment2" / "Toy.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if grade_id(cell) in ("double", "square"):
            cell.source += "\nif False:\n" + "    f(1)['<b>'] += 2\n" * 12_000
    nbformat.write(notebook, path)
    for _ in range(2):  # the remark stays when nothing is written again
        rows = {row.student: row for row in grade(the(course)).rows}
        plain = {student for student, row in rows.items() if "this page is a plain one" in str(row.remarks)}
        assert plain == {"common-mistakes"}
        assert "Toy: this page is a plain one: writing it took more than 2 s" in rows["common-mistakes"].remarks
    text = page(course, "common-mistakes")
    for shown in ("vector: out", "matrix: out", "f(1)['<b>'] += 2", 'check.case("vector")', "of 8 points"):
        assert shown in text
    for secret in ('check.case("matrix")', "HIDDEN", "np.arange(6.0)", "MARK SCHEME"):
        assert secret not in text


DYING = """
import os
from autograder.integration.steps import HideFromStudents

class Dying(HideFromStudents):
    def preprocess(self, nb, resources):
        if resources["nbgrader"]["student"] == "common-mistakes":
            os._exit(1)
        return super().preprocess(nb, resources)

steps = c.GenerateFeedback.preprocessors
c.GenerateFeedback.preprocessors = [Dying if step is HideFromStudents else step for step in steps]
"""


def test_a_page_that_ends_its_process(course):
    """Does it cost nobody else a page, and is it known whose it was?"""
    (course / "nbgrader_config.py").write_text(CONFIG + DYING)
    shutil.rmtree(course / "feedback")
    rows = {row.student: row for row in grade(the(course)).rows}
    died = [student for student, row in rows.items() if "process that wrote it died" in str(row.remarks)]
    assert died == ["common-mistakes"]
    assert {path.parts[-3] for path in (course / "feedback").glob("*/*/Toy.html")} == set(rows) - {"common-mistakes"}


def test_a_page_that_cannot_be_interrupted(tmp_path):
    """Does the second limit end the process, with a traceback in the student's log?"""
    code = (
        "import sys; from pathlib import Path; from autograder.grading.feedback import process_limit\n"
        "with process_limit(0.2, Path(sys.argv[1])):\n    while True: pass"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "log")], timeout=100)
    assert done.returncode == 1
    assert "line 3" in (tmp_path / "log").read_text()


def test_missing_notebook_and_odd_folders(course):
    """Do a folder without notebooks, a name with spaces and a withdrawn notebook end as rows, earlier grades kept?"""
    (course / "submitted" / "complete" / "assignment2" / "Toy.ipynb").unlink()
    samples.submission(the(course), "Zoë van Dyck", samples.ON_TIME)
    rows = {row.student: row for row in grade(the(course)).rows}
    assert rows["complete"].total == 6
    assert "not gradable" in rows["complete"].remarks[-1]
    assert "still holds 6.00 points of an earlier submission" in rows["complete"].remarks[-1]
    assert "not gradable" in rows["Zoë van Dyck"].remarks[-1]
    assert rows["late"].total == 6


def test_broken_key_stops_before_anybody_is_graded(course):
    """Is a key that fails its own checks reported, with every grade left as it was?"""
    path = course / "source" / "assignment2" / "Toy.ipynb"
    path.write_text(path.read_text().replace("out = 2 * x", "out = 2 * y"))
    with pytest.raises(KeyFails, match="the key does not pass its own check cell"):
        grade(the(course))
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        assert gradebook.find_submission("assignment2", "complete").score == 6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["grade", "--course", "nowhere"], "no nbgrader_config.py"),
        (["release", "--course", "nowhere"], "no nbgrader_config.py"),
    ],
)
def test_command_line_errors(arguments, said, capsys):
    """Does the command say what is wrong in one line, without a traceback?"""
    assert main(arguments) == 1
    assert said in capsys.readouterr().err


def test_nothing_handed_in(toy_course, capsys):
    """Does grading an empty course say where submissions are looked for?"""
    assert main(["grade", "--no-sandbox", "--course", str(toy_course)]) == 1
    assert "nothing to grade" in capsys.readouterr().err


def test_doctor(toy_course, capsys):
    """Does the doctor name the Python, the packages, the data set and the sandbox?"""
    main(["doctor", "--course", str(toy_course)])
    printed = capsys.readouterr().out
    for word in ("Python", "numpy", "nbgrader", "data set", "sandbox", "course"):
        assert word in printed


def test_configuration_that_is_no_python(toy_course, capsys):
    """Is a broken nbgrader_config.py named by every command, and by the doctor, without a traceback?"""
    (toy_course / "nbgrader_config.py").write_text("c = get_config(\n")
    for command in ("grade", "report", "release", "doctor"):
        assert main([command, "--course", str(toy_course)]) == 1
        printed = capsys.readouterr()
        assert "nbgrader_config.py cannot be read: SyntaxError" in " ".join((printed.out + printed.err).split())
