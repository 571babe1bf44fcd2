"""The key of an assignment, and what is kept of it in memory."""

import json
import os
import sys

import nbformat
from autograder.course.assignment import Assignment
from autograder.course.catalogue import fingerprints_file, known_mistakes
from autograder.course.cells import Names, names_in
from autograder.course.key import key_modules, load_key
from autograder.judging.networks import key_class
from helpers.courses import WORKBOOK


def test_importing_the_key_leaves_its_notebooks_behind_and_nothing_else(tmp_path, monkeypatch):
    """Do modules stay imported that a notebook was the first to import, while the notebook itself does not?"""
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    cell = nbformat.v4.new_code_cell("import colorsys")
    assignment = Assignment(tmp_path, "pictures")
    assignment.source.mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), assignment.source / "Colors.ipynb")
    found = key_modules(assignment)["Colors"]
    assert found.colorsys is sys.modules["colorsys"]
    assert "Colors" not in sys.modules


def test_unchanged_key_is_parsed_once(toy_key):
    """Is the key the same object as long as nothing changes, and another one after its notebook was touched?"""
    assert load_key(toy_key.assignment, "Toy") is toy_key
    os.utime(toy_key.assignment.source / "Toy.ipynb", ns=(1, 1))  # older than before: newer is not the question
    assert load_key(toy_key.assignment, "Toy") is not toy_key


def test_catalogue_is_read_again_when_it_changes(toy_key):
    """In a process that lives long, do new hints and new fingerprints reach the judge?"""
    before = known_mistakes(toy_key)
    path = toy_key.assignment.proof / "misconceptions" / "Toy.toml"
    path.write_text(path.read_text().replace("You added two: multiply.", "Multiply instead of adding."))
    fingerprints_file(toy_key.assignment).write_text(json.dumps({"double": {}}))
    after = known_mistakes(load_key(toy_key.assignment, "Toy"))
    assert before.hints["added_two"] == "You added two: multiply."
    assert after.hints["added_two"] == "Multiply instead of adding."
    assert after.fingerprints == {"double": {}}


def test_class_of_the_key_is_built_again_when_it_changes(toy_key):
    """Does a class that the key redefines reach the judge of networks?"""
    path = toy_key.assignment.source / "Toy.ipynb"
    notebook = nbformat.read(path, as_version=4)

    def redefine(size):
        notebook.cells[1].source = f"class Net:\n    size = {size}"
        nbformat.write(notebook, path)
        return key_class(load_key(toy_key.assignment, "Toy"), "Net")

    assert [redefine(1).size, redefine(22).size] == [1, 22]


def test_any_earlier_notebook_may_be_imported(course_keys):
    """Does a submission find the key's definitions of all notebooks before it, whichever ones the key imports?"""
    order = list(WORKBOOK.hours)
    found = {name: list(key.definitions) for name, key in course_keys.items()}
    assert found == {name: order[:number] for number, name in enumerate(order)}


def test_local_variable_is_no_name_that_a_cell_reads():
    """Does a cell read the global names in it, wherever they are, and no local variable of that name?"""
    source = "%matplotlib inline\ndef f(x, affine=None):\n    relu = x\n    return [conv(relu, affine) for each in x]"
    assert names_in(source).loaded == {"conv"}
    assert names_in(f"{source}\nrelu = f(conv)").loaded == {"conv", "f"}
    assert names_in("def f(:") == Names()
