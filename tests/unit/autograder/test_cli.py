"""The command: what it accepts, and how it ends."""

import errno
import signal
import sqlite3
from contextlib import suppress

import pytest
from autograder import __version__, cli
from autograder.core.errors import GraderError
from helpers import toy
from nbgrader.api import InvalidEntry
from sqlalchemy.exc import OperationalError


@pytest.fixture
def command(monkeypatch):
    """Function of an exception that runs `autograder grade` with something that raises it; returns the status."""

    def run(problem):
        def raising(options):
            raise problem

        monkeypatch.setattr(cli, "COMMANDS", [("grade", raising, "grades"), ("release", raising, "releases")])
        return cli.main(["grade"])

    return run


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "two", ""])
def test_number_of_workers(number, capsys):
    """Is a number of workers below one refused, with a message that names the option and the rule?"""
    with pytest.raises(SystemExit) as ended:
        cli.main(["grade", f"--workers={number}"])
    assert ended.value.code == 2
    message = capsys.readouterr().err
    assert "--workers" in message
    assert f"at least 1, not {number!r}" in message


def test_workers_are_passed_on():
    """Does a good number of workers arrive as an integer, and none as None?"""
    assert cli.parser().parse_args(["grade", "--workers", "3"]).workers == 3
    assert cli.parser().parse_args(["grade"]).workers is None


def test_version(capsys):
    """Does --version print the installed version?"""
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"autograder {__version__}\n"


def test_trouble_is_told_in_one_line(command, capsys):
    """Does the grader's trouble end with its message alone, and a status other than 0?"""
    assert command(GraderError("no disk: make room")) == 1
    assert capsys.readouterr().err == "autograder: no disk: make room\n"


def test_full_disk_is_told_in_one_line(command, capsys):
    """Does a full disk, the grader's trouble too, end with a line that says what to do, and a status other than 0?"""
    for problem in (OSError(errno.ENOSPC, "No space left on device"), database_error("database or disk is full")):
        assert command(problem) == 1
        assert capsys.readouterr().err == "autograder: the disk is full: make room and run grade again\n"


def database_error(said):
    """What nbgrader raises where its database fails, after SQLAlchemy has raised what the database said."""
    error = InvalidEntry("(sqlite3.OperationalError)")
    error.__context__ = OperationalError("INSERT", {}, sqlite3.OperationalError(said))
    return error


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("database is locked", "the gradebook is locked by another program, such as formgrader: close it"),
        ("disk I/O error", "the gradebook cannot be used. Its database says 'disk I/O error': fix that"),
    ],
)
def test_trouble_of_the_database_is_told_in_one_line(said, told, command, capsys):
    """Does a database that is locked or broken end with one line, also where nbgrader hides it in its own exception?"""
    assert command(database_error(said)) == 1
    assert capsys.readouterr().err == f"autograder: {told} and run grade again\n"


def test_log_of_another_program_is_shown(command, capsys):
    """Is what nbgrader said shown above the message?"""
    problem = GraderError("nbgrader failed")
    problem.log = "ERROR in cell 3"
    assert command(problem) == 1
    assert capsys.readouterr().err == "ERROR in cell 3\nautograder: nbgrader failed\n"


@pytest.mark.parametrize("error", [ValueError, FileNotFoundError, KeyError, RuntimeError])
def test_programming_errors_are_not_swallowed(error, command):
    """Does an error that nobody foresaw pass through, for its traceback to be seen?"""
    with pytest.raises(error):
        command(error("a bug"))


def test_interrupted(command, capsys):
    """Does Ctrl-C end in one line that says what is kept, with the status that shells give it?"""
    assert command(KeyboardInterrupt()) == 130
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "executions/" in line
    assert "run it again" in line


@pytest.mark.parametrize("consequence", [GraderError("a worker has died"), ValueError("half a frame")])
def test_interrupted_and_something_else_gets_out_first(consequence, monkeypatch, capsys):
    """Does Ctrl-C stay Ctrl-C where a callback has dropped the exception and a dead worker is noticed instead?"""

    def interrupted(options):
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise consequence

    monkeypatch.setattr(cli, "COMMANDS", [("grade", interrupted, "grades")])
    before = signal.getsignal(signal.SIGINT)
    assert cli.main(["grade"]) == 130
    assert "grade was interrupted" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before


def test_doctor_of_no_folder(tmp_path, capsys):
    """Does the doctor say that a course folder is not there, and exit with a status other than 0?"""
    assert cli.main(["doctor", "--course", str(tmp_path / "nowhere")]) == 1
    said = capsys.readouterr().out
    assert f"{tmp_path / 'nowhere'} is not a course folder" in " ".join(said.split())


def test_doctor_fits_a_terminal(tmp_path, capsys):
    """Has no line of the doctor more than 80 characters, but for a path that is longer?"""
    cli.main(["doctor", "--course", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 10
    assert [line for line in lines if len(line) > 80 and "/" not in line] == []


@pytest.mark.parametrize("command", ["", *(name for name, _, _ in cli.COMMANDS)])
def test_help_fits_a_terminal(command, capsys, monkeypatch):
    """Has no line of the help more than 80 characters, in a terminal of that width?"""
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        cli.main([*command.split(), "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 5
    assert [line for line in lines if len(line) > 80] == []


@pytest.mark.parametrize("command", ["notebooks", "fingerprints", "reference"])
def test_no_key(command, tmp_path, capsys):
    """Does a command that works on the key say where it looked for one, make nothing, and fail?"""
    assert cli.main([command, "--course", str(tmp_path)]) == 1
    assert f"{tmp_path} is not a course folder: it has no nbgrader_config.py" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["notebooks", "fingerprints", "mutants", "reference"])
def test_notebook_that_is_not_there(command, tmp_path, capsys):
    """Is a name that no notebook of the key has refused, with those that there are?"""
    assert cli.main([command, "Dropuot", "--course", str(toy.make_course(tmp_path))]) == 1
    assert "there is no notebook Dropuot: choose among Toy" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["notebooks", "fingerprints"])
def test_damaged_key(command, tmp_path, capsys):
    """Is a notebook of the key that cannot be read named in one line?"""
    path = tmp_path / "source" / "assignment2" / "Toy.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    assert cli.main([command, "--course", str(tmp_path)]) == 1
    assert f"{path} is not a readable notebook" in capsys.readouterr().err
