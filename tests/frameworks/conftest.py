"""What only `make test-frameworks` runs: it needs PyTorch."""

import pytest
from autograder.course.assignment import chosen
from autograder.course.key import load_key
from helpers import REPOSITORY


@pytest.fixture(scope="session")
def pytorch_key():
    return load_key(chosen(REPOSITORY, "pytorch"), "PyTorch")
