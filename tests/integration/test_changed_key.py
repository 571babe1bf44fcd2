"""A key that changes after submissions were graded: nothing that was earned is lost, and what changed is told."""

import shutil
from pathlib import Path

import nbformat
import pytest
from autograder.authoring.release import release
from autograder.cli import main
from autograder.core.notebooks import read
from autograder.course.key import keys
from autograder.course.solutions import answered
from autograder.execution.kernel import sandbox
from autograder.grading.run import Options, grade
from autograder.integration.converters import ConversionFailed
from helpers import toy
from helpers.courses import the
from nbgrader.api import Gradebook

CONFIG = f"""
from autograder.config import configure
c = get_config()
configure(c)
c.ExecuteFromStore.sandbox = {not sandbox.unavailable()}
"""
NEW_CHECK = """with checking("half") as check:
    @check.case("half")
    def _(random):
        x = random.randn(3)
        check.equal("out", double(x), 2 * x)"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The toy course with one submission, graded, and two points by hand for its answer."""
    course = toy.make_course(tmp_path_factory.mktemp("graded") / "course")
    (course / "nbgrader_config.py").write_text(CONFIG)
    release(the(course))
    folder = course / "submitted" / "ada" / "assignment2"
    folder.mkdir(parents=True)
    key = keys(the(course))["Toy"]
    nbformat.write(answered(read(course / "release" / "assignment2" / "Toy.ipynb"), key), folder / "Toy.ipynb")
    grade(the(course), Options(workers=1))
    with open_gradebook(course) as gradebook:
        mark = gradebook.find_grade("why", "Toy", "assignment2", "ada")
        mark.manual_score, mark.needs_manual_grade = 2, False
        gradebook.find_comment("why", "Toy", "assignment2", "ada").manual_comment = "well said"
        gradebook.db.commit()
    return course


@pytest.fixture
def course(graded, tmp_path):
    """A copy of the graded course."""
    return Path(shutil.copytree(graded, tmp_path / "copy"))


def open_gradebook(course):
    return Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n")


def edit(course, change):
    """Change the cells of the key. change: function of the list of cells"""
    path = course / "source" / "assignment2" / "Toy.ipynb"
    notebook = read(path)
    change(notebook.cells)
    nbformat.write(notebook, path)


def add_check(cells):
    cells.append(toy.cell("tests", "test_half", NEW_CHECK, 3))


def remove_check(cells):
    cells[:] = [cell for cell in cells if cell.id != "test_square"]


def remove_answer(cells):
    cells[:] = [cell for cell in cells if cell.id != "why"]


def rename_solution(cells):
    for cell in cells:
        if cell.id == "square":
            cell.metadata.nbgrader.grade_id = "squared"


def change_points(cells):
    for cell in cells:
        if cell.id == "test_double":
            cell.metadata.nbgrader["points"] = 10


def change_input(cells):
    for cell in cells:
        if cell.id == "test_double":
            cell.source = cell.source.replace("random.randn(3)", "random.randn(4)")


CHANGES = [
    (add_check, 11, "Toy test_half: new, 3 points"),
    (remove_check, 6, "Toy test_square: gone, 2 points"),
    (remove_answer, 6, "ada had 2 manual points for why"),
    (rename_solution, 8, "Toy squared: new"),
    (change_points, 14, "Toy test_double: 10 points instead of 4"),
]


@pytest.mark.parametrize(("change", "total", "told"), CHANGES, ids=[change.__name__ for change, *_ in CHANGES])
def test_change(change, total, told, course, capsys):
    """Does grading ask for a release, the release keep what is graded and tell what changed, and grading then go on?"""
    edit(course, change)
    command = ["--course", str(course)]
    assert main(["grade", *command]) == 1
    message = capsys.readouterr().err
    assert "run `autograder release`" in message
    assert "error processing" not in message
    with open_gradebook(course) as gradebook:
        assert gradebook.find_submission("assignment2", "ada").score == 8
    assert main(["release", *command]) == 0
    printed = capsys.readouterr().out
    assert told in printed
    copies = list(course.glob("gradebook.db.*"))
    assert [str(copy) in printed for copy in copies] == [True]
    assert main(["grade", *command]) == 0
    with open_gradebook(course) as gradebook:
        assert gradebook.find_submission("assignment2", "ada").score == total
        if change is not remove_answer:
            assert gradebook.find_comment("why", "Toy", "assignment2", "ada").comment == "well said"
    assert release(the(course)) == []


def test_a_changed_check_executes_its_notebook_only(tmp_path):
    """Is of two notebooks only the one executed again whose check has changed, though both are judged again?"""
    course = toy.make_course(tmp_path / "course")
    (course / "nbgrader_config.py").write_text(CONFIG)
    shutil.copy(course / "source" / "assignment2" / "Toy.ipynb", course / "source" / "assignment2" / "Toy2.ipynb")
    release(the(course))
    folder = course / "submitted" / "ada" / "assignment2"
    folder.mkdir(parents=True)
    for name, key in keys(the(course)).items():
        released = read(course / "release" / "assignment2" / f"{name}.ipynb")
        nbformat.write(answered(released, key), folder / f"{name}.ipynb")
    how = Options(workers=1, feedback=False)
    assert grade(the(course), how).executed == 2
    edit(course, change_input)
    release(the(course))
    outcome = grade(the(course), how)
    assert (outcome.executed, outcome.judged, outcome.rows[0].total) == (1, 1, 12)


def test_notebooks_come_and_go(course):
    """Is a new notebook a part of the submissions that are there, and one that is gone none any more?"""
    source = course / "source" / "assignment2"
    notebook = read(source / "Toy.ipynb")
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.grade_id += "_more"
    nbformat.write(notebook, source / "More.ipynb")
    assert "More test_double_more: new, 4 points" in release(the(course))
    (row,) = grade(the(course), Options(workers=1)).rows
    assert row.scores == {"More": 0, "Toy": 8}
    (source / "More.ipynb").unlink()
    assert "More test_double_more: gone, 4 points" in release(the(course))
    (row,) = grade(the(course), Options(workers=1)).rows
    assert row.scores == {"Toy": 8}


def test_key_that_cannot_be_released(course):
    """Does a release that fails leave release/ and the gradebook as they were?"""
    paths = [course / "gradebook.db", course / "release" / "assignment2" / "Toy.ipynb"]
    before = [path.read_bytes() for path in paths]
    twice = toy.cell("tests", "test_double", NEW_CHECK, 3)  # nbgrader's id is there already, the cell's own is not
    twice.id = "other"
    edit(course, lambda cells: cells.append(twice))
    with pytest.raises(ConversionFailed):
        release(the(course))
    assert [path.read_bytes() for path in paths] == before


def test_interrupted_migration(course, monkeypatch):
    """Does a release that was killed in the middle of it complete when it is run again?"""
    edit(course, add_check)
    edit(course, remove_check)
    with monkeypatch.context() as patched:
        calls = iter(range(100))

        def stop(gradebook, assignment):
            if next(calls) == 1:  # the first call is for the copy that is tried out
                raise KeyboardInterrupt

        patched.setattr("autograder.integration.migration._fill_submissions", stop)
        with pytest.raises(KeyboardInterrupt):
            release(the(course))
    release(the(course))
    (row,) = grade(the(course), Options(workers=1)).rows
    assert row.total == 9
