"""Fixtures that several test files share.

The grader is imported inside the fixtures: the tests of `cs231n` also run where the grader is not installed.
"""

import os
import shutil
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before anything imports NumPy

import pytest
from helpers import REPOSITORY, needs


def pytest_runtest_setup(item):
    needs.require(item)


@pytest.fixture(scope="session")
def repository():
    return REPOSITORY


@pytest.fixture(scope="session")
def executions(tmp_path_factory, worker_id):
    """Executions that all workers of one test run share: what one has executed, the others find."""
    from autograder.execution.executions import executions_in

    base = tmp_path_factory.getbasetemp()
    return executions_in((base if worker_id == "master" else base.parent) / "executions")


@pytest.fixture(scope="session")
def worker_id(request):
    return getattr(request.config, "workerinput", {}).get("workerid", "master")


@pytest.fixture
def toy_key(tmp_path):
    """The toy assignment's key, in a course of its own."""
    from autograder.course.key import load_key
    from helpers import toy
    from helpers.courses import the

    toy.make_course(tmp_path)
    return load_key(the(tmp_path), "Toy")


@pytest.fixture(scope="session")
def released_toy(tmp_path_factory):
    """A released course with the toy assignment, which all tests share: copy it."""
    from autograder.authoring.release import release
    from helpers import toy
    from helpers.courses import the

    course = toy.make_course(tmp_path_factory.mktemp("released") / "course")
    release(the(course))
    return course


@pytest.fixture
def toy_course(released_toy, tmp_path):
    """A released course with the toy assignment."""
    return Path(shutil.copytree(released_toy, tmp_path / "course"))


@pytest.fixture(scope="session")
def course_keys():
    """The keys of the workbook's notebooks by name."""
    from autograder.course.key import keys
    from helpers.courses import WORKBOOK

    return keys(WORKBOOK)


@pytest.fixture(scope="session")
def expected(course_keys, executions):
    """What the judge expects, by notebook."""
    from autograder.judging.expected import expected_values

    return {name: expected_values(key, executions) for name, key in course_keys.items()}
