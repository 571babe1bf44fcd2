"""What a student sees of a check cell, and what leaves the process while grading: cs231n.checks."""

import numpy as np
import pytest
from cs231n.checks import checking, hints
from cs231n.checks.session import ChecksFailed
from cs231n.checks.values import MIME_TYPE, decode


def test_all_right(capsys):
    """Does a passing cell print one line a check, without numbers that vary between machines, and raise nothing?"""
    with checking("double") as check:
        with check.case("vector"):
            x = np.array([1.0, 2.0])
            check.unchanged(x=x)
            check.equal("out", 2 * x, [2.0, 4.0])
        check.gradient("slope", lambda x: 2 * x, x, np.array([1.0, 3.0]), np.array([2.0, 6.0]))
        check.gradient("slope of a number", lambda x: np.sum(x**2), x, None, 2 * x)
        check.holds("positive", "(out > low).all()", given={"low": 0.0}, out=x)
        check.value("hidden", x)
    assert capsys.readouterr().out == (
        "double\n  ✓ vector/out\n  ✓ vector/x unchanged\n  ✓ slope\n  ✓ slope of a number\n  ✓ positive\n"
        "  · hidden (hidden: compared when graded)\n"
    )


def test_each_failure_has_its_line(capsys):
    """Are wrong values, modified arguments, violated conditions and exceptions told one by one?"""
    with pytest.raises(ChecksFailed, match=r"double: 5 of 6 checks failed: .*vector/out, vector/x unchanged") as caught:
        with checking("double") as check:
            with check.case("vector"):
                x = np.array([1.0, 2.0])
                check.unchanged(x=x)
                x += 1
                check.equal("out", x, [2.0, 4.0])
            with check.case("raises"):
                raise ValueError("no\nway")
            with check.case("empty"):
                raise NotImplementedError
            check.holds("positive", "out > 3", out=x)
            check.equal("fine", 1.0, 1.0)
    printed = capsys.readouterr().out
    for line in (
        "✗ vector/out: error",
        "✗ vector/x unchanged: x modified in place: work on a copy",
        "✗ raises: ValueError: no way",
        "✗ empty: not implemented yet",
        "✗ positive: does not hold: out > 3",
        "✓ fine",
    ):
        assert line in printed
    assert isinstance(caught.value, AssertionError)
    assert len(caught.value._render_traceback_()) == 1


def test_what_is_missing_is_named_with_its_notebook(capsys):
    """Does a student read which block is still empty, of which class, and in which earlier notebook?"""
    names = {}
    source = "class Net:\n    def __init__(self):\n        raise NotImplementedError"
    exec(compile(source, "Earlier.ipynb[net]", "exec"), names)
    exec(compile("def here():\n    return 1 / 0", "<ipython-input-1>", "exec"), names)
    with pytest.raises(ChecksFailed), checking("net") as check:
        with check.case("earlier"):
            names["Net"]()
        with check.case("here"):
            names["here"]()
    printed = capsys.readouterr().out
    assert "✗ earlier: not implemented yet: fill the TODO block of Net.__init__ in Earlier.ipynb\n" in printed
    assert "✗ here: ZeroDivisionError: division by zero (in here, line 2: " in printed


def test_exception_outside_of_a_case(capsys):
    """Does an exception in the middle of the cell become a line, with the checks before it kept?"""
    with pytest.raises(ChecksFailed, match="the cell itself"), checking("double") as check:
        check.equal("first", 1.0, 1.0)
        raise TypeError("broken")
    assert "✓ first\n  ✗ TypeError: broken" in capsys.readouterr().out


def check_around_cases(modify):
    """Run a cell that asks for unchanged arrays before, in, between and after its cases; modify those named."""
    a, b, c, d = (np.array([1.0, 2.0]) for _ in range(4))
    with checking("double") as check:
        check.unchanged(a=a)
        with check.case("first"):
            check.unchanged(b=b)
            if "a" in modify:
                a += 1
            if "b" in modify:
                b += 1
        check.unchanged(c=c)
        with check.case("raises"):
            if "c" in modify:
                c += 1
            raise ValueError("no")
        check.unchanged(d=d)
        if "d" in modify:
            d += 1


@pytest.mark.parametrize("modify", ["a", "b", "c", "d", "abcd"])
def test_unchanged_around_cases(modify, capsys):
    """Is an array compared wherever its `unchanged` stands, under the name of the case only if it stands in one?"""
    with pytest.raises(ChecksFailed, match=rf"{len(modify) + 1} of 5 checks failed"):
        check_around_cases(modify)
    lines = capsys.readouterr().out.splitlines()[1:]
    failed = {"first/b unchanged": "b" in modify, "raises": True}
    failed |= {f"{name} unchanged": name in modify for name in "acd"}
    expected = [f"{'✗' if wrong else '✓'} {check}" for check, wrong in failed.items()]
    assert [line[2:].split(":")[0] for line in lines] == expected


def test_unchanged_is_not_compared_after_an_exception(capsys):
    """Does a cell that breaks off get no mark for the arrays that it might have modified later?"""
    with pytest.raises(ChecksFailed, match="1 of 1 checks failed"), checking("double") as check:
        check.unchanged(x=np.ones(2))
        raise TypeError("broken")
    assert "unchanged" not in capsys.readouterr().out


