"""The outcome of a run as text for a terminal."""

from autograder.grading.changes import summary
from autograder.grading.printing import print_outcome, print_table
from autograder.grading.rows import Row
from autograder.grading.run import Outcome

NAMES = ("BatchNormalization", "ConvolutionalNetworks", "Dropout", "FullyConnectedNets")


def row(student, *scores, late=0.0, remarks=()):
    return Row(student, dict(zip(NAMES, scores, strict=False)), 100.0, late, list(remarks))


def test_table_fits_a_terminal(capsys):
    """Has each student one line of scores within 80 columns, and remarks below them?"""
    rows = [
        row("a-student-with-a-long-name", 25.0, 30.0, 10.0, 35.0),
        row("ada", 12.5, 0.25, late=5400.0, remarks=["Dropout was not handed in " * 4, "second", "third", "fourth"]),
        row("eve", remarks=["not gradable"]),
    ]
    print_table(rows)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    for student, points in (("a-student-with-a-long-name", "100.00"), ("ada", "12.75"), ("eve", "0.00")):
        (line,) = [line for line in lines if line.startswith(f"{student} ")]
        assert line.split()[-2:] == [points, "100"]
    said = " ".join(line.strip() for line in lines)
    assert "ada: late by 1.5 hours; Dropout" in said
    assert said.index("second; and 2 more") > said.index("100.00")
    assert "eve: not gradable" in said


def test_changes_fit_a_terminal(capsys):
    """Is a change of a check with a long name broken within 80 columns, below its student?"""
    check = "ConvolutionalNetworks test_max_pool_backward_naive stride 1, windows that overlap/dx: failed -> passed"
    print_outcome(Outcome([row("ada", 1.0)], summary("ada", 0.0, 1.0, [check]), 1, 1, {}))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-3] == "ada: 0.00 -> 1.00, gained 1.00"
    assert " ".join(" ".join(lines[-2:]).split()) == check
    assert lines[-2].startswith("    Conv")
