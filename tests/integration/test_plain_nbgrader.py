"""nbgrader's own commands on a course of ours: its configuration brings everything along."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from autograder.course.key import load_key
from autograder.course.solutions import answered
from autograder.demo import samples
from autograder.execution.kernel import sandbox
from helpers import ASSIGNMENT
from helpers.courses import the
from nbgrader.api import Gradebook


def hand_in(course, student, time="2026-01-01 12:00:00"):
    """Hand in the key, as a student with everything right."""
    key = load_key(the(course), "Toy")
    folder = samples.submission(the(course), student, time)
    nbformat.write(answered(samples.released(the(course), key), key), folder / "Toy.ipynb")
    return folder


def nbgrader(course, step, *options):
    """Run one of nbgrader's commands, started without its virtual environment."""
    command = [Path(sys.executable).with_name("nbgrader"), step, ASSIGNMENT, *options]
    command += ["--ExecuteFromStore.sandbox=False"] if sandbox.unavailable() else []
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_garbled_timestamp_costs_nothing(toy_course):
    """Does `nbgrader autograde`, started without its virtual environment, grade a submission whose timestamp cannot be
    read, as `autograder grade` does?"""
    hand_in(toy_course, "ada", "the day before yesterday")
    nbgrader(toy_course, "autograde", "--student", "ada")
    with Gradebook(f"sqlite:///{toy_course / 'gradebook.db'}", "cs231n") as gradebook:
        submission = gradebook.find_submission(ASSIGNMENT, "ada")
        assert submission.score == 6
        assert submission.timestamp is None


def test_the_name_of_a_folder_is_no_pattern(toy_course):
    """Does plain nbgrader grade students whose folders are called like patterns, each with their own notebook, and
    copy nothing that a link points to?"""
    points = {"a [1]": 6, "*": 6, "a 1": 0}
    for student in points:
        folder = hand_in(toy_course, student)
        for name in ("notes.txt", ".notes"):
            (folder / name).symlink_to(toy_course / "source" / ASSIGNMENT / "Toy.ipynb")
    shutil.copy(toy_course / "release" / ASSIGNMENT / "Toy.ipynb", folder)
    nbgrader(toy_course, "autograde")
    nbgrader(toy_course, "generate_feedback", "--student", "a [1]")
    with Gradebook(f"sqlite:///{toy_course / 'gradebook.db'}", "cs231n") as gradebook:
        assert {each.student.id: each.score for each in gradebook.assignment_submissions(ASSIGNMENT)} == points
    for step, kind in (("autograded", "ipynb"), ("feedback", "html")):
        written = {path.name for path in (toy_course / step).rglob("*") if path.is_file()}
        assert written - {"submission_secret.txt"} == {f"Toy.{kind}", "timestamp.txt"}
