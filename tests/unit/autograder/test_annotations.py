"""What the grader notes in notebooks, and reads again."""

import pytest
from autograder.core.annotations import FIELD, note_verdicts, verdicts_of
from autograder.core.results import CheckKind, Status, Verdict
from nbformat.v4 import new_code_cell

USUAL = Verdict("case/out", Status.PASSED)
ODD = Verdict(
    "out", Status.FAILED, "error 1", "hint", 0.5, True, CheckKind.HOLDS, "added_two", "told", with_ours=["affine"]
)


@pytest.mark.parametrize("verdicts", [[], [USUAL], [ODD, USUAL]], ids=len)
def test_verdicts_come_back(verdicts):
    """Are the verdicts that are read those that were noted, whatever is left out of the notes?"""
    cell = new_code_cell()
    note_verdicts(cell, verdicts)
    assert verdicts_of(cell) == verdicts


def test_what_is_usual_is_left_out():
    """Is of a check that passed, as most do, only its name noted?"""
    cell = new_code_cell()
    note_verdicts(cell, [USUAL])
    assert cell.metadata[FIELD]["verdicts"] == [{"check": "case/out"}]
