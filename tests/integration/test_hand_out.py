"""What students get: all that they need, and nothing of the key."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version

import nbformat
import pytest
from autograder.authoring.hand_out import hand_out
from autograder.authoring.proving.leaks import lines_of
from autograder.core.errors import GraderError
from helpers import ASSIGNMENT, REPOSITORY
from helpers.courses import WORKBOOK, the
from helpers.key_lines import MARKS, secret_edits, secret_lines

NOTEBOOKS = list(WORKBOOK.hours)
WHEEL = f"cs231n_assignment2-{version('cs231n-assignment2')}-py3-none-any.whl"
FILES = ["README.md", "start.py", *(f"{name}.ipynb" for name in NOTEBOOKS), "requirements.txt", WHEEL]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with the repository's key, not released yet."""
    course = tmp_path_factory.mktemp("course")
    shutil.copy(REPOSITORY / "nbgrader_config.py", course)
    for folder in ("source", "proof"):
        shutil.copytree(REPOSITORY / folder, course / folder)
    shutil.copy(REPOSITORY / "course.toml", course)
    return course


@pytest.fixture(scope="module")
def handed_out(course):
    """(folder, zip) of its hand-out."""
    return hand_out(the(course), course / "hand_out")


@pytest.fixture(scope="module")
def files(handed_out):
    """All that is in the zip, by name; what is in the wheel after its name."""
    found = contents(handed_out[1].read_bytes())
    wheel = contents(found[f"{ASSIGNMENT}/{WHEEL}"])
    return found | {f"{WHEEL}/{name}": content for name, content in wheel.items()}


def contents(archive):
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_what_is_in_it(handed_out, files):
    """Are notebooks, package, requirements, a page and a program to start in folder and zip, and nothing else?"""
    folder, _ = handed_out
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    assert [name for name in files if not name.startswith(WHEEL)] == [f"{ASSIGNMENT}/{name}" for name in FILES]
    assert {name.split("/")[1] for name in files if name.startswith(WHEEL)} == {
        "cs231n",
        WHEEL.removesuffix("-py3-none-any.whl") + ".dist-info",
    }
    for name in FILES:
        assert (folder / name).read_bytes() == files[f"{ASSIGNMENT}/{name}"]


def test_notebooks_are_the_release(course, files):
    """Are the notebooks those of release/, which was made with them?"""
    for name in NOTEBOOKS:
        released = course / "release" / ASSIGNMENT / f"{name}.ipynb"
        assert files[f"{ASSIGNMENT}/{name}.ipynb"] == released.read_bytes()


def test_nothing_of_the_key_is_in_it(course, files):
    """Is no line of a solution, hidden check, marking scheme or misconception handed out, nor the seed?"""
    lines, edits = secret_lines(), secret_edits()
    assert len(lines) > 100
    assert len(edits) > 100
    seeds = [(course / name).read_text().strip() for name in ("held_out_seed", f"proof/{ASSIGNMENT}/seed")]
    for name, content in files.items():
        text = content.decode("utf-8", errors="replace")
        if name.endswith(".ipynb"):
            text = "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells)
            assert [mark for mark in MARKS if mark in text] == []
        assert lines_of(text) & lines == set(), name
        assert [edit for edit in edits if edit in text] == [], name
        assert [seed for seed in seeds if seed in text] == [], name


def test_twice(course, handed_out):
    """Does a second run leave every byte as it was?"""
    folder, archive = handed_out
    before = {path: path.read_bytes() for path in [archive, *folder.iterdir()]}
    hand_out(the(course), folder.parent)
    assert {path: path.read_bytes() for path in [archive, *folder.iterdir()]} == before


def test_what_is_not_handed_out_is_not_in_its_folder(toy_course):
    """Is a folder that holds something else refused, by name, and a wheel of an earlier version taken away?"""
    folder, _ = hand_out(the(toy_course), toy_course / "out")
    (folder / "cs231n_assignment2-0.0.1-py3-none-any.whl").write_bytes(b"")
    hand_out(the(toy_course), toy_course / "out")
    assert [path.name for path in folder.glob("*.whl")] == [WHEEL]
    (folder / "Solutions.ipynb").write_text("")
    with pytest.raises(GraderError, match=r"Solutions\.ipynb"):
        hand_out(the(toy_course), toy_course / "out")


