"""Grading a class: one grader at a time, killed and repeated runs, what changes, clusters, other databases."""

import errno
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import Mock

import nbformat
import pytest
from autograder.authoring.release import release
from autograder.cli import main
from autograder.core.errors import GraderError
from autograder.core.results import Status
from autograder.evaluation.evaluate import evaluate, limited
from autograder.execution.job import CodeCell, Job, Runtime
from autograder.execution.kernel import sandbox
from autograder.execution.pool import WORKER_BYTES
from autograder.execution.worker import execute_packed
from autograder.grading.changes import differences, summary
from autograder.grading.lock import CourseIsBusy, only_grader
from autograder.grading.printing import print_outcome
from autograder.grading.run import Options, grade
from autograder.grading.task import evaluated
from autograder.integration.converters import ConversionFailed
from autograder.integration.entering import Ledger
from autograder.judging.networks import DataSetMissing
from autograder.submission.preparation import make_job
from distributed import LocalCluster
from helpers import ASSIGNMENT, toy
from helpers.courses import the
from nbgrader.api import Gradebook

SANDBOX = not sandbox.unavailable()
HOW = Options(workers=2, no_sandbox=not SANDBOX)
ONE_WORKER = Options(workers=1, no_sandbox=not SANDBOX)
SLOW = "import time; time.sleep({seconds})  # {name}\ndef double(x):\n    return 2 * x"


@pytest.fixture
def course(tmp_path):
    """A released toy course with three submissions, two of them the same."""
    course = toy.make_course(tmp_path / "course")
    release(the(course))
    toy.hand_in(course, "ada", "def double(x):\n    return 2 * x")
    toy.hand_in(course, "bob", "def double(x):\n    return 2 * x")
    toy.hand_in(course, "cy", "def double(x):\n    return 3 * x")
    return course


def totals(outcome):
    return {row.student: row.total for row in outcome.rows}


def hand_in_again(course, student, old, new):
    """Change something in what a student has handed in."""
    path = course / "submitted" / student / ASSIGNMENT / "Toy.ipynb"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_identical_work_is_done_once_and_unchanged_work_never(course):
    """Are two equal submissions executed once, and does a second run neither execute nor judge anybody?"""
    first = grade(the(course), ONE_WORKER)
    assert (first.executed, first.judged) == (3, 3)  # what `double` cost cy elsewhere was followed through
    assert totals(first) == {"ada": 6, "bob": 6, "cy": 2}
    second = grade(the(course), HOW)
    assert (second.executed, second.judged, second.changed) == (0, 0, [])
    assert totals(second) == totals(first)


def test_a_new_submission_is_the_only_one_judged(course):
    """After one student hands in again, is only that one executed and judged, and the difference told?"""
    grade(the(course), HOW)
    (course / "submitted" / "cy" / ASSIGNMENT / "Toy.ipynb").unlink()
    (course / "submitted" / "cy" / ASSIGNMENT / "timestamp.txt").unlink()
    (course / "submitted" / "cy" / ASSIGNMENT).rmdir()
    toy.hand_in(course, "cy", "def double(x):\n    return x + x")
    again = grade(the(course), HOW)
    assert (again.executed, again.judged) == (1, 1)
    assert again.changed[0] == "cy: 2.00 -> 6.00, gained 4.00"
    assert "    Toy test_double matrix/out: failed -> passed" in again.changed


def test_a_changed_key_tells_who_lost_by_which_check(course, capsys):
    """After the key's check has changed, is the class graded again, and the difference printed?"""
    grade(the(course), HOW)
    path = course / "source" / ASSIGNMENT / "Toy.ipynb"
    text = path.read_text()
    for old, new in [
        ("out = 2 * x", "out = 3 * x"),
        ("double(x), 2 * x)", "double(x), 3 * x)"),
        ("np.allclose(out / 2, x)", "np.allclose(out / 3, x)"),
        ("x * double(x) / 2", "x * double(x) / 3"),
    ]:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    release(the(course))
    outcome = grade(the(course), ONE_WORKER)
    print_outcome(outcome)
    printed = capsys.readouterr().out
    assert (outcome.executed, outcome.judged) == (2, 3)
    assert "ada: 6.00 -> " in printed
    assert "lost" in printed
    assert "cy: 2.00 -> " in printed
    assert "gained" in printed
    assert "Toy test_double vector/out: passed -> failed" in printed


