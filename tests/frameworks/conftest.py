"""What only `make test-frameworks` runs: nothing of it is collected where there is no PyTorch."""

from importlib.util import find_spec

import pytest
from helpers import REPOSITORY

collect_ignore_glob = [] if find_spec("torch") else ["test_*.py"]


@pytest.fixture(scope="session")
def pytorch_key():
    from autograder.course.assignment import chosen
    from autograder.course.key import load_key

    return load_key(chosen(REPOSITORY, "pytorch"), "PyTorch")
