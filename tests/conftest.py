"""Fixtures that several test files share."""

import os
from pathlib import Path

import pytest
import toy
from autograder.course import Key, keys
from autograder.judge import reference
from autograder.release import release
from autograder.store import Store

REPOSITORY = Path(__file__).parents[1]
SOURCES = REPOSITORY / "source" / "assignment2"

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def repository():
    return REPOSITORY


@pytest.fixture(scope="session")
def store(tmp_path_factory, worker_id):
    """A store that all workers of one test run share: an execution that one did, the others find."""
    base = tmp_path_factory.getbasetemp()
    return Store((base if worker_id == "master" else base.parent) / "executions")


@pytest.fixture(scope="session")
def worker_id(request):
    return getattr(request.config, "workerinput", {}).get("workerid", "master")


@pytest.fixture
def toy_key(tmp_path):
    """The toy assignment's key, in a course of its own."""
    toy.make_course(tmp_path)
    return Key(tmp_path / "source" / "assignment2", "Toy")


@pytest.fixture
def toy_course(tmp_path):
    """A released course with the toy assignment."""
    course = toy.make_course(tmp_path / "course")
    release(course)
    return course


@pytest.fixture(scope="session")
def course_keys():
    """The keys of the workbook's notebooks by name."""
    return keys(SOURCES)


@pytest.fixture(scope="session")
def references(course_keys, store):
    """What the judge expects, by notebook."""
    return {name: reference(key, store) for name, key in course_keys.items()}
