"""Code that a newer Python than the grader's wrote."""

import pytest
from autograder.submission.newer_python import OURS, QUOTES, remarks_on_syntax
from nbformat.v4 import new_code_cell

QUOTED = """x = f"{d["a"]}\""""


@pytest.mark.parametrize(
    ("source", "version", "told"),
    [("x = new syntax", "99.1", True), ("x = new syntax", "3.0", False), ("x = new syntax", "", False),
     ("x = 1", "99.1", False), ("%%bash\nls -l", "99.1", False), ("!ls\nx = 1", "99.1", False)],
)  # fmt: skip
def test_code_that_only_a_newer_python_may_read(source, version, told):
    """Is code that cannot be parsed told where the notebook was written with a newer Python, and only there?"""
    remarks = remarks_on_syntax([new_code_cell(source, id="mine")], version)
    assert [repair.cell for repair in remarks] == (["mine"] if told else [])


@pytest.mark.skipif(OURS >= QUOTES, reason="this Python reads it")
def test_quotes_in_an_f_string():
    """Are quotes within an f-string, which are new in Python 3.12, told whatever the notebook says?"""
    [told] = remarks_on_syntax([new_code_cell(QUOTED, id="mine")], "")
    assert "cannot read this code" in told.text
