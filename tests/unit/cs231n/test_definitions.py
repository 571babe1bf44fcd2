"""Definitions that Python did not take, found in a session's history: cs231n.checks.definitions."""

import pytest
from cs231n.checks.definitions import not_taken
from IPython.core.interactiveshell import InteractiveShell

GOOD, BAD = "def double(x):\n    return 2 * x", "def double(x):\n    return 2 *"


@pytest.fixture
def shell():
    shell = InteractiveShell()
    yield shell
    shell.history_manager.end_session()


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([GOOD, BAD], ["double"]),
        ([GOOD, BAD, GOOD], []),
        ([BAD], ["double"]),
        (["%time 1", GOOD], []),
        (["def other(x):\n    return 2 *"], []),
    ],
)
def test_last_definition_with_a_syntax_error(shell, cells, found, capsys):
    """Is a name told whose last definition is no Python, if the running cell uses it?"""
    for cell in cells:
        shell.run_cell(cell, store_history=True)
    shell.user_ns["not_taken"], shell.user_ns["found"] = not_taken, []
    shell.run_cell("found += not_taken(get_ipython()); double", store_history=True)
    assert shell.user_ns["found"] == found


def test_outside_of_ipython():
    """Is nothing told where there is no history?"""
    assert not_taken(None) == []
