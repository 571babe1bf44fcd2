"""Putting what students wrote into the instructor's notebook: autograder.submission."""

import json

import nbformat
import pytest
from autograder.core.results import RepairKind
from autograder.course.cells import grade_id, name_of
from autograder.course.key import keys
from autograder.submission.parsing import parse_notebook
from autograder.submission.reading import NotGradable, read_submission
from autograder.submission.sanitize import sanitize
from helpers import toy
from helpers.courses import WORKBOOK

MINE = "def double(x):\n    return x + x"


@pytest.fixture
def handed_in(toy_key):
    """The released toy notebook with `double` solved."""
    notebook = nbformat.from_dict(toy_key.template)
    for each in notebook.cells:
        each.source = toy_key.given[name_of(each)]
    cell(notebook, "double").source = MINE
    return notebook


def cell(notebook, name):
    return next(cell for cell in notebook.cells if (grade_id(cell) or cell.id) == name)


def read(path):
    """The notebook of a submission whose folder is that of `path`."""
    return parse_notebook(read_submission(path.parent, [path.stem]).notebooks[path.stem], path.stem)[0]


def sources(notebook):
    return [cell.source for cell in notebook.cells]


def test_solutions_are_taken_and_checks_are_not(handed_in, toy_key):
    """Are the student's solutions put into the instructor's notebook, hidden checks included, without complaint?"""
    clean, repairs = sanitize(handed_in, toy_key)
    assert repairs == []
    assert cell(clean, "double").source == MINE
    assert cell(clean, "test_double").source == toy.TEST_DOUBLE
    assert "NotImplementedError" in cell(clean, "square").source
    assert [grade_id(c) for c in clean.cells] == [grade_id(c) for c in toy_key.notebook.cells]


def test_no_solution_is_left_in_the_template(toy_key):
    """Does an empty submission meet stubs, never the key's own code or model answer?"""
    clean, _ = sanitize(nbformat.v4.new_notebook(), toy_key)
    assert "2 * x" not in cell(clean, "double").source
    assert cell(clean, "why").source == "YOUR ANSWER HERE"


def test_changed_check_cell(handed_in, toy_key):
    """Is a weakened check cell replaced and reported?"""
    cell(handed_in, "test_double").source = "pass"
    clean, repairs = sanitize(handed_in, toy_key)
    assert cell(clean, "test_double").source == toy.TEST_DOUBLE
    assert [(repair.kind, repair.cell) for repair in repairs] == [(RepairKind.CHECK_CHANGED, "test_double")]


@pytest.mark.parametrize("name", ["double", "test_double", "why", "imports", "title"])
def test_deleted_cell(handed_in, toy_key, name):
    """Does a deleted cell come back as it was released, and cost nothing else?"""
    handed_in.cells = [c for c in handed_in.cells if (grade_id(c) or c.id) != name]
    clean, repairs = sanitize(handed_in, toy_key)
    assert [grade_id(c) or c.id for c in clean.cells] == [grade_id(c) or c.id for c in toy_key.notebook.cells]
    assert list(map(str, repairs)) == ([f"{name}: the cell was missing"] if name in ("double", "why") else [])


def test_duplicated_cells(handed_in, toy_key):
    """Of a solution that was copied, does the last one count while the first still runs, and a copied check vanish?"""
    for name in ("double", "test_double"):
        copy = nbformat.from_dict(cell(handed_in, name))
        copy.id = f"copy-of-{name.replace('_', '-')}"
        copy.source = "def double(x):\n    return 0 * x" if name == "double" else copy.source
        handed_in.cells.append(copy)
    clean, repairs = sanitize(handed_in, toy_key)
    assert cell(clean, "double").source == "def double(x):\n    return 0 * x"
    assert sources(clean).index(MINE) < len(clean.cells)
    assert sum("with checking" in source for source in sources(clean)) == 2
    assert [repair.kind for repair in repairs].count(RepairKind.CELL_REPEATED) == 2


