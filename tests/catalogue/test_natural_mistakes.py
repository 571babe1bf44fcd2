"""Mistakes that are not in the catalog: they fail visibly, and what is said of them is true."""

import tomllib
from pathlib import Path

import pytest
from autograder.course.catalogue import Misconception
from autograder.course.solutions import one_step, solution
from helpers.judging import judge_notebook

FILE = Path(__file__).with_name("natural_mistakes.toml")
MISTAKES = tomllib.loads(FILE.read_text(encoding="utf-8"))["mistake"]
PRECISION = 0.97  # of the hints that are shown


@pytest.fixture(scope="session")
def verdicts(course_keys, expected, executions):
    """The verdicts on each mistake's own step."""
    found = []
    for entry in MISTAKES:
        name = next(name for name, key in course_keys.items() if has_step(key, entry["cell"]))
        mistake = Misconception(entry["what"], entry["cell"], tuple(map(tuple, entry["edits"])), "")
        notebook = one_step(mistake.graft(course_keys[name]), mistake.cell)
        _, judged = judge_notebook(notebook, course_keys[name], executions, expected[name])
        found.append((entry, judged[f"test_{mistake.cell}"]))
    return found


def has_step(key, cell):
    try:
        solution(key, cell)
    except KeyError:
        return False
    return True


def test_there_are_enough():
    """Are there as many as were promised, and is what is wrong with each said once?"""
    assert len(MISTAKES) >= 150
    assert len({(entry["cell"], entry["what"]) for entry in MISTAKES}) == len(MISTAKES)


def test_each_fails_visibly(verdicts):
    """Does each mistake fail a check that students see, and each edit that changes nothing none?"""
    for entry, found in verdicts:
        seen = [verdict.check for verdict in found if not verdict.passed and not verdict.hidden]
        assert bool(seen) is not entry.get("right", False), entry["what"]


def test_hints_are_true(verdicts):
    """Are nearly all hints that are shown among those that were read and found true of the mistake?"""
    shown = [(entry, {verdict.mistake for verdict in found} - {""}) for entry, found in verdicts]
    hinted = [(entry, names) for entry, names in shown if names]
    wrong = [
        (entry["cell"], entry["what"], names) for entry, names in hinted if not names <= set(entry.get("true", []))
    ]
    print(f"{len(hinted)} of {len(MISTAKES)} mistakes get a hint; not known to be true: {wrong}")
    assert len(wrong) <= (1 - PRECISION) * len(hinted), wrong


def test_most_values_are_explained(verdicts):
    """Is something said about the structure of most values that are wrong without a hint?"""
    messages = [v.message for _, found in verdicts for v in found if not v.passed and not v.hint and "; " in v.message]
    assert messages
    patterns = [text for text in messages if " entries are wrong, the worst at " not in text]
    print(f"of {len(messages)} wrong values {len(patterns)} are told by a pattern, the others by their worst entry")
