"""What students get: all that they need, and nothing of the key."""

import base64
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
import yaml
from autograder.authoring.hand_out import Options, hand_out
from autograder.authoring.proving.leaks import lines_of
from autograder.authoring.publishing import Repository
from autograder.core.errors import GraderError
from autograder.course.cells import is_executed
from autograder.course.key import keys
from autograder.course.solutions import set_source
from autograder.submission.parsing import parse_notebook
from autograder.submission.sanitize import sanitize
from helpers import ASSIGNMENT, REPOSITORY
from helpers.courses import WORKBOOK, the
from helpers.key_lines import MARKS, secret_edits, secret_lines

NOTEBOOKS = list(WORKBOOK.hours)
FILES = ["README.md", "start.py", *(f"{name}.ipynb" for name in NOTEBOOKS), "requirements.txt"]


def wheel_in(folder):
    """Return the name of the students' package in a hand-out."""
    (wheel,) = folder.glob(f"cs231n_assignment2-{version('cs231n-assignment2')}.post*-py3-none-any.whl")
    return wheel.name


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
    wheel = wheel_in(handed_out[0])
    inside = contents(found[f"{ASSIGNMENT}/{wheel}"])
    return found | {f"{wheel}/{name}": content for name, content in inside.items()}


def contents(archive):
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_what_is_in_it(handed_out, files):
    """Are notebooks, package, requirements, a page and a program to start in folder and zip, and nothing else?"""
    folder, _ = handed_out
    wheel = wheel_in(folder)
    names = [*FILES, wheel]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert [name for name in files if not name.startswith(wheel)] == [f"{ASSIGNMENT}/{name}" for name in names]
    assert {name.split("/")[1] for name in files if name.startswith(wheel)} == {
        "cs231n",
        wheel.removesuffix("-py3-none-any.whl") + ".dist-info",
    }
    for name in names:
        assert (folder / name).read_bytes() == files[f"{ASSIGNMENT}/{name}"]


def test_notebooks_are_the_release(course, files):
    """Are the notebooks those of release/, below a folded cell for Colab that is never graded?"""
    for name in NOTEBOOKS:
        released = nbformat.read(course / "release" / ASSIGNMENT / f"{name}.ipynb", as_version=4)
        handed = nbformat.reads(files[f"{ASSIGNMENT}/{name}.ipynb"].decode(), as_version=4)
        first = handed.cells.pop(0)
        assert handed == released
        assert first.metadata == {"tags": ["experiment"], "jupyter": {"source_hidden": True}}


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
    assert [path.name for path in folder.glob("*.whl")] == [wheel_in(folder)]
    (folder / "Solutions.ipynb").write_text("")
    with pytest.raises(GraderError, match=r"Solutions\.ipynb"):
        hand_out(the(toy_course), toy_course / "out")


def test_page(handed_out, files):
    """Does the page fit on a screen, name every notebook in working order, and link to what is there?"""
    page = files[f"{ASSIGNMENT}/README.md"].decode()
    assert len(page.splitlines()) <= 36
    links = re.findall(r"\]\(([^)#:]+)\)", page)
    assert links == [f"{name}.ipynb" for name in NOTEBOOKS]
    assert "$" not in page
    assert wheel_in(handed_out[0]) in page


def test_requirements_pin_everything(handed_out, files):
    """Has all that the package and its extra need an exact version, that of here?"""
    first, wheel, *pins = files[f"{ASSIGNMENT}/requirements.txt"].decode().splitlines()
    assert first.startswith("#")
    assert wheel == f"./{wheel_in(handed_out[0])}[lab]"
    pinned = dict(pin.split("==") for pin in pins)
    for name in ("numpy", "matplotlib", "tqdm", "pooch", "threadpoolctl", "jupyterlab", "ipykernel", "tornado"):
        assert pinned[name] == version(name)
    assert "nbgrader" not in pinned


