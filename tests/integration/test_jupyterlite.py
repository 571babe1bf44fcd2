"""The hand-out as a site that runs in browsers: what is in it, and, in Chromium, all of it that computes nothing."""

import json
import os
import re
from pathlib import Path

import nbformat
import pytest
from autograder import cli
from autograder.authoring.jupyterlite import jupyterlite
from autograder.core.errors import GraderError
from helpers.browser import chromium, served
from helpers.courses import the

FIRST_RUN_MS = 180_000  # Python comes into the browser
TYPED = """\
import json, cs231n.notebook_import
from cs231n.kit import hand_in, hint, progress
progress()
hint("affine_forward")
hand_in()
cell = {"cell_type": "code", "id": "one", "metadata": {}, "source": "def double(x): return 2 * x"}
with open("Mine.ipynb", "w") as file:
    json.dump({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, file)
from Mine import double
print("the", "end", double(21))
"""


@pytest.fixture(scope="module")
def site(released_toy, tmp_path_factory):
    """The site of the toy course, with its own Pyodide where there is one."""
    folder = tmp_path_factory.mktemp("lite") / "site"
    pyodide = os.environ.get("CS231N_TEST_PYODIDE")
    jupyterlite(the(released_toy), folder, Path(pyodide) if pyodide else None)
    return folder


def test_site(site, released_toy):
    """Are the notebooks there with a cell that installs the package, the package, a page for browsers, no key, and no
    extension of the instructor's Jupyter?"""
    assert sorted(path.name for path in (site / "files").iterdir()) == ["README.md", "Toy.ipynb"]
    notebook = nbformat.read(site / "files" / "Toy.ipynb", as_version=4)
    assert "%pip install -q cs231n-assignment2" in notebook.cells[0].source
    assert "matrix" not in str(notebook)  # the name of a hidden case
    page = (site / "files" / "README.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {the(released_toy).title}\n")
    assert "start.py" not in page
    assert "[Toy](Toy.ipynb)" in page
    assert "cs231n-assignment2" in json.loads((site / "pypi" / "all.json").read_text(encoding="utf-8"))
    extensions = [path.parent.name for path in (site / "extensions").rglob("package.json")]
    assert extensions == ["pyodide-kernel-extension"]


def test_again(site, released_toy, tmp_path, capsys):
    """Is a folder refused that holds anything else, by one line that says what to do?"""
    (tmp_path / "notes.txt").touch()
    assert cli.main(["jupyterlite", "--course", str(released_toy), "--into", str(tmp_path)]) == 1
    assert "name another folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_without_jupyterlite(released_toy, tmp_path, monkeypatch):
    """Is it said what to install where JupyterLite is missing?"""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(GraderError, match=r"pip install 'cs231n-autograder\[lite\]'"):
        jupyterlite(the(released_toy), tmp_path / "site")


@pytest.mark.needs("chromium")
@pytest.mark.needs("pyodide")
def test_in_browser(site):
    """Do the package install itself, and progress, hints, handing in and the import of notebooks work in the browser,
    without anything from elsewhere?"""
    with served(site) as address, chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(60_000)
        elsewhere = []
        page.on("request", lambda asked: elsewhere.append(asked.url) if is_elsewhere(asked.url) else None)
        page.goto(f"{address}/lab/index.html?path=Toy.ipynb")
        page.locator(".jp-Notebook .jp-CodeCell").first.click()
        page.keyboard.press("Shift+Enter")
        for key in ("Escape", "b", "Enter"):
            page.keyboard.press(key)
        page.keyboard.insert_text(TYPED)
        page.keyboard.press("Shift+Enter")
        page.get_by_text("the end 42").wait_for(timeout=FIRST_RUN_MS)
        said = "\n".join(page.locator(".jp-Notebook .jp-OutputArea-output").all_inner_texts())
    assert re.search(r"(?m)^  double +4  still empty", said)
    assert "affine_forward, hint 1 of 3" in said
    assert re.search("Hand in this file: .*assignment2_hand_in.zip", said)
    assert elsewhere == []


def is_elsewhere(address):
    return not address.startswith(("http://127.0.0.1:", "data:", "blob:"))
