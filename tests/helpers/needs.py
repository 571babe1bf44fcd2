"""What some tests need of the machine: `pytest.mark.needs("sandbox")`.

Where it is missing the test is skipped. With CI=true it fails: .ci/run installs what tests need. What only some
machines can get, such as npm's packages, is skipped there too, and .ci/run says so.
"""

import os
import shutil

import pytest


def sandbox() -> str:
    from autograder.execution.kernel.sandbox import unavailable

    return unavailable()


def database() -> str:
    return "" if "CS231N_TEST_DATABASE" in os.environ else "CS231N_TEST_DATABASE names no empty PostgreSQL database"


def chromium() -> str:
    return "" if shutil.which("chromium") else "no chromium on PATH"


def pyodide() -> str:
    return "" if "CS231N_TEST_PYODIDE" in os.environ else "CS231N_TEST_PYODIDE names no folder of helpers/pyodide.py"


MISSING = {
    "sandbox": sandbox,
    "database": database,
    "chromium": chromium,
    "pyodide": pyodide,
}  # functions that say what is missing, "" if nothing is


NOT_EVERYWHERE = {"pyodide"}


def require(item: pytest.Item) -> None:
    """Skip a test, or under CI=true fail it, where one of its needs is missing."""
    for marker in item.iter_markers("needs"):
        (name,) = marker.args
        if missing := MISSING[name]():
            must = os.environ.get("CI") == "true" and name not in NOT_EVERYWHERE
            end = pytest.fail if must else pytest.skip
            end(f"needs a {name}: {missing}")
