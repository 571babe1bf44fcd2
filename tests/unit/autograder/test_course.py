"""The key of an assignment."""

import sys

import nbformat
from autograder.course.key import key_modules


def test_importing_the_key_leaves_its_notebooks_behind_and_nothing_else(tmp_path, monkeypatch):
    """Do modules stay imported that a notebook was the first to import, while the notebook itself does not?"""
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    cell = nbformat.v4.new_code_cell("import colorsys")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "Colours.ipynb")
    found = key_modules(tmp_path)["Colours"]
    assert found.colorsys is sys.modules["colorsys"]
    assert "Colours" not in sys.modules