def test_differences_name_new_and_gone_checks():
    """Are checks that did not exist before, or do not any more, told as such; long lists cut?"""
    passed, failed = Status.PASSED, Status.FAILED
    before = {("A", "t", "old"): passed, ("A", "t", "same"): failed}
    after = {("A", "t", "new"): failed, ("A", "t", "same"): failed}
    lines = differences(before, after)
    assert lines == ["A t new: no such check -> failed", "A t old: passed -> no such check"]
    assert summary("ada", 2, 1, lines * 4)[-1] == "    ... and 3 more"


def test_an_edit_of_one_notebook_leaves_the_executions_of_others(course_keys):
    """Does a changed check cell change the jobs of its own notebook only?"""
    changed = nbformat.from_dict(course_keys["Dropout"].notebook)
    for cell in changed.cells:
        cell.source = cell.source.replace("231", "232")
    jobs = {name: make_job(key.notebook, key).address for name, key in course_keys.items()}
    assert make_job(changed, course_keys["Dropout"]).address != jobs["Dropout"]
    # what others take from it are its definitions, and those are the same
    assert course_keys["BatchNormalization"].definitions.keys() == {"FullyConnectedNets"}
    fresh = replace(course_keys["BatchNormalization"], version="another")
    assert make_job(fresh.notebook, fresh).address == jobs["BatchNormalization"]


def test_killed_run_resumes(course):
    """When the grader is killed in the middle, does the next run execute only what is missing, and finish?"""
    for number in range(4):
        toy.hand_in(course, f"slow {number}", SLOW.format(seconds=1.5, name=number))
    command = [sys.executable, "-m", "autograder.cli", "grade", "--course", str(course), "--workers", "1"]
    command += [] if SANDBOX else ["--no-sandbox"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    stored = 0
    while stored < 5:  # three of the key's, and two of students
        assert running.poll() is None
        stored = len(list((course / "executions").glob("*/*.zst")))
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    outcome = grade(the(course), HOW)
    assert outcome.executed <= 5  # of seven
    slow = {f"slow {number}": 6 for number in range(4)}
    assert totals(outcome) == {"ada": 6, "bob": 6, "cy": 2, **slow}


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal to a group of processes on POSIX only")
def test_interrupted_run_ends_in_one_line(course, tmp_path, monkeypatch):
    """Does Ctrl-C in a terminal, which all processes get, end with one line, and leave no temporary file?"""
    for number in range(4):
        toy.hand_in(course, f"slow {number}", SLOW.format(seconds=1.5, name=number))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    command = [sys.executable, "-m", "autograder.cli", "grade", "--course", str(course), "--workers", "2"]
    command += [] if SANDBOX else ["--no-sandbox"]
    with (tmp_path / "said").open("w+") as said:
        running = subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True)
        while len(list((course / "executions").glob("*/*.zst"))) < 5:  # three of the key's, and two of students
            assert running.poll() is None
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGINT)
        status = running.wait()
        said.seek(0)
        printed = said.read()
    assert status == 130, printed
    assert "Traceback" not in printed
    assert printed.strip().splitlines()[-1].startswith("autograder: grade was interrupted: executions are kept")
    assert list(scratch.iterdir()) == []


def test_second_grader_is_told_who_is_at_work(course, capsys):
    """Does a second grader stop and name the first one, and does the lock end when its holder is killed?"""
    with only_grader(course):
        assert main(["grade", "--no-sandbox", "--course", str(course)]) == 1
        assert f"is being graded by process {os.getpid()}" in capsys.readouterr().err
    holder = "import sys, time; from pathlib import Path; from autograder.grading.lock import only_grader\n"
    holder += "with only_grader(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", holder, str(course)], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        with pytest.raises(CourseIsBusy, match=f"process {process.pid}"), only_grader(course):
            pass
        process.kill()
    with only_grader(course):
        pass


def test_without_a_sandbox_grading_stops(course, monkeypatch, capsys):
    """Where there is no sandbox, does grading stop and say what to install, unless the risk is accepted?"""
    monkeypatch.setattr("autograder.execution.kernel.sandbox.unavailable", lambda: "no bwrap on the PATH")
    assert main(["grade", "--course", str(course)]) == 1
    said = capsys.readouterr().err
    assert "apt install bubblewrap" in said
    assert "--no-sandbox" in said
    assert totals(grade(the(course), Options(workers=1, no_sandbox=True)))["ada"] == 6


