"""nbgrader's own commands on a course of ours: its configuration brings everything along."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
from autograder.course.assignment import ASSIGNMENT
from autograder.course.key import load_key
from autograder.course.solutions import answered
from autograder.demo import samples
from autograder.execution.kernel import sandbox
from nbgrader.api import Gradebook


def test_a_garbled_timestamp_costs_nothing(toy_course):
    """Does `nbgrader autograde`, started without its virtual environment, grade a submission whose timestamp cannot be
    read, as `autograder grade` does?"""
    key = load_key(toy_course / "source" / ASSIGNMENT, "Toy")
    folder = samples.submission(toy_course, "ada", "the day before yesterday")
    nbformat.write(answered(samples.released(toy_course, key), key), folder / "Toy.ipynb")
    command = [Path(sys.executable).with_name("nbgrader"), "autograde", ASSIGNMENT, "--student", "ada"]
    command += ["--ExecuteFromStore.sandbox=False"] if sandbox.unavailable() else []
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=toy_course, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with Gradebook(f"sqlite:///{toy_course / 'gradebook.db'}", "cs231n") as gradebook:
        submission = gradebook.find_submission(ASSIGNMENT, "ada")
        assert submission.score == 6
        assert submission.timestamp is None
