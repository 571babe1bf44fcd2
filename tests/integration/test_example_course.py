"""A course of another subject with a package of its own, from `new` to the report: tests/examples/clusters."""

import csv
import shutil
import zipfile
from pathlib import Path

import nbformat
import pytest
from autograder import cli
from autograder.authoring.template import cells_of
from autograder.core.notebooks import read
from autograder.course.assignment import chosen
from autograder.course.catalogue import catalogue
from autograder.course.key import keys
from autograder.course.solutions import answered, without_marks
from helpers import REPOSITORY

EXAMPLE = REPOSITORY / "tests" / "examples" / "clusters"
NAME = "clusters"
STEPS = {  # what the author adds, with its notebook and points
    "nearest_center": ("KMeans", 2),
    "new_centers": ("KMeans", 3),
    "k_means": ("KMeans", 2),
    "components": ("PCA", 3),
    "project": ("PCA", 2),
}


def run(course, *arguments):
    assert cli.main([*arguments, "--course", str(course)]) == 0, arguments


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The course as its author makes it: with commands, then by writing into cells and files."""
    course = tmp_path_factory.mktemp("example") / "course"
    run(course, "new", NAME, "--notebook", "KMeans")
    for step, (notebook, points) in STEPS.items():
        run(course, "add", step, "--to", notebook, "--points", str(points))
    shutil.rmtree(course / "proof" / NAME / "variants")  # of the exercise that `new` has made
    shutil.copytree(EXAMPLE / "proof", course / "proof" / NAME, dirs_exist_ok=True)
    shutil.copytree(EXAMPLE / "points", course / "points")
    shutil.copy(EXAMPLE / "course.toml", course)
    for text in EXAMPLE.glob("*.txt"):
        write(course / "source" / NAME / f"{text.stem}.ipynb", cells_of(text.read_text()))
    return course


def write(path: Path, cells):
    """Put what the author writes into the cells that commands have made, with other ones between them."""
    notebook = read(path)
    made = {cell.id: cell for cell in notebook.cells}
    for cell in cells:
        if cell.id in made:
            assert cell.metadata == made[cell.id].metadata
    missing = STEPS.keys() & made.keys() - {cell.id for cell in cells}
    assert not missing
    notebook.cells = [*cells, made["hand_in_text"], made["progress"]]
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def graded(course):
    """The course proved, released, handed out, and two submissions graded."""
    run(course, "prove")
    run(course, "release")
    run(course, "hand-out")
    assignment = chosen(course)
    mistakes = {"PCA": "not_centered", "KMeans": "farthest_center"}
    for student in ("right", "mistaken"):
        folder = assignment.submitted(student)
        folder.mkdir(parents=True)
        for name, key in keys(assignment).items():
            notebook = answered(read(assignment.release / f"{name}.ipynb"), key)
            if student == "mistaken":
                mistake = next(each for each in catalogue(assignment, name) if each.name == mistakes[name])
                cell = next(cell for cell in notebook.cells if cell.id == mistake.cell)
                cell.source = without_marks(mistake.wrong(key))
            nbformat.write(notebook, folder / f"{name}.ipynb")
    run(course, "grade")
    run(course, "report", NAME)
    return course


def test_it_proves_itself(course, capsys):
    """Is every step proved, with its misconceptions and variants, and without an independent reference?"""
    run(course, "prove", "--all")
    said = capsys.readouterr().out
    assert [step for step in STEPS if f"✓ {step} " not in said] == []
    assert "no independent reference" in said


def test_points_of_the_class(graded):
    """Does the right submission earn all automatic points, and the other one lose those of its two mistakes only?"""
    with (graded / "grades.csv").open(newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    automatic = sum(points for _, points in STEPS.values())
    right, mistaken = (float(rows[student]["score"]) for student in ("right", "mistaken"))
    assert right == automatic
    lost = STEPS["nearest_center"][1] + STEPS["components"][1]
    assert right - lost <= mistaken < right


def test_hints_reach_the_student(graded):
    """Does the feedback name each mistake by its hint?"""
    pages = {path.stem: path.read_text() for path in chosen(graded).feedback("mistaken").glob("*.html")}
    assert "look for the smallest distance" in pages["KMeans"]
    assert "You forgot to subtract the mean" in pages["PCA"]


def test_the_hand_out(graded):
    """Do students get both notebooks and the course's own package, and nothing of the key?"""
    with zipfile.ZipFile(graded / "hand_out" / f"{NAME}.zip") as archive:
        names = [Path(name).name for name in archive.namelist()]
        text = b"".join(archive.read(name) for name in archive.namelist() if name.endswith(".ipynb"))
    assert {"KMeans.ipynb", "PCA.ipynb"} <= set(names)
    assert any(name.startswith("points-") and name.endswith(".whl") for name in names)
    assert b"BEGIN" not in text
    assert b"distances.argmin" not in text


def test_the_report(graded):
    """Is there a page about the class, with both students and the mistakes that were made?"""
    page = next((graded / "report").rglob("report.html")).read_text()
    assert "not_centered" in page or "You forgot to subtract the mean" in page