def test_doctor_tells_how_to_get_a_sandbox(course, monkeypatch, capsys):
    """Does the doctor say whether there is a sandbox, and what to do where there is none?"""
    monkeypatch.setattr("autograder.execution.kernel.sandbox.unavailable", lambda: "no bwrap on the PATH")
    main(["doctor", "--course", str(course)])
    printed = " ".join(capsys.readouterr().out.split())
    assert "✗ sandbox" in printed
    assert "apt install bubblewrap" in printed
    monkeypatch.setattr("autograder.execution.kernel.sandbox.unavailable", lambda: "")
    main(["doctor", "--course", str(course)])
    assert "✓ sandbox" in capsys.readouterr().out


def test_full_disk_stops_the_run_and_keeps_the_grades(course, monkeypatch):
    """When the store's disk is full, does the run end with that error, and the next one go on?"""
    from autograder.execution.store import Store

    put, calls = Store.put, []

    def full(self, job, packed):
        calls.append(job)
        if len(calls) > 3:
            raise OSError(28, "No space left on device")
        put(self, job, packed)

    with monkeypatch.context() as patched:
        patched.setattr("autograder.grading.run.local_pool", in_this_process)
        patched.setattr(Store, "put", full)
        with pytest.raises(OSError, match="No space left"):
            grade(the(course), HOW)
    assert totals(grade(the(course), HOW))["ada"] == 6


def test_worker_with_another_package_refuses():
    """Does a worker whose `cs231n` differs from the grader's refuse instead of giving other values?"""
    job = Job((CodeCell("1"),), Runtime.current(), sandboxed=False)
    with pytest.raises(GraderError, match="cs231n: "):
        execute_packed(replace(job, runtime=replace(job.runtime, cs231n="0" * 64)))
    assert execute_packed(job)


def test_dask_cluster_gives_the_same_grades(course):
    """Does a real cluster of separate worker processes end with the grades of the local run?"""
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        outcome = grade(the(course), Options(scheduler=cluster.scheduler_address, no_sandbox=not SANDBOX))
    assert outcome.executed >= 3
    assert totals(outcome) == {"ada": 6, "bob": 6, "cy": 2}


def test_no_scheduler_there(course, capsys):
    """Is an address where no scheduler answers an error in one line?"""
    arguments = ["grade", "--course", str(course), "--scheduler", "tcp://127.0.0.1:9"]
    assert main(arguments + ([] if SANDBOX else ["--no-sandbox"])) == 1
    assert "no Dask scheduler answers" in capsys.readouterr().err


@pytest.mark.needs("database")
def test_postgresql(course):
    """Do release and grading work on the PostgreSQL database that CS231N_TEST_DATABASE names, an empty one?"""
    url = os.environ["CS231N_TEST_DATABASE"]
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(f"\nget_config().CourseDirectory.db_url = {url!r}\n")
    release(the(course))
    assert totals(grade(the(course), HOW)) == {"ada": 6, "bob": 6, "cy": 2}
    with Gradebook(url, "cs231n") as gradebook:
        assert gradebook.find_submission(ASSIGNMENT, "ada").score == 6
        gradebook.find_grade("why", "Toy", ASSIGNMENT, "cy").manual_score = 1.5
        gradebook.db.commit()
    hand_in_again(course, "cy", "3 * x", "2 * x")
    assert totals(grade(the(course), HOW)) == {"ada": 6, "bob": 6, "cy": 7.5}


def test_grader_without_the_data_set_costs_nobody_a_point(course, monkeypatch, capsys):
    """Is a submission that needs images which are not there left ungraded, said, and graded once they have come?"""

    def lacking(submission, folder, name, rules):
        if folder.parent.name == "bob":
            raise DataSetMissing("net.npz was trained on CIFAR-10, which this machine does not have")
        return evaluate(submission, folder, name, rules)

    arguments = ["grade", "--course", str(course)] + ([] if SANDBOX else ["--no-sandbox"])
    with monkeypatch.context() as patched:
        patched.setattr("autograder.grading.run.local_pool", in_this_process)
        patched.setattr("autograder.grading.task.evaluate", lacking)
        assert main(arguments) == 1
    printed = capsys.readouterr()
    assert "bob" in printed.err
    assert "CIFAR-10" in printed.err
    assert "not graded: net.npz" in printed.out
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        assert {s.student.id for s in gradebook.assignment_submissions(ASSIGNMENT)} == {"ada", "cy"}
    assert totals(grade(the(course), HOW)) == {"ada": 6, "bob": 6, "cy": 2}


