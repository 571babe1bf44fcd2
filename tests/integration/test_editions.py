"""Editions: an assignment that changes after it was handed out, and notebooks of both that come in."""

import csv
import json
import shutil

import nbformat
import pytest
from autograder import cli
from autograder.authoring.hand_out import Options, hand_out
from autograder.authoring.release import release
from autograder.core.errors import GraderError
from autograder.core.results import RepairKind
from autograder.course.key import load_key
from autograder.course.solutions import set_source
from autograder.execution.job import ExecutionOptions
from autograder.grading.one import grade_one
from autograder.submission.preparation import prepare
from autograder.submission.reading import read_submission
from cs231n.kit import handing_in
from helpers import ASSIGNMENT
from helpers.courses import the

GRADED = "handed in as edition 1, graded by the key of that edition; changed since then: square"


@pytest.fixture
def course(toy_course):
    """A course whose check of `square` has changed since its first edition was handed out, in `first`."""
    hand_out(the(toy_course), toy_course / "first")
    change(toy_course, "random.randn(2), random.randn(2)", "random.randn(3), random.randn(3)")
    return toy_course


def change(course, old, new):
    """Change the key."""
    path = course / "source" / ASSIGNMENT / "Toy.ipynb"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def edition_of(folder):
    """Return what the page of a hand-out says about editions."""
    (line,) = (line for line in (folder / "README.md").read_text(encoding="utf-8").splitlines() if "edition" in line)
    return line


def repairs_on(course, folder):
    """Return what the grader remarks on the toy notebook of a folder."""
    key = load_key(the(course), "Toy")
    return prepare(read_submission(folder, ["Toy"]), key, ExecutionOptions()).repairs


def why_refused(course, folder):
    """Return why the toy notebook of a folder is not graded."""
    (remark,) = (each for each in repairs_on(course, folder) if each.kind is RepairKind.NOT_GRADABLE)
    return remark.text


def test_names(course):
    """Is what has changed handed out under the next number or a name of one's own, told on the page, and what has not
    changed under the same?"""
    assert "edition 1.**" in edition_of(course / "first" / ASSIGNMENT)
    assert "changed" not in edition_of(course / "first" / ASSIGNMENT)
    for _ in range(2):
        folder, _ = hand_out(the(course), course / "second")
        assert "edition 2.** What has changed since edition 1: Toy: square." in edition_of(folder)
    change(course, "return out", "return out  # twice")
    with pytest.raises(GraderError, match="edition 1 already"):
        hand_out(the(course), course / "third", Options(edition="1"))
    folder, _ = hand_out(the(course), course / "third", Options(edition="spring"))
    assert "edition spring.** What has changed since edition 2: Toy: double, square" in edition_of(folder)


def test_hidden_checks_make_no_edition(toy_course):
    """Is a key that differs in hidden checks only the same edition: what students have is the same?"""
    hand_out(the(toy_course), toy_course / "first")
    change(toy_course, "random.rand(2, 3)", "random.rand(3, 4)")
    folder, _ = hand_out(the(toy_course), toy_course / "second")
    assert "edition 1.**" in edition_of(folder)


def test_an_older_edition_is_named(course):
    """Is a notebook of the earlier edition graded with a remark that says what has changed, and one of this one
    without, also after a student has written into it?"""
    for folder in (course / "first" / ASSIGNMENT, hand_out(the(course), course / "second")[0]):
        notebook = nbformat.read(folder / "Toy.ipynb", as_version=4)
        set_source(notebook, "double", "def double(x):\n    return 2 * x")
        nbformat.write(notebook, folder / "Toy.ipynb")
    (remark,) = repairs_on(course, course / "first" / ASSIGNMENT)
    assert remark.kind is RepairKind.OLDER_EDITION
    assert str(remark) == GRADED
    assert repairs_on(course, course / "second" / ASSIGNMENT) == []


def test_a_check_that_was_mended(course):
    """Is everybody graded by the check as it is now, as long as no newer edition was handed out, and is it said?"""
    (remark,) = repairs_on(course, course / "first" / ASSIGNMENT)
    assert str(remark) == "handed in as edition 1, graded by the key as it is now, which differs in square"


def test_hidden_checks_of_an_edition_can_be_mended(course):
    """Is the key of an edition kept anew by a release that changes no more than what students do not see?"""
    kept = the(course).of_edition("1").source / "Toy.ipynb"
    change(course, "random.randn(3), random.randn(3)", "random.randn(2), random.randn(2)")  # as it was handed out
    change(course, "random.rand(2, 3)", "random.rand(3, 4)")
    assert "random.rand(3, 4)" not in kept.read_text(encoding="utf-8")
    release(the(course))
    assert "random.rand(3, 4)" in kept.read_text(encoding="utf-8")


