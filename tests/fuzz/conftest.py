"""How much is fuzzed, and what all of it needs: the toy key, and what it expects, without a kernel.

`make test` tries the same cases each time, so that it fails for what a change has broken and for nothing else. That
takes a process of its own: Hypothesis also draws constants of the modules that happen to be imported.
`make fuzz` tries new ones, until it is stopped or has tried EXAMPLES of each property.
"""

import os
from unittest import mock

import numpy as np
import pytest
from autograder.core.results import CellResult, Status
from autograder.course.key import load_key
from autograder.judging.expected import expected_values
from cs231n.checks.cases import SEED
from helpers import toy
from helpers.courses import the
from hypothesis import HealthCheck, settings
from nbformat.v4 import new_output

settings.register_profile(
    "fuzz",
    deadline=None,
    suppress_health_check=list(HealthCheck),  # damaged files are large, and some are slow to make
    print_blob=True,
)
settings.register_profile("suite", settings.get_profile("fuzz"), max_examples=300, derandomize=True)
settings.register_profile(
    "hours", settings.get_profile("fuzz"), max_examples=int(os.environ.get("EXAMPLES", 1_000_000))
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


class InThisProcess:
    """Executes the key's jobs here, instead of in a kernel: nobody but the instructor wrote them."""

    def results(self, job):
        names = {}
        sending = {"CS231N_CHECKS": "send", SEED: job.seed}
        with mock.patch.dict(os.environ, sending):
            return [self._result(cell.source, names) for cell in job.cells]

    def _result(self, source, names):
        outputs = []

        def display(data, raw):
            outputs.append(new_output("display_data", data=data))

        with mock.patch("IPython.display.display", display):
            exec(source, names)
        return CellResult(Status.DONE, outputs)


@pytest.fixture(scope="session")
def toy_key(tmp_path_factory):
    """The toy assignment's key."""
    course = toy.make_course(tmp_path_factory.mktemp("course"))
    return load_key(the(course), "Toy")


@pytest.fixture(scope="session")
def toy_expected(toy_key):
    """What the judge expects of the toy assignment."""
    return expected_values(toy_key, InThisProcess())


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A student's folder; each case replaces the file in it."""
    folder = tmp_path_factory.mktemp("ada") / "assignment2"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def _quiet():
    """Numbers that are not finite are what is tried here, and not worth a warning."""
    with np.errstate(all="ignore"):
        yield