def test_reordered_cells(handed_in, toy_key):
    """Do cells that were moved come back into the instructor's order?"""
    handed_in.cells.reverse()
    clean, repairs = sanitize(handed_in, toy_key)
    assert [grade_id(c) for c in clean.cells] == [grade_id(c) for c in toy_key.notebook.cells]
    assert cell(clean, "double").source == MINE
    assert list(map(str, repairs)) == ["cells were in another order"]


def test_retyped_cell(handed_in, toy_key):
    """Is a solution that became a text cell code again?"""
    index = handed_in.cells.index(cell(handed_in, "double"))
    theirs = nbformat.v4.new_markdown_cell(MINE, metadata=handed_in.cells[index].metadata)
    handed_in.cells[index] = theirs
    clean, repairs = sanitize(handed_in, toy_key)
    assert cell(clean, "double").cell_type == "code"
    assert cell(clean, "double").source == MINE
    assert list(map(str, repairs)) == ["double: was a markdown cell and is a code cell again"]


def test_lost_metadata(handed_in, toy_key):
    """Are cells found by their cell id where an editor dropped the metadata, and by what they define without that?"""
    for c in handed_in.cells:
        c.metadata = nbformat.NotebookNode()
    clean, repairs = sanitize(handed_in, toy_key)
    assert cell(clean, "double").source == MINE
    assert repairs == []
    for number, c in enumerate(handed_in.cells):
        c.id = f"new-{number}"
    clean, repairs = sanitize(handed_in, toy_key)
    assert cell(clean, "double").source == MINE
    assert (RepairKind.ID_LOST, "double") in [(repair.kind, repair.cell) for repair in repairs]


def test_added_cells_stay_where_they_were(handed_in, toy_key):
    """Do helper cells keep their place, and lose outputs and forged ids?"""
    helper = nbformat.v4.new_code_cell("def helper():\n    pass", metadata={"nbgrader": {"grade_id": "forged"}})
    handed_in.cells.insert(2, helper)
    handed_in.cells.insert(0, nbformat.v4.new_code_cell("first = 1"))
    clean, _ = sanitize(handed_in, toy_key)
    found = sources(clean)
    assert found[0] == "first = 1"
    assert found.index(helper.source) == found.index(MINE) - 1
    assert all(grade_id(c) != "forged" for c in clean.cells)
    assert len({c.id for c in clean.cells}) == len(clean.cells)


def test_imports_added_to_a_given_cell(handed_in, toy_key):
    """Do imports that a student adds to the import cell run behind the original?"""
    cell(handed_in, "imports").source += "\nimport itertools"
    clean, _ = sanitize(handed_in, toy_key)
    names = [c.id for c in clean.cells]
    after = clean.cells[names.index("imports") + 1]
    assert "itertools" not in cell(clean, "imports").source
    assert "itertools" in after.source


def test_experiment_keeps_the_students_outputs(handed_in, toy_key):
    """Do the outputs that a student submitted for an experiment stay for the reader?"""
    theirs = cell(handed_in, "plot")
    theirs.source = "print('my own settings')"
    theirs.outputs = [nbformat.v4.new_output("stream", text="my own settings")]
    clean, _ = sanitize(handed_in, toy_key)
    assert cell(clean, "plot").source == theirs.source
    assert cell(clean, "plot").outputs == theirs.outputs


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not a readable notebook"),
        ('{"cells": [', "not a readable notebook"),
        ("[]", "not a readable notebook"),
        ('{"cells": 3, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "not a readable notebook"),
        ("\x00\x01", "not a readable notebook"),
    ],
)
def test_unreadable_files(tmp_path, content, said):
    """Does each broken file give a reason in words?"""
    path = tmp_path / "Toy.ipynb"
    path.write_text(content)
    with pytest.raises(NotGradable, match=said):
        read(path)