def test_results_depend_on_the_data_set(course, monkeypatch):
    """After another data set was installed, is the class judged again?"""
    grade(the(course), HOW)
    monkeypatch.setattr("autograder.grading.digests.held_out_identity", lambda: "another data set")
    assert grade(the(course), HOW).judged == 3


def test_kernel_that_does_not_start_stops_the_run(course, monkeypatch):
    """Is trouble of the machine an error that ends the run, with nobody graded by it?"""

    def no_memory(worker, job):
        raise GraderError("a kernel did not start")

    grade(the(course), Options(workers=1, no_sandbox=not SANDBOX, feedback=False))
    hand_in_again(course, "cy", "3 * x", "4 * x")
    monkeypatch.setattr("autograder.grading.run.local_pool", in_this_process)
    monkeypatch.setattr("autograder.execution.worker.Worker.execute", no_memory)
    with pytest.raises(GraderError, match="did not start"):
        grade(the(course), HOW)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        assert gradebook.find_submission(ASSIGNMENT, "cy").score == 2


@pytest.mark.parametrize(
    "problem",
    [GraderError("a kernel did not start"), OSError(errno.ENOSPC, "No space left on device")],
    ids=["machine", "disk"],
)
def test_trouble_while_writing_stops_the_run(course, monkeypatch, problem):
    """Does the grader's trouble while a submission is entered end the run, and cost nobody a point?"""
    with monkeypatch.context() as patched:
        patched.setattr("autograder.integration.entering.Ledger.enter", Mock(side_effect=problem))
        with pytest.raises(type(problem), match=re.escape(str(problem))):
            grade(the(course), HOW)
    assert totals(grade(the(course), HOW)) == {"ada": 6, "bob": 6, "cy": 2}


