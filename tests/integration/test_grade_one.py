"""One submission graded by itself, for a person and for Gradescope."""

import io
import json
import zipfile

import nbformat
import pytest
from autograder import cli
from autograder.authoring.gradescope import gradescope
from autograder.authoring.release import REGISTRY, students_in
from autograder.core.errors import GraderError
from autograder.course.assignment import Assignment
from autograder.grading.gradescope import results
from autograder.grading.one import grade_one
from helpers import ASSIGNMENT, toy
from helpers.courses import the

WRONG = toy.DOUBLE.replace("2 * x", "2 + x")


def notebook(folder, double=toy.DOUBLE):
    """Write the toy notebook with a solution of the first step and the right one of the second."""
    made = toy.notebook()
    for cell in made.cells:
        cell.source = double if cell.id == "double" else cell.source
    folder.mkdir(exist_ok=True)
    nbformat.write(made, folder / "Toy.ipynb")
    return folder / "Toy.ipynb"


def zipped(path):
    """Zip a notebook as `hand_in()` does, in a folder as some systems do."""
    archive = path.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as opened:
        opened.write(path, "hand in/Toy.ipynb")
        opened.writestr("manifest.json", "{}")
    return archive


@pytest.mark.parametrize("form", ["notebook", "folder", "zip"])
def test_forms(form, toy_course, tmp_path):
    """Is a notebook, a folder or a zip graded, and is the course as it was before?"""
    path = notebook(tmp_path / "handed_in")
    handed_in = {"notebook": path, "folder": path.parent, "zip": zipped(path)}[form]
    before = (toy_course / REGISTRY).read_bytes()
    graded = grade_one(the(toy_course), handed_in, no_sandbox=True)
    assert [(cell.name, cell.points, cell.maximum) for cell in graded.cells] == [
        ("double", 4, 4), ("square", 2, 2), ("why", None, 2),
    ]  # fmt: skip
    assert (graded.points, graded.maximum) == (6, 6)
    assert (toy_course / REGISTRY).read_bytes() == before
    assert not (toy_course / "submitted").exists()


def test_printed_and_for_gradescope(toy_course, tmp_path, capsys):
    """Are verdicts and hints printed in 80 columns, and written as Gradescope has them, hidden checks for later?"""
    file = tmp_path / "results.json"
    command = ["grade-one", str(notebook(tmp_path / "in", WRONG)), "--course", str(toy_course), "--no-sandbox"]
    assert cli.main([*command, "--gradescope", str(file)]) == 0
    said = capsys.readouterr().out
    assert "✗ vector/out:" in said
    assert "(hidden)" in said
    assert max(map(len, said.splitlines())) <= 80
    found = json.loads(file.read_text(encoding="utf-8"))
    tests = {test["name"]: test for test in found["tests"]}
    assert list(tests) == ["Toy: double", "Toy: double, hidden checks", "Toy: square"]
    hidden = tests["Toy: double, hidden checks"]
    assert (hidden["visibility"], tests["Toy: double"]["visibility"]) == ("after_published", "visible")
    assert "matrix/out" in hidden["output"]
    assert sum(test["max_score"] for test in found["tests"]) == pytest.approx(6)
    for test in found["tests"]:
        assert 0 <= test["score"] <= test["max_score"]
        assert (test["status"] == "passed") == (test["score"] == test["max_score"])
    assert found["stdout_visibility"] == "hidden"


def test_messages_of_hidden_checks_stay_hidden(toy_course, tmp_path):
    """Does Gradescope get no message of a hidden check, which could carry its values?"""
    graded = grade_one(the(toy_course), notebook(tmp_path / "in", WRONG), no_sandbox=True)
    messages = [
        verdict.message for cell in graded.cells for verdict in cell.verdicts if verdict.hidden and verdict.message
    ]
    assert messages
    text = json.dumps(results(graded))
    assert [message for message in messages if message in text] == []


@pytest.mark.parametrize("content", [None, b"no zip"])
def test_nothing_to_grade(content, toy_course, tmp_path):
    """Is a file that is missing, or no zip, named?"""
    path = tmp_path / "some.zip"
    if content:
        path.write_bytes(content)
    with pytest.raises(GraderError, match=r"some\.zip"):
        grade_one(the(toy_course), path)


def test_no_course(tmp_path):
    """Is it said that a course has to be released?"""
    with pytest.raises(GraderError, match="autograder release"):
        grade_one(Assignment(tmp_path, "assignment2"), notebook(tmp_path / "in"))


def test_zip_for_gradescope(toy_course, tmp_path):
    """Has the zip scripts that can be run at its top, both packages, the key and the course's seed, and no student?"""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{toy_course / REGISTRY}") as gradebook:
        gradebook.add_student("ada")
    archive = tmp_path / "gradescope.zip"
    gradescope(the(toy_course), archive)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path / "source")
        runnable = [entry.filename for entry in opened.infolist() if entry.external_attr >> 16 & 0o111]
    assert runnable == ["setup.sh", "run_autograder"]
    source = tmp_path / "source"
    lines = (source / "requirements.txt").read_text().splitlines()
    wheels = [line.removeprefix("./") for line in lines if line.startswith("./")]
    names = {name for wheel in wheels for name in zipfile.ZipFile(io.BytesIO((source / wheel).read_bytes())).namelist()}
    assert {"cs231n/checks/session.py", "autograder/cli.py", "autograder/authoring/kit/start.py"} <= names
    assert any(line.startswith("nbgrader==") for line in lines)
    course = source / "course"
    assert (course / "source" / ASSIGNMENT / "Toy.ipynb").exists()
    assert (course / "held_out_seed").read_text() == (toy_course / "held_out_seed").read_text()
    assert students_in(course / REGISTRY) == 0
