"""The checks notice small changes of the key: mutation testing, a sample of it."""

import random

import pytest
from autograder.authoring.bench import benches
from autograder.authoring.mutants import judge, mutants
from autograder.course.key import keys
from helpers.courses import WORKBOOK

SAMPLE = 15  # of each notebook; `make mutants` takes all


@pytest.mark.parametrize("name", list(keys(WORKBOOK)))
def test_every_change_is_noticed(name, course_keys, executions):
    """Does each mutant of a sample lose points in its own step, nearly all of them by a check that students see?"""
    found = mutants(course_keys[name])
    some = random.Random(name).sample(found, min(SAMPLE, len(found)))
    with benches({name: course_keys[name]}, executions) as steps:
        outcomes = [each for bench in steps for each in judge(bench, [m for m in some if m.cell == bench.step])]
    assert len(outcomes) == len(some)
    assert [outcome.mutant for outcome in outcomes if not outcome.caught] == []
    hidden_only = [outcome.mutant for outcome in outcomes if not outcome.visibly]
    assert len(hidden_only) <= 1, hidden_only