def test_a_run_that_ends_between_points_and_notebooks(course, monkeypatch):
    """When a run ends after it has entered points, and before the judged notebook is in its place, does the next one do
    both again, even if the student has handed in what was graded before?"""
    grade(the(course), HOW)
    before = shutil.copytree(course / "submitted" / "cy", course / "before")
    hand_in_again(course, "cy", "3 * x", "2 * x")
    with monkeypatch.context() as patched:
        patched.setattr("autograder.grading.schedule.put_in_place", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            grade(the(course), HOW)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        assert gradebook.find_submission(ASSIGNMENT, "cy").score == 6
    shutil.copytree(before, course / "submitted" / "cy", dirs_exist_ok=True)
    outcome = grade(the(course), HOW)
    assert (outcome.judged, totals(outcome)) == (1, {"ada": 6, "bob": 6, "cy": 2})
    judged = course / "autograded" / "cy"
    assert "3 * x" in (judged / ASSIGNMENT / "Toy.ipynb").read_text()
    assert [path.name for path in judged.iterdir()] == [ASSIGNMENT]


def test_a_submission_that_cannot_be_entered_stops_nobody_else(course, monkeypatch):
    """Does any other exception cost the one submission only, and say so in the table?"""

    enter, sizes = Ledger.enter, []

    def entered(ledger, batch):
        sizes.append(len(batch))
        enter(ledger, [replace(marks, scores={"Toy": {}}) if marks.student == "bob" else marks for marks in batch])

    monkeypatch.setattr("autograder.grading.run.local_pool", all_at_once)
    monkeypatch.setattr("autograder.integration.entering.Ledger.enter", entered)
    outcome = grade(the(course), HOW)
    assert totals(outcome) == {"ada": 6, "bob": 0, "cy": 2}
    remarks = {row.student: row.remarks for row in outcome.rows}
    assert sizes == [3, 1, 1, 1]
    assert remarks["bob"] == ["not gradable: KeyError: 'test_double', see logs/"]
    assert "Traceback" in (course / "logs" / "assignment2" / "bob.log").read_text()


@contextmanager
def in_this_process(*limits):
    with ThreadPoolExecutor(1) as pool:
        yield pool


class Patient(ThreadPoolExecutor):
    """Works in this process, and returns nothing before everything is done."""

    def submit(self, function, *arguments):
        future = Future()
        future.set_result(super().submit(function, *arguments).result())
        return future


@contextmanager
def all_at_once(*limits):
    with Patient(1) as pool:
        yield pool


def test_deleted_logs_do_not_matter(course):
    """After logs/ was deleted, are feedback pages still written, and the log with them?"""
    grade(the(course), Options(workers=2, no_sandbox=not SANDBOX, feedback=False))
    shutil.rmtree(course / "logs")
    grade(the(course), HOW)
    assert (course / "feedback" / "ada" / ASSIGNMENT / "Toy.html").exists()
    assert (course / "logs" / "assignment2" / "ada.log").exists()


def evaluated_but_for_bob(task):
    """Evaluate a submission; bob's ends the process, again and again."""
    if task.student == "bob":
        os.kill(os.getpid(), signal.SIGKILL)
    return evaluated(task)


@pytest.mark.skipif(os.name != "posix", reason="kills processes by signals")
def test_what_kills_every_worker_is_the_graders_trouble(course, monkeypatch, capsys):
    """Is a submission that ends each worker set aside and said, with everybody else graded, and graded next time?"""
    arguments = ["grade", "--course", str(course), "--workers", "2"] + ([] if SANDBOX else ["--no-sandbox"])
    with monkeypatch.context() as patched:
        patched.setattr("autograder.grading.run.evaluated", evaluated_but_for_bob)
        assert main(arguments) == 1
    printed = capsys.readouterr()
    assert "bob: the worker died 2 times (SIGKILL)" in printed.err
    assert "not graded: the worker died" in printed.out
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        assert {s.student.id: s.score for s in gradebook.assignment_submissions(ASSIGNMENT)} == {"ada": 6, "cy": 2}
    assert totals(grade(the(course), HOW)) == {"ada": 6, "bob": 6, "cy": 2}


@pytest.mark.skipif(os.name != "posix", reason="kills processes by signals")
def test_killed_workers_cost_nothing(course):
    """When somebody kills all workers in the middle of their work, is it done again, and nobody set aside?"""
    for number in range(2):
        toy.hand_in(course, f"slow {number}", SLOW.format(seconds=1.5, name=number))
    killed = []

    def kill():
        patience = time.monotonic() + 120
        stored = 0
        while stored < 4 and time.monotonic() < patience:  # three of the key's, and one of a student's
            stored = len(list((course / "executions").glob("*/*.zst")))
            time.sleep(0.05)
        for worker in multiprocessing.active_children():
            os.kill(worker.pid, signal.SIGKILL)
            killed.append(worker.pid)

    with ThreadPoolExecutor(1) as thread:
        killing = thread.submit(kill)
        outcome = grade(the(course), HOW)
        killing.result()
    assert killed
    assert outcome.set_aside == {}
    assert totals(outcome) == {"ada": 6, "bob": 6, "cy": 2, "slow 0": 6, "slow 1": 6}


def too_much_for_the_limits(task):
    """Evaluate a submission; ada's takes more processor time than there is, bob's more memory."""
    if task.student == "ada":
        with limited(0.2):
            while True:
                pass
    if task.student == "bob":
        with limited():
            bytearray(2 * WORKER_BYTES)
    return evaluated(task)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_what_takes_too_much_costs_its_student_only(course, monkeypatch):
    """Are submissions that take too much time or memory not gradable, for that reason, and all others graded?"""
    monkeypatch.setattr("autograder.grading.run.evaluated", too_much_for_the_limits)
    rows = {row.student: row for row in grade(the(course), HOW).rows}
    assert rows["ada"].remarks == ["not gradable: reading and judging it took more than 0 s of processor time"]
    assert rows["bob"].remarks == ["not gradable: reading and judging it took more memory than is allowed"]
    assert {name: row.total for name, row in rows.items()} == {"ada": 0, "bob": 0, "cy": 2}


def test_what_is_too_large_to_be_kept(course, monkeypatch):
    """Is a submission of which the grader would get back too much not gradable, and is what to do told?"""
    monkeypatch.setattr("autograder.grading.run.local_pool", in_this_process)
    monkeypatch.setattr("autograder.grading.task.MAX_BYTES", 2000)
    rows = grade(the(course), HOW).rows
    assert {remark.endswith("clear their outputs") for row in rows for remark in row.remarks} == {True}
    assert [row.total for row in rows] == [0, 0, 0]


def test_page_that_cannot_be_written_is_told(course, monkeypatch):
    """Is a student whose feedback page fails named in the table, and written for at the next run?"""

    def fail(*arguments):
        raise ConversionFailed("no template", "the log")

    monkeypatch.setattr("autograder.grading.run.local_pool", in_this_process)
    with monkeypatch.context() as patched:
        patched.setattr("autograder.grading.feedback.convert_one", fail)
        rows = grade(the(course), HOW).rows
    assert all("no feedback page: no template" in row.remarks for row in rows)
    assert not any(row.remarks for row in grade(the(course), HOW).rows)
    assert (course / "feedback" / "ada" / ASSIGNMENT / "Toy.html").exists()
