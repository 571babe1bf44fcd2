"""A class in which every accident on the way to the grader has happened once: no honest point is missing."""

import json
import re
import shutil

import nbformat
import pytest
from autograder.authoring.release import release
from autograder.core.annotations import status_of
from autograder.core.notebooks import read
from autograder.course.cells import is_answer, name_of
from autograder.course.key import load_key
from autograder.course.solutions import answered
from autograder.demo import samples
from autograder.grading.run import Options, grade
from autograder.submission.parsing import parse_notebook
from autograder.submission.preparation import make_job
from autograder.submission.sanitize import sanitize
from helpers import handed_in, hostile, toy
from helpers.courses import the
from nbgrader.api import Gradebook

SANDBOX = pytest.mark.needs("sandbox")
RIGHT = {"test_double": 4, "test_square": 2}
CLASS = 100  # students
HONEST = [f"honest {number}" for number in range(CLASS - len(handed_in.CASES))]
pytestmark = pytest.mark.xdist_group("handed in")  # one class, graded once


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The course after one run, and the row of each student."""
    course = toy.make_course(tmp_path_factory.mktemp("handed-in") / "course")
    release(the(course))
    solved = hostile.solved_notebook(course, load_key(the(course), "Toy"))
    for name, case in handed_in.CASES.items():
        handed_in.hand_in(course, name, case, solved)
    for name in HONEST:
        nbformat.write(solved, samples.submission(the(course), name, samples.ON_TIME) / "Toy.ipynb")
    rows = grade(the(course), Options(feedback=False)).rows
    return course, {row.student: row for row in rows}


def judged(course, student):
    return read(course / "autograded" / student / "assignment2" / "Toy.ipynb")


@SANDBOX
@pytest.mark.parametrize("name", [*handed_in.CASES, *HONEST])
def test_no_point_is_missing(graded, name):
    """Has each student all automatic points, and the answer a grade by hand due?"""
    course, _ = graded
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        grades = {grade.name: grade for grade in gradebook.find_submission("assignment2", name).notebooks[0].grades}
        assert {check: grades[check].auto_score for check in RIGHT} == RIGHT
        assert grades["why"].needs_manual_grade


@SANDBOX
@pytest.mark.parametrize("name", handed_in.CASES)
def test_what_was_repaired_is_told(graded, name):
    """Does each row say what has happened, and nothing if nothing needs to be said?"""
    _, rows = graded
    case, remarks = handed_in.CASES[name], "; ".join(rows[name].remarks)
    assert re.search(case.remark, remarks) if case.remark else remarks == ""


@SANDBOX
@pytest.mark.parametrize("name", handed_in.CASES)
def test_answers_are_shown(graded, name):
    """Does whoever grades by hand find the answer, or the word that there is none, in its place?"""
    course, _ = graded
    answer = next(cell for cell in judged(course, name).cells if name_of(cell) == "why")
    assert answer.cell_type == "markdown"
    assert re.search(handed_in.CASES[name].shown, answer.source, re.DOTALL)


@SANDBOX
@pytest.mark.parametrize("name", handed_in.CASES)
def test_no_experiment_runs(graded, name):
    """Is the experiment executed nowhere, under whatever name, and each given text there once?"""
    course, _ = graded
    cells = judged(course, name).cells
    assert [name_of(c) for c in cells if status_of(c) is not None and "an experiment" in c.source] == []
    assert sum(cell.source.startswith("# Toy") for cell in cells) == 1


def own_settings(notebook, cells):
    """Change every experiment as students do: other numbers, one more line."""
    for each in notebook["cells"]:
        if "experiment" in each["metadata"].get("tags", []):
            each["source"] = each["source"].replace("0.", "1.") + "\nprint('mine')"


@pytest.mark.parametrize("name", ["FullyConnectedNets", "BatchNormalization", "Dropout", "ConvolutionalNetworks"])
@pytest.mark.parametrize(
    "lose",
    [handed_in.lose_ids, handed_in.lose_all, handed_in.same_ids, handed_in.long_ids,
     handed_in.lose_ids_and(own_settings), handed_in.lose_all_and(own_settings)],
    ids=["ids", "everything", "same ids", "long ids", "ids, edited", "everything, edited"],
)  # fmt: skip
def test_real_notebooks_are_the_same_without_ids(course_keys, repository, name, lose):
    """Is what is executed of a complete notebook the same, and every answer in its place, when ids were lost?"""
    key = course_keys[name]
    solved = answered(read(repository / "release" / "assignment2" / f"{name}.ipynb"), key)
    whole, repairs = sanitized(json.loads(nbformat.writes(solved, split_lines=False)), key)
    assert repairs == []
    notebook = json.loads(nbformat.writes(solved, split_lines=False))
    lose(notebook, {cell["id"]: cell for cell in notebook["cells"]})
    clean, _ = sanitized(notebook, key)
    assert make_job(clean, key).address == make_job(whole, key).address
    assert answers(clean) == answers(whole)
    assert len(clean.cells) == len(whole.cells)


def sanitized(notebook, key):
    parsed, problems = parse_notebook(json.dumps(notebook).encode(), key.name)
    clean, repairs = sanitize(parsed, key)
    return clean, problems + repairs


def answers(notebook):
    return {name_of(cell): cell.source for cell in notebook.cells if is_answer(cell)}


def merged(notebook, cells):
    cells["dropout_forward"]["source"] += f"\n\n{cells['dropout_backward']['source']}"
    handed_in.drop("dropout_backward")(notebook, cells)


def helper_in_the_experiment(notebook, cells):
    handed_in.append_to("load_data", "\n\ndef ones(x):\n    return np.ones_like(x)\n")(notebook, cells)
    cells["dropout_forward"]["source"] += (
        "\n\nforward = dropout_forward\ndef dropout_forward(x, dropout_param):\n"
        "    return forward(x * ones(x), dropout_param)"
    )


def answers_elsewhere(notebook, cells):
    below, typed = cells["question_1"]["source"], cells["question_2"]["source"]
    for name in ("question_1", "question_2"):
        cells[name]["source"] = "YOUR ANSWER HERE"
    handed_in.put_behind("question_1", handed_in.cell("markdown", below))(notebook, cells)
    handed_in.append_to("question_2_text", f"\n\n{typed}")(notebook, cells)
    cells["question_3"]["source"] = "a cut emoji \ud83d, see ![image.png](attachment:image.png)"


def exit_and_outputs(notebook, cells):
    handed_in.put_behind("imports", handed_in.cell("code", "exit()"))(notebook, cells)
    cells["plot_regularization"]["outputs"] = [{"output_type": "stream", "text": "x"}, None]


DROPOUT = {  # what has happened to a complete notebook, and what its row says
    "merged": (handed_in.changed(merged), "dropout_backward: its code was in the cell dropout_forward"),
    "helper": (handed_in.changed(helper_in_the_experiment), "ones: taken from the cell load_data"),
    "answers": (handed_in.changed(answers_elsewhere), "picture image.png of this text was not handed in"),
    "exit": (handed_in.changed(exit_and_outputs), "an output that is not valid was left out"),
    "Colab": (handed_in.changed(handed_in.lose_ids), ""),
    "lost": (handed_in.changed(handed_in.lose_all), "question_1: recognized by its question"),
}


@SANDBOX
def test_accidents_of_a_real_notebook(repository, tmp_path, course_keys):
    """Has everybody all points of Dropout, every answer a grade by hand due, and a row that says what has happened?"""
    course = tmp_path / "course"
    shutil.copytree(repository / "source", course / "source")
    shutil.copy(repository / "nbgrader_config.py", course)
    release(the(course))
    solved = answered(read(course / "release" / "assignment2" / "Dropout.ipynb"), course_keys["Dropout"])
    for name, (make, _) in DROPOUT.items():
        make(course / "submitted" / name, json.loads(nbformat.writes(solved, split_lines=False)))
        (course / "submitted" / name / "assignment2" / "Toy.ipynb").rename(
            course / "submitted" / name / "assignment2" / "Dropout (1).ipynb"
        )
    for row in grade(the(course), Options(feedback=False)).rows:
        with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
            grades = gradebook.find_submission_notebook("Dropout", "assignment2", row.student).grades
            assert sum(grade.auto_score or 0 for grade in grades) == 7
            assert sum(grade.needs_manual_grade for grade in grades) == 3
        assert DROPOUT[row.student][1] in "; ".join(row.remarks)
        assert "Dropout.ipynb was found as" in "; ".join(row.remarks)
