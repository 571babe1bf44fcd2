"""The catalog of misconceptions proves the checks: each is caught where it belongs, and named."""

import random

import pytest
from autograder.authoring.fingerprints import fingerprints_of
from autograder.course.catalogue import catalogue, dependents, known_mistakes
from autograder.course.key import keys
from autograder.course.steps import partners, steps_under_test
from autograder.judging.expected import shipped_values
from autograder.judging.messages import sent_in
from cs231n.checks import hints, shipped
from cs231n.checks.compare import difference
from cs231n.checks.hints import same
from cs231n.checks.values import decode
from helpers.courses import WORKBOOK
from helpers.judging import follow_notebook_through, judge_notebook

CATALOGUE = [(name, mistake) for name in keys(WORKBOOK) for mistake in catalogue(WORKBOOK, name)]
SAMPLED = {"TensorFlow": 30}  # whole notebooks that take seconds each; `autograder prove` tries all in their steps
LEAST = {
    "FullyConnectedNets": 130,
    "BatchNormalization": 90,
    "Dropout": 30,
    "ConvolutionalNetworks": 80,
    "PyTorch": 150,
    "TensorFlow": 120,
}


def tried(name):
    """Return the mistakes to try in the whole notebook: all of them, or a sample."""
    found = [each for each in CATALOGUE if each[0] == name]
    return random.Random(name).sample(found, SAMPLED[name]) if name in SAMPLED else found


TRIED = [each for name in keys(WORKBOOK) for each in tried(name)]


@pytest.mark.parametrize(("name", "mistake"), TRIED, ids=[mistake.name for _, mistake in TRIED])
def test_caught_confined_and_named(name, mistake, course_keys, expected, executions):
    """Does the mistake lose points in its own check cell and nowhere that does not depend on it, with its own hint; and
    in the end, all followed through, only in cells about its step, or about those that share its caches?"""
    key, check_cell, notebook = course_keys[name], f"test_{mistake.cell}", mistake.graft(course_keys[name])
    executed, verdicts = judge_notebook(notebook, key, executions, expected[name])
    losers = {cell for cell, found in verdicts.items() if not all(v.passed for v in found)}
    assert check_cell in losers, "not caught"
    assert losers <= dependents(key, mistake.cell), "not confined"
    told = {verdict.hint for verdict in verdicts[check_cell]} - {""}
    assert mistake.hint in told, "not named: is `make fingerprints` due?"

    recorded = known_mistakes(key).fingerprints.get(mistake.cell, {})
    right = list(expected[name].checks[check_cell].values())
    for check, fingerprint in fingerprints_of(sent_in(executed)[check_cell], right).items():
        entries = [entry[1:] for entry in recorded.get(check, []) if entry[0] == mistake.name]
        assert all(same(entry, fingerprint) for entry in entries), f"{check}: `make fingerprints` is due"

    final = follow_notebook_through(notebook, key, executions, expected[name])
    charged = {cell for cell, found in final.items() if not all(v.passed for v in found)}
    about = {cell for cell in charged if steps_under_test(key, cell) & partners(key, mistake.cell)}
    assert check_cell in charged
    assert charged == about, "charged twice"


def test_size_of_the_catalogue():
    """Are there as many misconceptions as were promised?"""
    for name in keys(WORKBOOK):
        assert sum(notebook == name for notebook, _ in CATALOGUE) >= LEAST[name]


def test_nine_in_ten_are_named_by_a_visible_check():
    """Would a student in their own session read the right hint for at least nine in ten of the mistakes?"""
    named = [mistake.name for _, mistake in CATALOGUE if recognized_by_students(mistake)]
    missing = sorted({mistake.name for _, mistake in CATALOGUE} - set(named))
    print(f"{len(named)} of {len(CATALOGUE)} are named by a visible check; not: {', '.join(missing)}")
    assert len(named) >= 0.9 * len(CATALOGUE)


def recognized_by_students(mistake):
    known, _ = shipped.mistakes(mistake.cell)
    failures = {check: entry[1:] for check, entries in known.items() for entry in entries if entry[0] == mistake.name}
    return mistake.name in hints.recognize(failures, known).values()


def test_shipped_fingerprints_are_those_of_visible_checks(expected):
    """Do fingerprints and values of visible checks ship, and none of a hidden one?"""
    for values in expected.values():
        for cell, checks in values.checks.items():
            known, texts = shipped.mistakes(cell.removeprefix("test_"))
            assert not set(known) & (set(checks) - values.visible[cell])
            assert texts == ({mistake.name: mistake.hint for _, mistake in CATALOGUE} if known else {})


@pytest.mark.parametrize("name", list(keys(WORKBOOK)))
def test_shipped_values_are_those_of_the_key(name, course_keys, executions):
    """Does what students' values are compared with agree with the key, for all visible checks and no hidden one?"""
    for cell, values in shipped_values(course_keys[name], executions).items():
        assert shipped.values(cell).keys() == values.keys(), "`make release` is due"
        for check, value in values.items():
            assert difference(decode(value), shipped.expected(cell, check), 1e-9) == "", check
