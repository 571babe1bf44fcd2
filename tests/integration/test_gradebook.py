"""What `autograder grade` and `autograder report` say where a course has no gradebook for the assignment."""

import shutil

import pytest
from autograder.cli import main
from autograder.core import upstream
from autograder.core.errors import GraderError
from autograder.integration.converters import load_config
from autograder.integration.gradebook import open_gradebook
from helpers import ASSIGNMENT, toy
from helpers.courses import the
from nbgrader.api import Gradebook

CONFIG = "from autograder.config import configure\nc = get_config()\nconfigure(c)\n"


def open_there(course):
    with open_gradebook(load_config(the(course))) as gradebook:
        return gradebook.find_assignment(ASSIGNMENT)


@pytest.fixture
def course(tmp_path):
    """A course folder with a key and a configuration, not released."""
    toy.make_course(tmp_path)
    (tmp_path / "nbgrader_config.py").write_text(CONFIG)
    return tmp_path


@pytest.fixture(scope="module")
def gradebooks(tmp_path_factory):
    """The files of two gradebooks: one knows another assignment only, one knows ours too."""
    folder = tmp_path_factory.mktemp("gradebooks")
    upstream.put_scripts_on_path()  # nbgrader starts alembic, and no course has been configured yet
    for name in ("another", ASSIGNMENT):
        with Gradebook(f"sqlite:///{folder / 'made.db'}", "cs231n") as gradebook:
            gradebook.add_assignment(name)
        shutil.copy(folder / "made.db", folder / name)
    return folder


@pytest.mark.parametrize("command", ["grade", "report"])
def test_no_gradebook(command, course, capsys):
    """Do both commands say what is missing and what to do, without making an empty gradebook?"""
    assert main([command, "--course", str(course)]) == 1
    expected = f"autograder: no gradebook.db in {course}: run `autograder release` first\n"
    assert capsys.readouterr().err == expected
    assert not (course / "gradebook.db").exists()


@pytest.mark.parametrize("command", ["grade", "report"])
def test_gradebook_of_another_assignment(command, course, gradebooks, capsys):
    """Do both commands say that the gradebook does not know the assignment, and what to do?"""
    shutil.copy(gradebooks / "another", course / "gradebook.db")
    assert main([command, "--course", str(course)]) == 1
    message = capsys.readouterr().err
    assert f"{course / 'gradebook.db'} holds no assignment {ASSIGNMENT}: run `autograder release` first" in message


def test_released_course(course, gradebooks):
    """Is a gradebook that knows the assignment accepted?"""
    shutil.copy(gradebooks / ASSIGNMENT, course / "gradebook.db")
    open_there(course)


def test_configured_database(course, gradebooks):
    """Is another database that the configuration names looked at instead of gradebook.db?"""
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(f"c.CourseDirectory.db_url = 'sqlite:///{course / 'other.sqlite'}'\n")
    shutil.copy(gradebooks / ASSIGNMENT, course / "gradebook.db")
    with pytest.raises(GraderError, match=r"no other\.sqlite in"):
        open_there(course)
    shutil.copy(gradebooks / ASSIGNMENT, course / "other.sqlite")
    open_there(course)


def test_no_database(course):
    """Is a file that is no database the grader's trouble, named in the message?"""
    (course / "gradebook.db").write_bytes(b"no database" * 1000)
    with pytest.raises(GraderError, match=r"gradebook\.db cannot be read as a gradebook: .*not a database"):
        open_there(course)