def test_page(files):
    """Does the page fit on a screen, name every notebook in working order, and link to what is there?"""
    page = files[f"{ASSIGNMENT}/README.md"].decode()
    assert len(page.splitlines()) <= 36
    links = re.findall(r"\]\(([^)#:]+)\)", page)
    assert links == [f"{name}.ipynb" for name in NOTEBOOKS]
    assert "$" not in page
    assert WHEEL in page


def test_requirements_pin_everything(files):
    """Has all that the package and its extra need an exact version, that of here?"""
    first, wheel, *pins = files[f"{ASSIGNMENT}/requirements.txt"].decode().splitlines()
    assert first.startswith("#")
    assert wheel == f"./{WHEEL}[lab]"
    pinned = dict(pin.split("==") for pin in pins)
    for name in ("numpy", "matplotlib", "tqdm", "pooch", "threadpoolctl", "jupyterlab", "ipykernel", "tornado"):
        assert pinned[name] == version(name)
    assert "nbgrader" not in pinned


def test_wheel_can_be_installed(handed_out, tmp_path):
    """Does pip take the wheel, and is what it installs the package of here, with everything that it reads?"""
    folder, _ = handed_out
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", tmp_path, WHEEL], cwd=folder, check=True)
    code = (
        "import cs231n; from cs231n.checks import shipped; from cs231n.kit import handed_out, hinting\n"
        "known, _ = shipped.mistakes('affine_forward')\n"
        "print(cs231n.__file__, *handed_out.stubs(), *map(bool, (known, hinting.all_hints())))"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout.split() == [str(tmp_path / "cs231n" / "__init__.py"), *NOTEBOOKS, "True", "True"], run.stderr
    assert not (tmp_path / "autograder").exists()


def test_self_study(toy_course):
    """Has the self-study edition every check, the values to decide them, and a folded solution behind each step?"""
    editions = [
        hand_out(the(toy_course), toy_course / name, name == "self_study") for name in ("self_study", "hand_out")
    ]
    for (folder, archive), is_self_study in zip(editions, (True, False), strict=True):
        files = contents(archive.read_bytes())
        notebook = nbformat.read(folder / "Toy.ipynb", as_version=4)
        nbformat.validate(notebook)
        ids = [cell.id for cell in notebook.cells]
        assert [each for each in ids if each.startswith("solution_of_")] == (
            ["solution_of_double", "solution_of_square", "solution_of_why"] if is_self_study else []
        )
        source = {cell.id: cell.source for cell in notebook.cells}
        assert ("matrix" in source["test_double"]) == is_self_study
        assert "### " not in source["test_double"]
        assert "NotImplementedError" in source["double"]
        values = json.loads(contents(files[f"{ASSIGNMENT}/{WHEEL}"])[f"cs231n/assignments/{ASSIGNMENT}/values.json"])
        assert ("matrix/out" in values.get("double", {})) == is_self_study
        assert ("Solutions" in files[f"{ASSIGNMENT}/README.md"].decode()) == is_self_study
        if is_self_study:
            assert ids[ids.index("test_double") + 1] == "solution_of_double"
            assert "<details>" in source["solution_of_double"]
            assert "out = 2 * x" in source["solution_of_double"]
            assert "model answer" in source["solution_of_why"]


@pytest.fixture
def start(handed_out, tmp_path):
    """Function that runs start.py in a student's folder where a stand-in for uv notes what it is asked for."""
    if os.name == "nt":
        pytest.skip("the stand-in is a shell script")
    folder = shutil.copytree(handed_out[0], tmp_path / ASSIGNMENT)
    uv, log = tmp_path / "bin" / "uv", tmp_path / "log"
    uv.parent.mkdir()
    make = f'mkdir -p .venv/bin; ln -sf "{sys.executable}" .venv/bin/python'
    uv.write_text(f'#!/bin/sh\necho "$@" >> "{log}"\n[ "$1" = pip ] || {{ {make}; }}\n')
    uv.chmod(0o755)

    def run(*arguments):
        log.write_text("")
        environment = {**os.environ, "PATH": f"{uv.parent}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run([sys.executable, folder / "start.py", *arguments], env=environment, check=True, cwd=tmp_path)
        return log.read_text().splitlines()

    run.folder = folder
    return run


def test_start_sets_up_once(start):
    """Does start.py set up the folder with uv where it is there, nothing the second time, and all after an update?"""
    made, installed = start("--only-set-up")
    assert made.startswith("venv ")
    assert installed.endswith("-r requirements.txt")
    assert start("--only-set-up") == []
    (start.folder / WHEEL).write_bytes(b"another")
    assert len(start("--only-set-up")) == 2