def test_interrupt_is_not_swallowed():
    """Can a student still stop a check cell?"""
    with pytest.raises(KeyboardInterrupt), checking("double") as check, check.case("long"):
        raise KeyboardInterrupt


def test_hint_when_values_are_those_of_a_known_mistake(monkeypatch, capsys):
    """Is the mistake named when its values come, and only then?"""
    wrong = hints.fingerprint({"value": np.array([3.0, 4.0])})
    known = {"cells": {"double": {"out": [["added_two", *wrong]]}}, "hints": {"added_two": "You added two."}}
    monkeypatch.setattr(hints, "shipped", lambda: known)
    for out, hinted in (([3.0, 4.0], True), ([3.0, 5.0], False)):
        with pytest.raises(ChecksFailed), checking("double") as check:
            check.equal("out", np.array(out), [2.0, 4.0])
        assert ("hint: You added two." in capsys.readouterr().out) is hinted


def test_ambiguous_mistake_is_the_one_that_explains_most():
    """Where two mistakes give the same values at one check, does the rest of the cell decide?"""
    a, b = hints.fingerprint({"value": np.ones(2)}), hints.fingerprint({"value": np.zeros(2)})
    known = {"one": [["first", *a], ["second", *a]], "two": [["second", *b]]}
    assert hints.recognize({"one": a, "two": b}, known) == {"one": "second", "two": "second"}
    assert hints.recognize({"one": a}, known) == {"one": "first"}


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e200])
def test_fingerprints_tell_values_apart(scale):
    """Do float noise and order of memory keep a fingerprint, while transposing, shifting and other dtypes change it?"""
    random = np.random.RandomState(0)
    x = scale * random.randn(3, 3)
    print_ = hints.fingerprint({"value": x})
    assert hints.same(print_, hints.fingerprint({"value": np.asfortranarray(x * (1 + 1e-9))}))
    for other in (x.T, -x, x * 1.01, x[:, ::-1], x.ravel(), x * np.nan):
        assert not hints.same(print_, hints.fingerprint({"value": other}))


def test_rounding_errors_of_zero_are_zero():
    """Is the fingerprint of a sum that cancels the same on processors that round differently?"""
    noise = np.array([2e-17, -1e-16, 0.0])
    assert hints.same(hints.fingerprint({"db": noise}), hints.fingerprint({"db": -3 * noise}))
    assert not hints.same(hints.fingerprint({"db": noise}), hints.fingerprint({"db": noise + 1e-3}))


@pytest.fixture
def sent(monkeypatch):
    """Collect what a check cell publishes while grading."""
    messages = []
    monkeypatch.setenv("CS231N_CHECKS", "send")
    monkeypatch.setattr("IPython.display.display", lambda data, raw: messages.extend(data[MIME_TYPE]["checks"]))
    return messages


def test_grading_sends_values_and_no_verdict(sent, capsys):
    """While grading, does a wrong cell print nothing, raise nothing, and send each value?"""
    with checking("double") as check:
        with check.case("vector"):
            x = np.array([1.0, 2.0])
            check.unchanged(x=x)
            check.equal("out", x, [2.0, 4.0])
            check.gradient("slope", lambda x: 1 / 0, x, x, x)
        with check.case("raises"):
            raise ValueError("no")
        check.holds("low", "out < low", given={"low": 1.0}, out=3.0)
        check.model("weights.npz", dict, lambda: 1 / 0, at_least={"synthetic": (0.5,)}, weights=(1,))
        raise TypeError("outside")
    assert capsys.readouterr().out == ""
    ids = ["vector/out", "vector/slope", "vector/x unchanged", "raises", "low", "accuracy", ""]
    assert [message["check"] for message in sent] == ids
    np.testing.assert_array_equal(decode(sent[0]["values"]["value"]), [1.0, 2.0])
    assert sent[3]["error"] == "ValueError: no"
    assert "expected" not in str(sent)


def test_grading_sends_unchanged_around_cases(sent):
    """Do the values of every `unchanged` leave the process as they are at its end, with no case but their own?"""
    check_around_cases("abcd")
    messages = [(m["check"], m["case"]) for m in sent]
    outside = [(f"{name} unchanged", "") for name in "acd"]
    assert messages == [("first/b unchanged", "first"), ("raises", "raises"), *outside]
    for message in [m for m in sent if m["kind"] == "unchanged"]:
        (value,) = message["values"].values()
        np.testing.assert_array_equal(decode(value), [2.0, 3.0])


def test_grading_sends_no_unchanged_after_an_exception(sent):
    """Does a cell that breaks off send its error only?"""
    with checking("double") as check:
        check.unchanged(x=np.ones(2))
        raise TypeError("broken")
    assert [(m["check"], m["kind"]) for m in sent] == [("", "error")]


def test_grading_names_the_type_of_an_exception(sent):
    """Can the grader tell an empty TODO block from a mistake without reading the text?"""
    with checking("double") as check:
        with check.case("empty"):
            raise NotImplementedError("TODO")
        with check.case("raises"):
            raise ValueError("no")
        raise TypeError("outside")
    assert [(message["check"], message["exception"]) for message in sent] == [
        ("empty", "NotImplementedError"),
        ("raises", "ValueError"),
        ("", "TypeError"),
    ]