def test_wheel_can_be_installed(handed_out, tmp_path):
    """Does pip take the wheel, and is what it installs the package of here, with everything that it reads?"""
    folder, _ = handed_out
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", tmp_path, wheel_in(folder)], cwd=folder, check=True)
    code = (
        "import cs231n; from cs231n.checks import shipped; from cs231n.kit import handed_out, hinting\n"
        "known, _ = shipped.mistakes('affine_forward')\n"
        "texts = [handed_out.stub('affine_forward'), hinting.hints_for('affine_forward')]\n"
        "print(cs231n.__file__, *map(bool, (known, *texts)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-u", "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert run.stdout.split() == [str(tmp_path / "cs231n" / "__init__.py"), "True", "True", "True"], run.stderr
    assert not (tmp_path / "autograder").exists()


def test_a_later_wheel_replaces_an_earlier_one(toy_course, tmp_path):
    """Does pip, where the package of an edition is installed, install that of the next one?"""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    python = next(path for path in (tmp_path / "env").glob("*/python*") if path.stem == "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
    for old, new in (("# Toy", "# Toy"), ("random.randn(2), random.randn(2)", "random.randn(3), random.randn(3)")):
        path = toy_course / "source" / ASSIGNMENT / "Toy.ipynb"
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        folder, _ = hand_out(the(toy_course), toy_course / "hand_out")
        subprocess.run([*pip, folder / wheel_in(folder)], check=True)
    (edition,) = (tmp_path / "env").glob(f"**/cs231n/assignments/{ASSIGNMENT}/edition.json")
    assert json.loads(edition.read_text()) == {"name": "2"}


def test_data_are_mentioned_where_they_are_needed(files, toy_course):
    """Does the page say where the images come from, and nothing of them where no notebook needs any?"""
    assert "CIFAR-10" in files[f"{ASSIGNMENT}/README.md"].decode()
    folder, _ = hand_out(the(toy_course), toy_course / "hand_out")
    assert "CIFAR-10" not in (folder / "README.md").read_text(encoding="utf-8")


def test_self_study(toy_course):
    """Has the self-study edition every check, the values to decide them, and a folded solution behind each step?"""
    editions = [
        hand_out(the(toy_course), toy_course / name, Options(name == "self_study"))
        for name in ("self_study", "hand_out")
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
        package = contents(files[f"{ASSIGNMENT}/{wheel_in(folder)}"])
        values = json.loads(package[f"cs231n/assignments/{ASSIGNMENT}/values.json"])
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
    (start.folder / wheel_in(start.folder)).write_bytes(b"another")
    assert len(start("--only-set-up")) == 2


def test_threads_of_jupyterlab(start):
    """Do NumPy's idle threads give up their cores in the JupyterLab that start.py opens?"""
    start("--only-set-up")
    python = start.folder / ".venv" / "bin" / "python"
    python.unlink()
    python.write_text('#!/bin/sh\nenv > "$0.environment"\n')
    python.chmod(0o755)
    start()
    assert "OPENBLAS_THREAD_TIMEOUT=4" in python.with_name("python.environment").read_text().splitlines()


# -- a public repository


URL = "https://github.com/ada/homework"
PUBLISHED = {".devcontainer/devcontainer.json", ".github/workflows/classroom.yml", ".gitignore", "runtime.txt"}


def test_published(toy_course):
    """Has a hand-out for a repository what services read there, links to it, and nothing of where the key is?"""
    plain = contents(hand_out(the(toy_course), toy_course / "plain")[1].read_bytes())
    found = hand_out(
        the(toy_course), toy_course / "out", Options(repository=Repository(URL, "2026", "https://hub.example.org/"))
    )
    folder, files = found[0], contents(found[1].read_bytes())
    names = {name.removeprefix(f"{ASSIGNMENT}/") for name in files.keys() - plain.keys()}
    assert names == PUBLISHED
    assert all((folder / name).read_bytes() == files[f"{ASSIGNMENT}/{name}"] for name in names)
    python = "{}.{}".format(*sys.version_info)
    assert (folder / "runtime.txt").read_text() == f"python-{python}\n"
    container = json.loads((folder / ".devcontainer" / "devcontainer.json").read_text())
    assert container["image"].endswith(f":{python}")
    assert container["postCreateCommand"] == "python start.py --only-set-up"
    assert container["containerEnv"] == {"OPENBLAS_THREAD_TIMEOUT": "4"}
    links = re.findall(r"\]\((https://[^)]+)\)", files[f"{ASSIGNMENT}/README.md"].decode())[1:]
    assert links == [
        "https://mybinder.org/v2/gh/ada/homework/2026?urlpath=lab%2Ftree%2FREADME.md",
        "https://codespaces.new/ada/homework/tree/2026",
        "https://hub.example.org/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com%2Fada%2Fhomework"
        "&branch=2026&urlpath=lab%2Ftree%2Fhomework%2FREADME.md",
    ]
    hand_out(the(toy_course), toy_course / "out")  # without the option: what was published before is not in the way


@pytest.mark.parametrize("remote", [URL, f"{URL}.git", "git@github.com:ada/homework.git"])
def test_the_repository_of_the_key_is_refused(remote, toy_course):
    """Is a repository refused that the course folder itself is pushed to?"""
    subprocess.run(["git", "init", "--quiet", toy_course], check=True)
    subprocess.run(["git", "-C", toy_course, "remote", "add", "origin", remote], check=True)
    with pytest.raises(GraderError, match="with its key"):
        hand_out(the(toy_course), toy_course / "out", Options(repository=Repository(URL)))
    assert not (toy_course / "out").exists()


@pytest.mark.parametrize("address", ["homework", "git@github.com:ada/homework.git", "https://github.com/"])
def test_no_address(address, toy_course):
    """Is what no service could open refused?"""
    with pytest.raises(GraderError, match="is not a repository's address"):
        hand_out(the(toy_course), toy_course / "out", Options(repository=Repository(address)))


def test_classroom_workflow(toy_course):
    """Does the workflow give Classroom's reporter what `check` has written, by the names that both know?"""
    folder, _ = hand_out(the(toy_course), toy_course / "out", Options(repository=Repository(URL)))
    workflow = yaml.safe_load((folder / ".github" / "workflows" / "classroom.yml").read_text())
    *_, checking, reporting = workflow["jobs"]["checks"]["steps"]
    runner = reporting["with"]["runners"]
    assert reporting["env"] == {f"{runner.upper()}_RESULTS": f"${{{{ steps.{checking['id']}.outputs.result }}}}"}
    assert checking["continue-on-error"]
    (folder / "Toy.ipynb").write_bytes(solved(folder / "Toy.ipynb"))
    command = [sys.executable, *checking["run"].split()[1:-1], folder / "output"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert run.returncode == 1, run.stdout
    (line,) = (folder / "output").read_text().splitlines()
    found = json.loads(base64.b64decode(line.removeprefix("result=")))
    assert (found["status"], found["max_score"]) == ("fail", 6)
    assert [(test["name"], test["status"], test["score"]) for test in found["tests"]] == [
        ("double", "pass", 4),
        ("square", "fail", 0),
    ]


def solved(path):
    """Return a handed-out toy notebook with one step solved."""
    notebook = nbformat.read(path, as_version=4)
    set_source(notebook, "double", "def double(x):\n    return 2 * x")
    return nbformat.writes(notebook).encode()


# -- Google Colab


FAKE_COLAB = """
import pathlib, shutil
class drive:
    def mount(path):
        print("mount", path)
        pathlib.Path(path, "MyDrive").mkdir(parents=True, exist_ok=True)
class files:
    def upload():
        print("upload to", pathlib.Path().resolve().name)
        shutil.copy({archive!r}, ".")
"""
FAKE_PIP = "import sys; print('pip', *sys.argv[1:], flush=True)"


def test_colab(handed_out, tmp_path):
    """Does the first cell, on an imitated Colab, find or make the folder on Drive, keep what is in it, and install the
    package without the extra that brings a Jupyter of its own? The current folder is the assignment's afterwards."""
    (tmp_path / "site" / "google" / "colab").mkdir(parents=True)
    (tmp_path / "site" / "google" / "colab" / "__init__.py").write_text(FAKE_COLAB.format(archive=str(handed_out[1])))
    (tmp_path / "site" / "pip").mkdir()
    (tmp_path / "site" / "pip" / "__init__.py").touch()
    (tmp_path / "site" / "pip" / "__main__.py").write_text(FAKE_PIP)
    cell = nbformat.read(handed_out[0] / "Dropout.ipynb", as_version=4).cells[0].source
    cell = cell.replace("/content", str(tmp_path / "content"))
    code = f"import google.colab\nexec({cell!r})\nprint(sorted(os.listdir()))"

    def colab():
        environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
        run = subprocess.run(
            [sys.executable, "-u", "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    wheel = wheel_in(handed_out[0])
    installed = f"pip install --quiet ./{wheel}\n{sorted([*FILES, wheel])}\n"
    first = colab()
    assert first.startswith(f"mount {tmp_path}/content/drive\nChoose {ASSIGNMENT}.zip")
    assert "upload to MyDrive\n" in first
    assert first.endswith(installed), first
    mine = tmp_path / "content" / "drive" / "MyDrive" / ASSIGNMENT / "Dropout.ipynb"
    mine.write_text("mine")
    assert colab() == f"mount {tmp_path}/content/drive\n{installed}"
    assert mine.read_text() == "mine"


def test_first_cell_at_home(handed_out, tmp_path):
    """Does the first cell do nothing where there is no Colab?"""
    cell = nbformat.read(handed_out[0] / "Dropout.ipynb", as_version=4).cells[0].source
    before = set(sys.modules)
    names: dict = {}
    exec(cell, names)
    assert set(names) - {"__builtins__"} == {"sys"}
    assert set(sys.modules) == before


def test_first_cell_is_not_graded(toy_course):
    """Is a handed-out notebook graded as the release is: the first cell not run, and nothing to remark?"""
    folder, _ = hand_out(the(toy_course), toy_course / "out")
    submitted, problems = parse_notebook((folder / "Toy.ipynb").read_bytes(), "Toy")
    notebook, repairs = sanitize(submitted, keys(the(toy_course))["Toy"])
    (cell,) = (cell for cell in notebook.cells if "google.colab" in cell.source)
    assert not is_executed(cell)
    assert [*problems, *repairs] == []
