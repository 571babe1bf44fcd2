"""The whole way through nbgrader's exchange, by its own commands: release, fetch, submit, collect, grade, give back."""

import getpass
import re
import shutil

import nbformat
import pytest
from autograder.authoring.release import release
from autograder.core.notebooks import read
from autograder.course.solutions import set_source
from autograder.execution.kernel import sandbox
from autograder.grading.run import grade
from autograder.integration.exchange import SECRET
from helpers import toy
from helpers.courses import the
from nbgrader import apps

CONFIG = f"""
from autograder.config import configure
c = get_config()
configure(c)
c.ExecuteFromStore.sandbox = {not sandbox.unavailable()}
c.Exchange.root = {{exchange!r}}
c.Exchange.cache = {{cache!r}}
c.Exchange.timezone = "UTC"
"""
ME = getpass.getuser()


@pytest.fixture
def exchange(tmp_path):
    """A released course and a student's folder that share an exchange."""
    course = toy.make_course(tmp_path / "course")
    (tmp_path / "home").mkdir()
    root = tmp_path / "exchange"
    root.mkdir(mode=0o777)
    root.chmod(0o777)
    config = CONFIG.format(exchange=str(root), cache=str(tmp_path / "cache"))
    for folder in (course, tmp_path / "home"):
        (folder / "nbgrader_config.py").write_text(config)
    release(the(course))
    return course, tmp_path / "home"


@pytest.fixture
def nbgrader(monkeypatch):
    """Function of a folder and a command that runs nbgrader there, in this process: it takes seconds to start."""

    def run(folder, name, *arguments):
        monkeypatch.chdir(folder)
        app = getattr(apps, "".join(map(str.capitalize, name.split("_"))) + "App")()
        app.initialize(["assignment2", *arguments])
        app.start()  # raises SystemExit if it fails

    return run


def solve(home, source):
    """Write a student's solution: what double returns, and the right square."""
    path = home / "assignment2" / "Toy.ipynb"
    notebook = read(path)
    set_source(notebook, "double", f"def double(x):\n    return {source}")
    set_source(notebook, "square", "def square(x):\n    return x * x")
    nbformat.write(notebook, path)


def fetched(home):
    """The scores on the pages that a student has fetched, oldest first."""
    pages = [path.read_text(encoding="utf-8") for path in sorted((home / "assignment2" / "feedback").rglob("*.html"))]
    return [float(re.search(r"<p>([\d.]+) of [\d.]+ points", page)[1]) for page in pages]


def test_whole_way(exchange, nbgrader):
    """Does a student get the feedback of each submission, by whichever command it was graded?"""
    course, home = exchange
    nbgrader(course, "release_assignment")
    nbgrader(home, "fetch_assignment")
    solve(home, "2 + x")
    nbgrader(home, "submit")
    nbgrader(course, "collect")
    grade(the(course))
    by_hand = course / "submitted" / "by-hand" / "assignment2"  # without a secret: it must not stop the others
    shutil.copytree(home / "assignment2", by_hand)
    nbgrader(course, "autograde", "--student", "by-hand")
    nbgrader(course, "generate_feedback")
    nbgrader(course, "release_feedback")
    nbgrader(home, "fetch_feedback")
    (before,) = fetched(home)
    assert before < 6

    solve(home, "2 * x")
    nbgrader(home, "submit")
    nbgrader(course, "collect", "--update")
    nbgrader(course, "autograde")  # without --force: it has to see by itself that the submission is newer
    submitted, autograded = (course / step / ME / "assignment2" for step in ("submitted", "autograded"))
    for name in ("timestamp.txt", SECRET):
        assert (submitted / name).read_text() == (autograded / name).read_text()
    grade(the(course))
    nbgrader(course, "release_feedback")
    nbgrader(home, "fetch_feedback")
    assert fetched(home) == [before, 6]


def test_links_are_not_followed(exchange, nbgrader):
    """Does a link in a submission stay out of what is given back?"""
    course, _ = exchange
    folder = course / "submitted" / ME / "assignment2"
    shutil.copytree(course / "release" / "assignment2", folder)
    (folder / SECRET).symlink_to(course / "held_out_seed")
    (folder / "timestamp.txt").write_bytes(b"\xff\xfe")
    grade(the(course))
    feedback = course / "feedback" / ME / "assignment2"
    assert (feedback / SECRET).read_text() != (course / "held_out_seed").read_text()
    assert (feedback / "timestamp.txt").read_text() == ""
    nbgrader(course, "release_feedback")
