"""What only `make test-frameworks` runs: nothing about a framework is collected where it is missing."""

from importlib.util import find_spec

import pytest
from helpers import REPOSITORY

ABOUT = {"torch": "*_pytorch.py", "tensorflow": "*_tensorflow.py"}
collect_ignore_glob = [files for framework, files in ABOUT.items() if not find_spec(framework)]


def key_of(assignment, notebook):
    from autograder.course.assignment import chosen
    from autograder.course.key import load_key

    return load_key(chosen(REPOSITORY, assignment), notebook)


@pytest.fixture(scope="session")
def pytorch_key():
    return key_of("pytorch", "PyTorch")


@pytest.fixture(scope="session")
def tensorflow_key():
    return key_of("tensorflow", "TensorFlow")


@pytest.fixture
def printed_by_a_forked_kernel():
    """A function that runs code in a kernel of an assignment with these frameworks, and returns what it prints."""
    from autograder.execution.job import CodeCell, Job, Runtime
    from autograder.execution.worker import process_worker

    def run(code, frameworks):
        job = Job((CodeCell(code),), Runtime.current(frameworks))
        if not job.sandboxed:
            pytest.skip("without a sandbox nothing is loaded ahead")
        (result,) = process_worker().execute(job)
        return result.outputs[0].text.strip()

    return run
