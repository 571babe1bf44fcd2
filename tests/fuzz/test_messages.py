"""What comes out of a kernel: frames that a student's code may have written, and the checks that they hold."""

import copy
import io
import json
from unittest import mock

import pytest
from autograder.core.annotations import note_verdicts, verdicts_of
from autograder.core.results import FAULTS, Status
from autograder.course.catalogue import KnownMistakes
from autograder.course.cells import grade_id, is_check
from autograder.execution.job import Limits
from autograder.execution.kernel.client import Kernel
from autograder.execution.kernel.frames import NO_CELL, Kind, frame
from autograder.execution.store import pack, unpack
from autograder.judging import table
from autograder.judging.judge import CheckJudge, score
from autograder.judging.messages import is_sent
from autograder.submission.preparation import make_job, merge
from cs231n.checks import hints
from cs231n.checks.values import MIME_TYPE, decode, encode
from helpers import odd
from helpers.notebooks import written_and_read
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

LIMIT = 2**18  # bytes of a cell's outputs
TOKEN = b"the cell"
bundles = st.dictionaries(odd.texts | st.just(MIME_TYPE), odd.texts | odd.values, max_size=3)
errors = st.fixed_dictionaries({"ename": odd.texts, "evalue": odd.texts, "traceback": st.lists(odd.texts, max_size=3)})
contents = bundles.map(lambda data: {"data": data}) | errors | odd.values
kinds = st.sampled_from(Kind) | st.integers(0, 255)
tokens = st.just(TOKEN) | st.just(TOKEN) | st.binary(min_size=8, max_size=8)
frames = st.lists(st.builds(frame, tokens, kinds, contents.map(odd.written) | odd.blobs), max_size=6).map(b"".join)

dtypes = st.sampled_from(["<f8", "<f4", "<f2", "<f16", "<i8", "<u1", "|b1", ">f8", "<c16", "|O", ",", "<f99", "<M8[s]"])
kept_dtypes = (
    arrays.floating_dtypes() | arrays.integer_dtypes() | arrays.boolean_dtypes() | arrays.complex_number_dtypes()
)
encoded = arrays.arrays(kept_dtypes, arrays.array_shapes(min_dims=0, max_side=4)).map(encode)
forged = st.fixed_dictionaries({"dtype": dtypes | odd.leaves, "shape": st.lists(odd.numbers), "data": odd.texts})
given_values = encoded | forged | odd.values


def result_of(stream):
    """Return the result of a cell whose kernel sends these bytes, as it comes out of the store."""

    started = frame(NO_CELL, Kind.DONE)
    pipes = io.BufferedRWPair(io.BytesIO(started + stream), io.BytesIO())
    home = mock.Mock(usage=lambda: (1, 0))
    with (
        mock.patch("secrets.token_bytes", return_value=TOKEN),
        Kernel(pipes, Limits(output_bytes=LIMIT), home) as kernel,
    ):
        (result,) = unpack(pack([kernel.run(Kind.SOURCE, b"", seconds=60)]))
    return result


def sending(messages, values=()):
    """Return the bytes of a kernel that sends messages of checks, and values that these may number."""
    bundle = {"checks": messages, "values": values}
    shown = frame(TOKEN, Kind.DATA, odd.written({"data": {MIME_TYPE: bundle}}))
    return shown + frame(TOKEN, Kind.DONE)


def judged(key, judge, result):
    """Judge the key's notebook as if each of its cells had had the same result; return the verdicts by cell."""
    executed = merge(key.notebook, [copy.deepcopy(result) for _ in make_job(key.notebook, key).cells])
    verdicts = {}
    for cell in filter(is_check, executed.cells):
        found = verdicts[grade_id(cell)] = judge.cell(cell, key.assignment.source)
        assert 0 <= score(found, 4) <= 4
        note_verdicts(cell, found)
        cell.outputs = [table.output(found, 1), *(output for output in cell.outputs if not is_sent(output))]
        assert verdicts_of(cell) == found
    written_and_read(executed)
    return verdicts


@pytest.fixture(scope="session")
def messages(toy_expected):
    """What the key's checks send, all cells together."""
    sent = [message for checks in toy_expected.checks.values() for message in checks.values()]
    return json.loads(json.dumps(sent))


@pytest.fixture(scope="session")
def judge(toy_expected):
    """A judge that knows a mistake of each kind: wrong values and an exception."""
    values = decode(toy_expected.checks["test_double"]["vector/out"]["values"]["value"])
    known = {"vector/out": [["other", *hints.fingerprint({"value": values + 1}, {"value": values})]]}
    known["matrix"] = [["raises", *hints.error_text_fingerprint("ValueError: x", "")]]
    return CheckJudge(toy_expected, lambda message, folder: [], KnownMistakes({"double": known}, {"other": "A hint."}))


def test_right_messages_pass(toy_key, judge, messages):
    """Do the key's own messages pass, so that what is damaged below was right before?"""
    found = [
        verdict for verdicts in judged(toy_key, judge, result_of(sending(messages))).values() for verdict in verdicts
    ]
    assert len(found) == len(messages)
    assert all(verdict.passed for verdict in found)


@given(data=st.data())
def test_any_frames(toy_key, judge, toy_expected, data):
    """Do frames of any kind, length and content become valid outputs or end their cell, and all checks get verdicts?"""
    stream = data.draw(frames)
    result = result_of(odd.damage_bytes(data.draw, stream) if data.draw(st.booleans()) else stream)
    assert result.status in (Status.DONE, *FAULTS)
    verdicts = judged(toy_key, judge, result)
    assert {name: len(found) for name, found in verdicts.items()} == {
        name: len(checks) for name, checks in toy_expected.checks.items()
    }


@given(data=st.data())
def test_damaged_checks(toy_key, judge, messages, data):
    """Does each check of the key get its verdict, whatever its message holds, and does none pass that was not sent?"""
    sent = data.draw(odd.damaged(messages, given_values))
    as_error = {"kind": "error", "check": "", "case": "matrix", "error": "ValueError: x", "exception": "ValueError"}
    sent += data.draw(st.lists(odd.damaged(as_error), max_size=1))
    values = data.draw(st.lists(given_values, max_size=3) | odd.values)
    result = result_of(sending(sent, values))
    found = [verdict for verdicts in judged(toy_key, judge, result).values() for verdict in verdicts]
    assert [verdict.check for verdict in found] == [message["check"] for message in messages]
    named = [message.get("check") for message in sent if isinstance(message, dict)]
    assert all(not verdict.passed or verdict.check in named for verdict in found)


@given(value=given_values)
def test_damaged_value(toy_key, judge, messages, value):
    """Does a value of another shape, dtype or form cost its check and no other?"""
    sent = copy.deepcopy(messages)
    sent[0]["values"] = dict.fromkeys(sent[0]["values"], value)
    result = result_of(sending(sent))
    if result.status is Status.DONE:
        found = [verdict for verdicts in judged(toy_key, judge, result).values() for verdict in verdicts]
        assert all(verdict.passed for verdict in found if not verdict.check.startswith("vector/"))
