"""A grader that is killed or interrupted at any moment: the rerun gives what an undisturbed run gives."""

import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from autograder.authoring.release import release
from autograder.cli import INTERRUPTED, main
from autograder.core.notebooks import read
from autograder.course.key import keys
from autograder.course.solutions import answered, set_source
from autograder.execution.kernel import sandbox
from helpers import toy
from helpers.courses import the
from helpers.grader_process import grade_alone
from nbgrader.api import Gradebook

CONFIG = f"""
from autograder.config import configure
c = get_config()
configure(c)
c.ExecuteFromStore.sandbox = {not sandbox.unavailable()}
"""
KILLS, INTERRUPTS = 20, 4
SOLUTIONS = {"right": "2 * x", "wrong": "2 + x", "broken": "2 * x.nothing"}
PATIENCE = 120  # seconds that a grader may take to start, on a busy machine


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The toy course with three submissions, graded without a disturbance, and points by hand."""
    course = toy.make_course(tmp_path_factory.mktemp("undisturbed") / "course")
    (course / "nbgrader_config.py").write_text(CONFIG)
    release(the(course))
    key = keys(the(course))["Toy"]
    for student, source in SOLUTIONS.items():
        folder = course / "submitted" / student / "assignment2"
        folder.mkdir(parents=True)
        notebook = answered(read(course / "release" / "assignment2" / "Toy.ipynb"), key)
        set_source(notebook, "double", f"def double(x):\n    return {source}")
        nbformat.write(notebook, folder / "Toy.ipynb")
    assert main(["grade", "--workers", "1", "--course", str(course)]) == 0
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        for student in SOLUTIONS:
            gradebook.find_grade("why", "Toy", "assignment2", student).manual_score = 1.5
        gradebook.db.commit()
    assert main(["grade", "--workers", "1", "--course", str(course)]) == 0
    return course


@pytest.fixture(scope="module")
def graders():
    """The context in which graders are started: forked from a process that has imported what they need."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["autograder.grading.run", "autograder.config"])
    return context


def start(graders, course, output):
    """Start a grader that judges everybody again, and wait until it is about to."""
    started = output.with_suffix(".started")
    started.unlink(missing_ok=True)
    process = graders.Process(target=grade_alone, args=(course, output))
    process.start()
    for _ in range(PATIENCE * 100):
        if started.exists() or not process.is_alive():
            break
        time.sleep(0.01)
    return process


def disturb(process, number, seconds):
    """Send a signal to a grader and all that it has started, some seconds on; returns whether it was still at work."""
    process.join(seconds)
    working = process.is_alive()
    if working:
        os.killpg(process.pid, number)
    process.join()
    return working


def state(course):
    """All that grading has written and people read: points, comments, judged notebooks, pages."""
    query = """
        SELECT s.id, n.name, b.name, g.auto_score, g.manual_score, g.needs_manual_grade
        FROM grade g JOIN base_cell b ON g.cell_id = b.id JOIN submitted_notebook m ON g.notebook_id = m.id
        JOIN notebook n ON m.notebook_id = n.id JOIN submitted_assignment a ON m.assignment_id = a.id
        JOIN student s ON a.student_id = s.id
    """
    with sqlite3.connect(course / "gradebook.db") as connection:
        marks = sorted(connection.execute(query))
        broken = connection.execute("PRAGMA integrity_check").fetchall()
    files = {
        str(path.relative_to(course)): path.read_bytes()
        for folder in ("autograded", "feedback")
        for path in sorted((course / folder).rglob("*"))
        if path.suffix in (".ipynb", ".html")
    }
    return marks, broken, files, (course / "grades.csv").read_bytes()


def test_twenty_kills(course, graders, tmp_path):
    """After twenty kills, spread over the whole run, does one more run give what a run without kills gave?"""
    copy = Path(shutil.copytree(course, tmp_path / "copy"))
    chance, output = random.Random(20), tmp_path / "output"
    process, begun = start(graders, copy, output), time.monotonic()
    process.join()
    assert process.exitcode == 0, output.read_text()
    whole, kills = time.monotonic() - begun, 0
    while kills < KILLS:
        for folder in ("executions", "feedback", "autograded"):  # else there would be less and less left to disturb
            if chance.random() < 0.3:
                shutil.rmtree(copy / folder, ignore_errors=True)
        # one moment in each of as many parts of the run
        moment = whole * (kills + chance.random()) / KILLS
        kills += disturb(start(graders, copy, output), signal.SIGKILL, moment)
        whole *= 0.97  # the first run was perhaps a slow one
    assert main(["grade", "--workers", "1", "--course", str(copy)]) == 0
    for found, expected in zip(state(copy), state(course), strict=True):
        assert found == expected


def test_interrupts(course, graders, tmp_path):
    """Does Ctrl-C end a grader in one line with its own status, whatever it is doing, and the rerun complete?"""
    copy = Path(shutil.copytree(course, tmp_path / "copy"))
    output = tmp_path / "output"
    for number in range(INTERRUPTS):
        process = start(graders, copy, output)
        if disturb(process, signal.SIGINT, 0.3 + 0.6 * number):
            said = output.read_text()
            assert "Traceback" not in said
            if "submissions judged" in said:
                continue  # it had done its work, and was about to end
            assert "autograder: grade was interrupted" in said
            assert process.exitcode == INTERRUPTED
    assert main(["grade", "--workers", "1", "--course", str(copy)]) == 0
    for found, expected in zip(state(copy), state(course), strict=True):
        assert found == expected


def test_locked_gradebook(course, tmp_path, capsys, monkeypatch):
    """Does a gradebook that another program keeps locked end the run in one line and cost nobody a point, and does the
    rerun complete?"""
    copy = Path(shutil.copytree(course, tmp_path / "copy"))
    shutil.copy(*(copy / "submitted" / student / "assignment2" / "Toy.ipynb" for student in ("right", "wrong")))
    monkeypatch.setattr("sqlite3.dbapi2.connect", impatient(sqlite3.dbapi2.connect))
    command = ["grade", "--workers", "1", "--course", str(copy)]
    with sqlite3.connect(copy / "gradebook.db") as other:
        other.execute("BEGIN IMMEDIATE")  # others may read, as during a change in formgrader
        assert main(command) == 1
        assert "autograder: the gradebook is locked by another program" in capsys.readouterr().err
        other.rollback()
    assert state(copy)[0] == state(course)[0]
    assert main(command) == 0
    points = {student: sum(mark[3] or 0 for mark in state(copy)[0] if mark[0] == student) for student in SOLUTIONS}
    assert points["wrong"] == points["right"] == 6


def impatient(connect):
    """A function like sqlite3.connect that waits for nobody."""
    return lambda *arguments, **options: connect(*arguments, **{**options, "timeout": 0})


ENDED = """
import os
from autograder.execution.kernel import server

server.check(server.libc.unshare(0x10000000 | 0x20000000))  # namespaces of users and processes
first = os.fork()
if first == 0:
    os._exit(0)
os.waitpid(first, 0)
try:
    server.fork_in_sandbox()
except server.SandboxGone:
    print("gone")
"""


@pytest.mark.skipif(bool(sandbox.unavailable()), reason=str(sandbox.unavailable()))
def test_a_sandbox_that_ends_before_its_kernel():
    """Is a sandbox whose first process was interrupted taken for what it is, and not for a machine without memory?"""
    run = subprocess.run([sys.executable, "-c", ENDED], capture_output=True, text=True)
    assert run.stdout == "gone\n", run.stderr
