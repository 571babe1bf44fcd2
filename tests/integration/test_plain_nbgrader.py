"""nbgrader's own commands on a course of ours: its configuration brings everything along."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from autograder.authoring.release import release
from autograder.cli import main
from autograder.course.key import load_key
from autograder.course.solutions import answered, set_source
from autograder.demo import samples
from autograder.execution.kernel import sandbox
from autograder.grading.run import Options, grade
from helpers import ASSIGNMENT, toy
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


def test_the_class_is_the_same_by_either_command(tmp_path):
    """Do `autograder grade` and plain `nbgrader autograde` leave the same gradebook and the same `autograded/`, the
    first time, and after a person has marked and a student has handed in again?"""
    ours, theirs = toy.make_course(tmp_path / "ours"), tmp_path / "theirs"
    key = ours / "source" / ASSIGNMENT
    (key / "Toy2.ipynb").write_text((key / "Toy.ipynb").read_text().replace("cubed", "cubes"))
    with (ours / "nbgrader_config.py").open("a") as file:
        file.write("c.LateSubmissionPlugin.penalty_method = 'zero'\nc.LimitOutput.max_lines = 5\n")
    release(the(ours))
    with Gradebook(f"sqlite:///{ours / 'gradebook.db'}", "cs231n") as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=samples.DUE)
    hand_in_all_kinds(ours)
    shutil.copytree(ours, theirs)
    how = Options(workers=1, no_sandbox=bool(sandbox.unavailable()), feedback=False)
    for time in (1, 2):
        assert grade(the(ours), how).set_aside == {}
        nbgrader(theirs, "autograde", "--force")
        found = in_gradebook(ours)
        assert found == in_gradebook(theirs)
        assert in_autograded(ours) == in_autograded(theirs)
        assert (len(found), len(in_autograded(ours))) == (12, 13)  # two notebooks each; seven files, and the times
        if time == 1:
            for course in (ours, theirs):
                mark_by_hand(course)
                set_double(course, "late", "def double(x):\n    return 2 * x")


def test_steps_of_ones_own_are_for_plain_nbgrader(toy_course, capsys):
    """Is a course whose configuration names another step refused, and told which command runs it?"""
    hand_in(toy_course, "ada")
    with (toy_course / "nbgrader_config.py").open("a") as file:
        file.write("c.Autograde.autograde_preprocessors.append('mine.Step')\n")
    assert main(["grade", "--course", str(toy_course)]) == 1
    assert "only `nbgrader autograde` runs" in capsys.readouterr().err
    assert not (toy_course / "autograded").exists()


def test_executions_are_cleaned_by_a_command(toy_course, capsys):
    """Does `autograder clean` say what it has deleted, and `autograder doctor` what is there?"""
    entry = toy_course / "executions" / "00" / "00.zst"
    entry.parent.mkdir(parents=True, exist_ok=True)
    entry.write_bytes(bytes(2_000_000))
    main(["doctor", "--course", str(toy_course)])
    assert "2.0 MB" in capsys.readouterr().out
    assert main(["clean", "--course", str(toy_course)]) == 0
    assert "0.0 MB of executions deleted, 2.0 MB left" in capsys.readouterr().out
    os.utime(entry, (0, 0))
    assert main(["clean", "--course", str(toy_course), "--days", "7"]) == 0
    assert "2.0 MB of executions deleted, 0.0 MB left" in capsys.readouterr().out


def hand_in_all_kinds(course):
    """Hand in what ends in different ways: right, late, with mistakes, with much output, in two notebooks, as given."""
    for student in ("right", "late", "wrong", "long", "both"):
        hand_in(course, student, samples.TOO_LATE if student == "late" else samples.ON_TIME)
    set_double(course, "late", "def double(x):\n    return 3 * x")
    set_double(course, "wrong", "def double(x):\n    return x.nothing")
    set_double(course, "long", "for n in range(50):\n    print(n)\ndef double(x):\n    return 2 * x")
    shutil.copy(course / "release" / ASSIGNMENT / "Toy2.ipynb", course / "submitted" / "both" / ASSIGNMENT)
    folder = samples.submission(the(course), "as given", samples.ON_TIME)
    shutil.copy(course / "release" / ASSIGNMENT / "Toy.ipynb", folder)


def set_double(course, student, source):
    path = course / "submitted" / student / ASSIGNMENT / "Toy.ipynb"
    notebook = nbformat.read(path, as_version=4)
    set_source(notebook, "double", source)
    nbformat.write(notebook, path)


def mark_by_hand(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        gradebook.find_grade("why", "Toy", ASSIGNMENT, "late").manual_score = 1.5
        gradebook.find_grade("test_double", "Toy", ASSIGNMENT, "late").extra_credit = 0.5
        gradebook.find_comment("why", "Toy", ASSIGNMENT, "as given").manual_comment = "Say something."
        gradebook.db.commit()


def in_gradebook(course):
    """Return all that the gradebook holds of each student, without the ids that nbgrader draws."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        return {
            (submission.student.id, notebook.name): [
                (submission.timestamp, notebook.late_submission_penalty or 0.0, notebook.flagged),
                *sorted(without_ids(row) for row in (*notebook.grades, *notebook.comments)),
            ]
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
            for notebook in submission.notebooks
        }


def without_ids(row):
    values = {name: value for name, value in vars(row).items() if not name.endswith("id") and name[0] != "_"}
    return row.name, repr(sorted((name, value) for name, value in values.items() if name not in ("cell", "notebook")))


def in_autograded(course):
    """Return the files of judged submissions with what is in them and who may read them."""
    files = {path for path in (course / "autograded").rglob("*") if path.is_file() and path.name != ".graded"}
    return {str(path.relative_to(course)): (path.read_text(), path.stat().st_mode) for path in files}
