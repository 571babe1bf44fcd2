"""Mutants: which small changes of a solution are made, and which are known to make no difference."""

import pytest
from autograder.authoring.mutants import equivalents, mutants, mutants_of
from autograder.core.errors import GraderError
from autograder.course.key import load_key

SOURCE = """def f(x, p=1):
    y = 2 * x
    ### BEGIN SOLUTION
    {line}
    ### END SOLUTION
    return y"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("y = x + p", {"x + p -> x - p", "x + p -> x"}),
        ("y = x.sum(axis=0)", {"x.sum -> x.mean", "x.sum(axis=0) -> x.sum()", "0 -> 1"}),
        ("y[x < p] = 0", {"x < p -> x <= p", "x < p -> x > p", "0 -> 1", "y[x < p] = 0 -> nothing"}),
        ("y += x", {"y += x -> y -= x", "y += x -> nothing"}),
        ("y = x.copy()", {"x.copy() -> x"}),
        ("y = -x", {"-x -> x"}),
        ("y = (x, p)", {"(x, p) -> (p, x)"}),
        ("y = x[1:p]", {"1:p -> :p", "1:p -> 1:", "1 -> 2"}),
        ("y = x if p else y", {"x if p else y -> x", "x if p else y -> y"}),
    ],
)
def test_changes(line, expected):
    """Is each slip made once, between the marks of the solution only?"""
    found = list(mutants_of("f", SOURCE.format(line=line)))
    assert {mutant.change for mutant in found} == expected
    assert {mutant.line for mutant in found} == {line}
    assert all(compile(mutant.source, "mutant", "exec") for mutant in found)
    assert len({mutant.source for mutant in found}) == len(found)


def test_known_equivalents_are_left_out(toy_key):
    """Is a mutant that is listed with a reason not judged, and a listed one without a reason refused?"""
    before = mutants(toy_key)
    entry = f'[[equivalent]]\ncell = "{before[0].cell}"\nline = "{before[0].line}"\nchange = "{before[0].change}"\n'
    path = toy_key.assignment.proof / "equivalents" / "Toy.toml"
    path.parent.mkdir()
    path.write_text(entry + 'reason = "for the test"\n')
    assert mutants(load_key(toy_key.assignment, toy_key.name)) == before[1:]
    path.write_text(entry)
    with pytest.raises(GraderError, match="lacks a reason"):
        equivalents(toy_key)