def test_old_format(tmp_path, handed_in, toy_key):
    """Is a notebook of an older format upgraded and graded?"""
    old = json.loads(nbformat.writes(handed_in))
    old["nbformat_minor"] = 2
    for c in old["cells"]:
        del c["id"]
    path = tmp_path / "Toy.ipynb"
    path.write_text(json.dumps(old))
    clean, repairs = sanitize(read(path), toy_key)
    assert cell(clean, "double").source == MINE
    assert repairs == []


def test_older_version(tmp_path, handed_in, toy_key):
    """Is a notebook of version 3, which has worksheets, upgraded and graded?"""
    nbformat.write(nbformat.convert(handed_in, 3), tmp_path / "Toy.ipynb", version=3)
    clean, _ = sanitize(read(tmp_path / "Toy.ipynb"), toy_key)
    assert cell(clean, "double").source == MINE


def test_huge_notebook(tmp_path, monkeypatch):
    """Is a notebook of a hundred megabytes refused before it is read?"""
    path = tmp_path / "Toy.ipynb"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    with pytest.raises(NotGradable, match="has 100 MB"):
        read(path)


def test_pictures_pasted_into_an_answer_are_kept(handed_in, toy_key):
    """Do the pictures of an answer, and of a cell that was added, come along, and what is no picture not?"""
    picture = {"image/png": "aGk="}
    answer = cell(handed_in, "why")
    answer.attachments = {"plot.png": picture, "broken.png": 3, "worse.png": {"image/png": None}}
    added = nbformat.v4.new_markdown_cell("mine", attachments={"plot.png": picture})
    handed_in.cells.append(added)
    clean, _ = sanitize(handed_in, toy_key)
    assert cell(clean, "why").attachments == {"plot.png": picture}
    assert next(c for c in clean.cells if c.source == "mine").attachments == {"plot.png": picture}
    nbformat.validate(clean)


def test_added_cells_have_names_of_their_own(handed_in, toy_key):
    """Has each added cell another id, whatever kinds they are and whatever ids they had?"""
    for kind in ("raw", "markdown", "code", "markdown"):
        cell_of_kind = getattr(nbformat.v4, f"new_{kind}_cell")("mine", id="added-0")
        handed_in.cells.insert(3, cell_of_kind)
    clean, _ = sanitize(handed_in, toy_key)
    assert len({each.id for each in clean.cells}) == len(clean.cells)


def test_helpers_of_helpers(handed_in, toy_key):
    """Do helpers in an experiment come with what they need in turn, before the first cell that needs them, and is what
    only running the experiment gives told?"""
    cell(handed_in, "plot").source += "\nTWO = 2\ndef times(x):\n    return TWO * x\nresult = train()"
    cell(handed_in, "double").source = "def double(x):\n    return times(x) + result"
    clean, repairs = sanitize(handed_in, toy_key)
    before = clean.cells[clean.cells.index(cell(clean, "double")) - 1]
    assert before.source == "TWO = 2\n\ndef times(x):\n    return TWO * x"
    assert [(repair.kind, repair.cell) for repair in repairs] == [
        (RepairKind.MOVED, "TWO, times"),
        (RepairKind.NOT_RUN, "double"),
    ]


def test_empty_answers_without_ids_are_no_answers(handed_in, toy_key):
    """Is an untouched place for an answer recognized as one without its id, and neither an answer nor a remark?"""
    for each in handed_in.cells:
        each.id, each.metadata = "", nbformat.NotebookNode()
    clean, repairs = sanitize(handed_in, toy_key)
    assert cell(clean, "why").source == toy_key.given["why"]
    assert [repair for repair in repairs if repair.cell == "why"] == []
    assert len(clean.cells) == len(toy_key.notebook.cells)


@pytest.mark.parametrize("name", list(keys(WORKBOOK)))
def test_untouched_notebook_needs_no_repair(name, course_keys, repository):
    """Is nothing said of a notebook as it was handed out, whose stubs return what nothing has computed yet?"""
    notebook = read(repository / "release" / "assignment2" / f"{name}.ipynb")
    _, repairs = sanitize(notebook, course_keys[name])
    assert repairs == []
