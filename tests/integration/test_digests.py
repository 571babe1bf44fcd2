"""What a result depends on is in its fingerprint, and nothing else is."""

import pytest
from autograder.grading import digests
from autograder.integration.converters import load_config
from helpers.courses import the
from nbgrader.api import Gradebook

CONFIG = "from autograder.config import configure\nc = get_config()\nconfigure(c)\n"
PLUGIN = """
from nbgrader.plugins import BasePlugin
class Late(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return {}
"""


@pytest.fixture
def course(toy_course):
    """The toy course, released, with a configuration that can be added to."""
    (toy_course / "nbgrader_config.py").write_text(CONFIG)
    return toy_course


def digest(course, seed=1):
    return digests.digest_of_course(the(course), load_config(the(course)), seed)


def configured(line):
    """Function of a course that adds a line to its configuration."""

    def change(course):
        with (course / "nbgrader_config.py").open("a") as file:
            file.write(f"{line}\n")

    return change


def written(path, text):
    """Function of a course that writes a file in it."""

    def change(course):
        (course / path).parent.mkdir(exist_ok=True)
        (course / path).write_text(text)

    return change


def due(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        gradebook.update_or_create_assignment("assignment2", duedate="2026-01-31 23:59:00 UTC")


def enrolled(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        gradebook.add_student("ada", first_name="Ada")


COUNTS = {
    "key": lambda course: (course / "source" / "assignment2" / "Toy.ipynb").open("a").write("\n"),
    "catalogue": lambda course: (
        (course / "proof" / "assignment2" / "misconceptions" / "Toy.toml").open("a").write("\n")
    ),
    "limit": configured("c.ExecuteFromStore.cell_seconds = 5"),
    "sandbox": configured("c.ExecuteFromStore.sandbox = False"),
    "penalty": configured("from nbgrader.plugins import BasePlugin\nc.AssignLatePenalties.plugin_class = BasePlugin"),
    "hook": configured("def tell(**about): ...\nc.Autograde.post_convert_hook = tell"),
    "due date": due,
}
DOES_NOT_COUNT = {
    "comment": configured("# the late days are on the page of the course"),
    "pages": configured("c.HideFromStudents.show_hidden = True"),
    "exchange": configured("c.Exchange.root = '/srv/exchange'"),
    "checkpoint": written("source/assignment2/.ipynb_checkpoints/Toy-checkpoint.ipynb", "{}"),
    "variant": written("proof/assignment2/variants/loops.py", "def double(x): ..."),
    "script": written("mail_the_class.py", "print('hello')"),
    "student": enrolled,
}


@pytest.mark.parametrize("change", COUNTS.values(), ids=COUNTS.keys())
def test_what_counts(change, course):
    """Is a result made again after this change?"""
    before = digest(course)
    change(course)
    assert digest(course) != before


@pytest.mark.parametrize("change", DOES_NOT_COUNT.values(), ids=DOES_NOT_COUNT.keys())
def test_what_does_not_count(change, course):
    """Is a result kept after this change?"""
    before = digest(course)
    change(course)
    assert digest(course) == before


def test_course_that_has_moved(course, tmp_path):
    """Are results kept where the course is in another folder, and made again with other held-out images?"""
    before = digest(course)
    assert digest(course, seed=2) != before
    assert digest(course.rename(tmp_path / "elsewhere")) == before


@pytest.mark.parametrize("named", ["Late", "'late.Late'"])
def test_code_of_the_course(named, course):
    """Does the code of a plugin count, whether the configuration defines it or names it, and is it the same twice?"""
    if named == "Late":
        configured(PLUGIN)(course)
    else:
        written("late.py", PLUGIN)(course)
    configured(f"c.AssignLatePenalties.plugin_class = {named}")(course)
    before = digest(course)
    assert digest(course) == before
    path = course / ("nbgrader_config.py" if named == "Late" else "late.py")
    path.write_text(path.read_text().replace("{}", "score"))
    assert digest(course) != before


@pytest.mark.parametrize("library", ["nbgrader", "nh3"])
def test_versions_count(library, course, monkeypatch):
    """Is a result made again with another version of a library that makes it?"""
    before, installed = digest(course), digests.version
    monkeypatch.setattr(digests, "version", lambda name: "99" if name == library else installed(name))
    assert digest(course) != before


def test_options_without_an_order():
    """Is a set the same in every process? The hash of a text, and so the order of a set, is not."""
    names = [f"fc{number}" for number in range(9)]
    assert digests.plain({"only": {(name, frozenset(names)) for name in names}}) == [
        ("only", [[name, names] for name in names])
    ]
