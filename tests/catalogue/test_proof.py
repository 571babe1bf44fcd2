"""What `autograder prove` says about the workbook, but for mutants, of which test_mutants.py takes a sample."""

import pytest
from autograder.authoring.bench import benches
from autograder.authoring.proving.claims import CLAIMS
from autograder.authoring.proving.prove import about_the_whole, prove_step
from autograder.course.cells import is_check, name_of
from autograder.course.key import keys
from helpers.courses import WORKBOOK

SOME_CLAIMS = {name: claim for name, claim in CLAIMS.items() if name != "mutants"}
STEPS = [(name, name_of(cell)) for name, key in keys(WORKBOOK).items() for cell in key.notebook.cells if is_check(cell)]


@pytest.fixture(scope="session")
def steps(course_keys, executions):
    with benches(course_keys, executions) as found:
        yield {bench.check: bench for bench in found}


@pytest.mark.parametrize(("name", "check"), STEPS, ids=[check for _, check in STEPS])
def test_every_claim_holds(name, check, steps):
    """Does the key earn all points, the untouched release none; is each mistake named, each variant right?"""
    assert prove_step(steps[check], claims=SOME_CLAIMS).problems == []


def test_texts_and_files_belong_together():
    """Do texts give the points of the cells and name nothing that is gone, and does nothing leak?"""
    assert list(about_the_whole(WORKBOOK)) == []
