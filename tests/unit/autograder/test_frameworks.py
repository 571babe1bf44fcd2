"""Assignments that need a framework, on machines that have it and on others."""

from importlib.metadata import PackageNotFoundError, requires

import pytest
from autograder.authoring.pins import applies
from autograder.authoring.wheel import STUDENTS
from autograder.cli import parser, usable
from autograder.core import frameworks
from autograder.core.frameworks import FRAMEWORKS, NoFramework, framework_versions
from autograder.course.assignment import BadSettings, assignments, chosen
from autograder.execution.job import CodeCell, Job, Runtime
from autograder.execution.worker import Worker
from helpers import REPOSITORY
from packaging.requirements import Requirement


@pytest.fixture
def installed(monkeypatch):
    """A function that says which frameworks are installed."""
    return lambda *names: monkeypatch.setattr(frameworks, "_version", lambda name: "1.0" if name in names else "")


def test_only_two_assignments_need_a_framework():
    """Is the workbook graded without any?"""
    found = {name: assignment.frameworks for name, assignment in assignments(REPOSITORY).items()}
    assert found == {"assignment2": (), "pytorch": ("torch",), "tensorflow": ("tensorflow",)}


def test_the_build_for_cpus_is_the_framework(monkeypatch):
    """Is TensorFlow there, with its version, where only its build for CPUs is installed?"""

    def version(distribution):
        if distribution != "tensorflow-cpu":
            raise PackageNotFoundError(distribution)
        return "2.0"

    monkeypatch.setattr(frameworks, "version", version)
    assert framework_versions(("tensorflow",)) == {"tensorflow": "2.0"}


def test_versions_belong_to_what_a_job_runs_on(installed):
    """Is the version of each framework known?"""
    installed("torch")
    assert framework_versions(("torch",)) == {"torch": "1.0"}


def test_without_the_framework_nobody_is_graded(installed):
    """Does a grader without it hear what to install?"""
    installed()
    with pytest.raises(NoFramework, match=r"needs torch.*cs231n-assignment2\[pytorch\]"):
        framework_versions(("torch",))


def test_a_worker_without_the_framework_says_so(installed):
    """Does a worker on another machine refuse a job that needs what it lacks, before anything fails in the job?"""
    installed("torch")
    job = Job((CodeCell("1"),), Runtime.current(("torch",)))
    installed()
    with Worker() as worker, pytest.raises(NoFramework, match="on every machine that grades"):
        worker.execute(job)


@pytest.mark.parametrize("extra", ["", "lab"])
def test_the_students_package_brings_no_framework(extra):
    """Does installing it on Colab or Kaggle, which have frameworks, leave theirs alone?"""
    needed = map(Requirement, requires(STUDENTS) or [])
    names = {requirement.name for requirement in needed if applies(requirement, frozenset({extra}))}
    assert "numpy" in names
    assert names.isdisjoint({*FRAMEWORKS, *FRAMEWORKS.values()})


def test_the_only_assignment_that_can_be_graded_needs_no_name(installed):
    """Do commands without a name go on as before where PyTorch is not installed, and by its name reach it?"""
    installed()
    assert chosen(REPOSITORY).name == "assignment2"
    assert chosen(REPOSITORY, "pytorch").name == "pytorch"


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ((), ["assignment2"]),
        (("torch",), ["assignment2", "pytorch"]),
        (("tensorflow", "torch"), ["assignment2", "pytorch", "tensorflow"]),
    ],
)
def test_all_means_all_that_can_be_executed(names, wanted, installed, capsys):
    """Is an assignment without its framework left out, and is that said?"""
    installed(*names)
    options = parser().parse_args(["release", "--course", str(REPOSITORY)])
    assert [each.name for each in usable(options)] == wanted
    told = capsys.readouterr().err
    assert ("pytorch is left out" in told) is ("torch" not in names)
    assert ("tensorflow is left out" in told) is ("tensorflow" not in names)


def test_a_framework_that_nobody_knows(tmp_path):
    """Is a misspelled framework no course without one?"""
    (tmp_path / "source" / "hw").mkdir(parents=True)
    (tmp_path / "source" / "hw" / "A.ipynb").write_text("{}")
    (tmp_path / "course.toml").write_text('[hw]\nframeworks = ["pytorch"]\n')
    with pytest.raises(BadSettings, match="must be a list of torch"):
        assignments(tmp_path)