def test_an_older_edition_is_refused(course):
    """Is an older edition refused with the reason and the way out once the instructor says so, and no points given?"""
    hand_out(the(course), course / "second", Options(refuse_older=True))
    old, new = (course / name / ASSIGNMENT for name in ("first", "second"))
    remark = why_refused(course, old)
    assert "this is edition 1 of the notebook, which is not accepted any more" in remark
    assert "start.py --from" in remark
    assert repairs_on(course, new) == []


def test_row(course, tmp_path, capsys):
    """Does the instructor read the edition in the table of results?"""
    folder = shutil.copytree(course / "first" / ASSIGNMENT, course / "submitted" / "ada" / ASSIGNMENT)
    for path in folder.iterdir():
        if path.name != "Toy.ipynb":
            path.unlink()
    hand_out(the(course), course / "second")
    assert cli.main(["grade", "--course", str(course), "--no-sandbox", "--no-feedback", "--workers", "1"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"ada: Toy: {GRADED}" in said
    assert cli.main(["report", "--course", str(course)]) == 0
    with (course / "report" / ASSIGNMENT / "students.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["edition"] for row in csv.DictReader(file)] == ["1"]
    assert grade_one(the(course), folder, no_sandbox=True).remarks == [f"Toy: {GRADED}"]


def grade_of(course, edition, square):
    """Grade a notebook of an edition with this solution of `square`; returns its points and the remarks."""
    folder = course / f"handed_in_{edition}"
    shutil.copytree(course / edition / ASSIGNMENT, folder, dirs_exist_ok=True)
    notebook = nbformat.read(folder / "Toy.ipynb", as_version=4)
    set_source(notebook, "square", square)
    nbformat.write(notebook, folder / "Toy.ipynb")
    found = grade_one(the(course), folder, no_sandbox=True)
    return next(cell.points for cell in found.cells if cell.name == "square"), found.remarks


def test_each_edition_has_its_own_key(course):
    """Does a solution of what the earlier edition asked for keep its points there, and lose them in the new one, which
    asks for something else; and the other way around?"""
    changes = {"= x * double(x)": "= x * x * double(x)", ", x**2)": ", x**3)", "2 * x * dout": "3 * x**2 * dout"}
    for old, new in changes.items():
        change(course, old, new)
    hand_out(the(course), course / "second")
    square, cube = (f"def square(x):\n    return x ** {power}" for power in (2, 3))
    full = grade_of(course, "first", square)[0]
    assert full > 0
    assert grade_of(course, "first", square)[1] == [f"Toy: {GRADED}"]
    assert grade_of(course, "first", cube)[0] < full
    assert grade_of(course, "second", square)[0] < full
    assert grade_of(course, "second", cube) == (full, [])


def test_an_edition_with_other_points_is_refused(course):
    """Is an edition that the gradebook has no place for refused, with the steps that differ and the way out?"""
    path = course / "source" / ASSIGNMENT / "Toy.ipynb"
    notebook = nbformat.read(path, as_version=4)
    (check,) = (c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "test_square")
    check.metadata.nbgrader.points += 1
    nbformat.write(notebook, path)
    hand_out(the(course), course / "second")
    remark = why_refused(course, course / "first" / ASSIGNMENT)
    assert "this is edition 1 of the notebook, which had other points or cells in square: copy" in remark


def test_an_edition_without_its_key_is_refused(course):
    """Is an edition whose key is gone refused, and not graded by another one?"""
    hand_out(the(course), course / "second")
    shutil.rmtree(the(course).proof / "editions" / "1")
    remark = why_refused(course, course / "first" / ASSIGNMENT)
    assert "edition 1 of the notebook, whose key was not kept" in remark


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden"])
def test_no_name(name, course):
    """Is a name that cannot be a folder's refused?"""
    with pytest.raises(GraderError, match="cannot name an edition"):
        hand_out(the(course), course / "second", Options(edition=name))


def test_lost_checksums(course):
    """Is nothing said of a notebook that has lost what tells its edition?"""
    path = course / "first" / ASSIGNMENT / "Toy.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.metadata.get("nbgrader", {}).pop("checksum", None)
    nbformat.write(notebook, path)
    assert [each for each in repairs_on(course, path.parent) if each.kind is RepairKind.OLDER_EDITION] == []


@pytest.mark.parametrize("damage", ["{", "3", '[{"nme": "1"}]'])
def test_damaged_list(damage, course):
    """Is it said what to do about a list of editions that cannot be read?"""
    (the(course).proof / "editions.json").write_text(damage)
    with pytest.raises(GraderError, match="restore it"):
        hand_out(the(course), course / "second")


def test_manifest(monkeypatch, tmp_path, course):
    """Has what is handed in the edition's name?"""
    monkeypatch.setattr(handing_in, "edition_in", lambda folder: "spring")
    shutil.copy(course / "first" / ASSIGNMENT / "Toy.ipynb", tmp_path)
    found = handing_in.read_folder(tmp_path, [])
    assert json.loads(json.dumps(handing_in.manifest_of(found, {})))["edition"] == "spring"
