"""What `autograder grade` and `autograder report` say where a course has no gradebook for the assignment."""

import pytest
from autograder.cli import main
from autograder.core.errors import GraderError
from autograder.course.key import ASSIGNMENT
from autograder.integration.gradebook import require_assignment
from nbgrader.api import Gradebook

CONFIG = "from autograder.config import configure\nc = get_config()\nconfigure(c)\n"


@pytest.fixture
def course(tmp_path):
    """A course folder with a configuration and nothing else."""
    (tmp_path / "nbgrader_config.py").write_text(CONFIG)
    return tmp_path


def register(path, assignment):
    """Make a gradebook that knows one assignment."""
    with Gradebook(f"sqlite:///{path}", "cs231n") as gradebook:
        gradebook.add_assignment(assignment)


@pytest.mark.parametrize("command", ["grade", "report"])
def test_no_gradebook(command, course, capsys):
    """Do both commands say what is missing and what to do, without making an empty gradebook?"""
    assert main([command, "--course", str(course)]) == 1
    expected = f"autograder: no gradebook.db in {course}: run `autograder release` first\n"
    assert capsys.readouterr().err == expected
    assert not (course / "gradebook.db").exists()


@pytest.mark.parametrize("command", ["grade", "report"])
def test_gradebook_of_another_assignment(command, course, capsys):
    """Do both commands say that the gradebook does not know the assignment, and what to do?"""
    register(course / "gradebook.db", "another")
    assert main([command, "--course", str(course)]) == 1
    message = capsys.readouterr().err
    assert f"{course / 'gradebook.db'} holds no assignment {ASSIGNMENT}: run `autograder release` first" in message


def test_released_course(course):
    """Is a gradebook that knows the assignment accepted?"""
    register(course / "gradebook.db", ASSIGNMENT)
    require_assignment(course)


def test_configured_database(course):
    """Is another database that the configuration names looked at instead of gradebook.db?"""
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(f"c.CourseDirectory.db_url = 'sqlite:///{course / 'other.sqlite'}'\n")
    register(course / "gradebook.db", ASSIGNMENT)
    with pytest.raises(GraderError, match=r"no other\.sqlite in"):
        require_assignment(course)
    register(course / "other.sqlite", ASSIGNMENT)
    require_assignment(course)


def test_no_database(course):
    """Is a file that is no database the grader's trouble, named in the message?"""
    (course / "gradebook.db").write_bytes(b"no database" * 1000)
    with pytest.raises(GraderError, match=r"gradebook\.db cannot be read as a gradebook: .*not a database"):
        require_assignment(course)
