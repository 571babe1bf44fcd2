"""What a student sees of a check cell, and what leaves the process while grading: cs231n.checks."""

import json
from contextlib import suppress

import numpy as np
import pytest
from cs231n import model_io
from cs231n.checks import checking, hints, shipped
from cs231n.checks.session import ChecksFailed
from cs231n.checks.values import MIME_TYPE, decode, unfold
from cs231n.verdicts import recall


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty current folder: a check cell remembers its verdict there."""
    monkeypatch.chdir(tmp_path)


def test_verdict_is_remembered(capsys):
    """Is the last verdict of a check cell remembered, without what only the judge can decide?"""
    for right, failed in ((0.0, 1), (1.0, 0)):
        with suppress(ChecksFailed), checking("double") as check:

            @check.case("one")
            def _(random):
                check.equal("out", right, 1.0)  # noqa: B023
                check.equal("again", 2.0, 2.0)
                check.value("hidden", right)  # noqa: B023

        assert recall() == {"double": {"checks": 2, "failed": failed}}


def test_all_right(capsys):
    """Does a passing cell print one line a case, without numbers that vary between machines, and raise nothing?"""
    with checking("double") as check:

        @check.case("vector")
        def _(random):
            x = np.array([1.0, 2.0])
            check.unchanged(x=x)
            check.equal("out", 2 * x, [2.0, 4.0])
            check.gradient("slope", lambda x: 2 * x, x, np.array([1.0, 3.0]), np.array([2.0, 6.0]))
            check.gradient("slope of a number", lambda x: np.sum(x**2), x, None, 2 * x)

        @check.case("bounds")
        def _(random):
            check.holds("positive", "(out > low).all()", given={"low": 0.0}, out=np.ones(2))
            check.value("hidden", np.ones(2))

    assert capsys.readouterr().out == (
        "double\n  ✓ vector: out, slope, slope of a number, x unchanged\n  ✓ bounds: positive\n"
        "  · bounds: hidden (hidden: compared when graded)\n"
    )


def test_each_trouble_is_told_once(capsys):
    """Are wrong values, modified arguments, violated conditions and exceptions told, equal ones together?"""
    with pytest.raises(ChecksFailed, match=r"^double: 6 of 8 checks failed$") as caught, checking("double") as check:

        @check.case("{size} numbers", size=[2, 3])
        def _(random, size):
            x = np.ones(size)
            check.unchanged(x=x)
            x += 1
            check.equal("out", x, np.full(size, 3.0))

        @check.case("raises")
        def _(random):
            raise ValueError("no\nway")

        @check.case("empty")
        def _(random):
            check.equal("fine", 1.0, 1.0)
            check.holds("positive", "out > 3", out=np.ones(2))
            check.equal("also fine", 1.0, 1.0)

    printed = " ".join(capsys.readouterr().out.split())
    for line in (
        "✗ out: error 1.7e-01, tolerance 1e-08; 2 of 2 entries are wrong",
        "2 instead of 3 (in 2 numbers; also in 3 numbers)",
        "✗ x unchanged: x modified in place: work on a copy (in 2 numbers; also in 3 numbers)",
        "✗ raises: ValueError: no way",
        "✗ positive: does not hold: out > 3 (in empty)",
        "✓ empty: fine, also fine",
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

        @check.case("earlier")
        def _(random):
            names["Net"]()

        @check.case("here")
        def _(random):
            names["here"]()

    printed = " ".join(capsys.readouterr().out.split())
    assert (
        "✗ earlier: not implemented yet: fill in the TODO block of Net.__init__ in Earlier.ipynb, and delete" in printed
    )
    assert "✗ here: ZeroDivisionError: division by zero (in here, line 2: " in printed


def test_exception_outside_of_a_case(capsys):
    """Does an exception in the middle of the cell become a line, with the checks before it kept?"""
    with pytest.raises(ChecksFailed, match="1 of 2 checks failed"), checking("double") as check:

        @check.case("vector")
        def _(random):
            check.equal("first", 1.0, 1.0)

        raise TypeError("broken")
    assert "✓ vector: first\n  ✗ TypeError: broken" in capsys.readouterr().out


def test_unchanged_is_not_compared_after_an_exception(capsys):
    """Does a case that breaks off get no mark for the arrays that it might have modified later?"""
    with pytest.raises(ChecksFailed, match="1 of 1 checks failed"), checking("double") as check:

        @check.case("vector")
        def _(random):
            check.unchanged(x=np.ones(2))
            raise TypeError("broken")

    assert "unchanged" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "outside",
    [
        lambda check: check.equal("out", 1.0, 1.0),
        lambda check: check.value("out", 1.0),
        lambda check: check.holds("positive", "out > 0", out=1.0),
        lambda check: check.unchanged(x=np.ones(2)),
    ],
)
@pytest.mark.parametrize("sending", ["", "send"])
def test_check_outside_of_a_case(outside, sending, monkeypatch, capsys):
    """Is a check that belongs to no case refused, instead of being lost or shared?"""
    monkeypatch.setenv("CS231N_CHECKS", sending)
    said = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: said.append(str(data)))
    with suppress(ChecksFailed), checking("double") as check:
        outside(check)
    assert "outside a case" in " ".join([*said, capsys.readouterr().out])


def inputs_of(monkeypatch, seed, disturb):
    """Return what the two cases of a cell draw, when the first one also does something."""
    monkeypatch.setenv("CS231N_CHECKS_SEED", seed)
    drawn = []
    with suppress(ChecksFailed), checking("double") as check:

        @check.case("first")
        def _(random):
            drawn.append(random.randn(2).tolist())
            disturb()

        @check.case("second")
        def _(random):
            drawn.append([*random.randn(2), np.random.rand()])

    return drawn


@pytest.mark.parametrize("disturb", [lambda: np.random.rand(5), lambda: 1 / 0, lambda: np.seterr(all="raise")])
def test_no_case_shifts_the_inputs_of_another(monkeypatch, disturb):
    """Are a case's numbers, and NumPy's own, the same whatever another case draws, raises or sets?"""
    state = np.random.get_state()[1].tolist()
    assert inputs_of(monkeypatch, "", disturb) == inputs_of(monkeypatch, "", lambda: None)
    assert np.random.get_state()[1].tolist() == state
    assert np.geterr()["divide"] == "warn"


def test_other_inputs_when_grading(monkeypatch):
    """Does another seed draw other numbers in each case, and each case its own?"""
    (a, b), (c, d) = (inputs_of(monkeypatch, seed, lambda: None) for seed in ("", "secret"))
    assert len({a[0], b[0], c[0], d[0]}) == 4


def test_nothing_is_left_in_the_notebook():
    """Are names that a check cell binds gone at its end, those that it hides back, and what solutions set gone too?"""
    cell = """
with checking("double") as check:
    factor = 2
    def helper(x):
        return factor * x
    @check.case("vector")
    def _(random):
        global left
        left = 1
        check.equal("out", helper(1.0), 2.0)
    w = 5
"""
    names = {"checking": checking, "w": "mine"}
    exec(cell, names)
    del names["__builtins__"]
    assert names == {"checking": checking, "w": "mine"}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (lambda: (lambda: None)()[0], "something that the check needs is None"),
        (lambda: [0 for a, b in [None]], "it returns None"),
        (lambda: [0 for a, b in [(1, 2, 3)]], "it returns more than 2 values"),
        (lambda: [0 for a, b in [(1,)]], "it returns 1 of 2 values"),
        (lambda: relu_backward, "`relu_backward` is not defined: run the cell that defines it"),  # noqa: F821
    ],
)
def test_commonest_slips_are_told_in_words(error, words, capsys):
    """Is an exception that the check meets itself told by what it means?"""
    with pytest.raises(ChecksFailed), checking("relu_backward") as check:
        check.case("vector")(lambda random: error())
    assert f"✗ vector: {words}" in capsys.readouterr().out


def test_interrupt_is_not_swallowed():
    """Can a student still stop a check cell?"""

    def stop(random):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), checking("double") as check:
        check.case("long")(stop)


def test_hint_when_values_are_those_of_a_known_mistake(monkeypatch, capsys):
    """Is the mistake named when its values come, and only then?"""
    wrong = hints.fingerprint({"value": np.array([3.0, 4.0])}, {"value": np.array([2.0, 4.0])})
    known = {"vector/out": [["added_two", *wrong]]}
    monkeypatch.setattr(shipped, "mistakes", lambda cell: (known, {"added_two": "You added two."}))
    for out, hinted in (([3.0, 4.0], True), ([3.0, 5.0], False)):
        with pytest.raises(ChecksFailed), checking("double") as check:
            check.case("vector")(lambda random, out=out: check.equal("out", np.array(out), [2.0, 4.0]))
        assert ("hint: You added two." in capsys.readouterr().out) is hinted


def test_shipped_value(monkeypatch, capsys):
    """Is a visible value compared with the one that came with the package?"""
    monkeypatch.setattr(shipped, "expected", lambda cell, check: np.ones(2) if check == "vector/out" else None)
    with pytest.raises(ChecksFailed, match="1 of 2"), checking("double") as check:

        @check.case("vector")
        def _(random):
            check.value("out", np.zeros(2))
            check.value("other", np.zeros(2))

    assert "✗ out: error 5.0e-01" in capsys.readouterr().out


ZERO, NAN, ONE, TWO = (hints.fingerprint({"value": np.full(2, value)}) for value in (0.0, np.nan, 1.0, 2.0))


@pytest.mark.parametrize(
    ("failures", "known", "named"),
    [
        ({"a": ONE}, {"a": ["first", "second"], "b": ["second"]}, {"a": "first"}),  # b has passed
        ({"a": ONE}, {"a": ["first"], "b": ["first"], "c": ["first"]}, {}),  # two others have passed
        ({"a": ONE, "b": TWO}, {"a": ["first", "second"], "b": ["second"]}, {"a": "second", "b": "second"}),
        ({"a": ONE, "b": TWO, "c": TWO}, {"a": ["first"]}, {"a": "first"}),
        ({"a": ONE, "b": TWO, "c": TWO, "d": TWO}, {"a": ["first"]}, {}),  # one of four explains too little
        ({"a": ZERO, "b": NAN, "c": TWO}, {"a": ["first"], "b": ["first"]}, {}),  # many mistakes give zeros or NaN
        ({"a": ZERO, "b": NAN}, {"a": ["first"], "b": ["first"]}, {"a": "first", "b": "first"}),  # unless that is all
        ({"a": ONE, "b": []}, {"a": ["first"]}, {"a": "first"}),
    ],
)
def test_a_mistake_has_to_explain_what_was_seen(failures, known, named):
    """Is a mistake named if it gives at least a third of the failed values, one of them telling, or all?"""
    known = {check: [[name, *failures.get(check, ONE)] for name in names] for check, names in known.items()}
    assert hints.recognize(failures, known) == named


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e200])
def test_fingerprints_tell_values_apart(scale):
    """Do float noise and order of memory keep a fingerprint, while transposing, shifting and other dtypes change it?"""
    random = np.random.RandomState(0)
    x = scale * random.randn(3, 3)
    print_ = hints.fingerprint({"value": x})
    assert hints.same(print_, hints.fingerprint({"value": np.asfortranarray(x * (1 + 1e-9))}))
    for other in (x.T, -x, x * 1.01, x[:, ::-1], x.ravel(), x * np.nan):
        assert not hints.same(print_, hints.fingerprint({"value": other}))


def test_rounding_errors_are_no_deviation():
    """Has what deviates by rounding only no fingerprint, and what deviates by more the same on each processor?"""
    right = {"db": np.array([1.0, 2.0, 3.0])}
    assert hints.fingerprint({"db": right["db"] * (1 + 1e-15)}, right) == []
    wrong = {"db": right["db"] + 1e-3}
    noise = {"db": wrong["db"] * (1 + 1e-12)}
    assert hints.same(hints.fingerprint(wrong, right), hints.fingerprint(noise, right))
    assert not hints.same(hints.fingerprint(wrong, right), hints.fingerprint({"db": right["db"] + 1.01e-3}, right))


def test_fingerprint_of_an_exception_holds_its_line():
    """Are two exceptions of the same text told apart by the line that raised them?"""
    text = "KeyError: 'W3'"
    print_ = hints.error_text_fingerprint(text, "w = params['W3']")
    assert hints.same(print_, hints.error_text_fingerprint(text, "w  =  params['W3']"))
    assert not hints.same(print_, hints.error_text_fingerprint(text, "grads['W3'] += reg"))


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

        @check.case("vector")
        def _(random):
            x = np.array([1.0, 2.0])
            check.unchanged(x=x)
            check.equal("out", x, [2.0, 4.0])
            check.value("hidden", x)
            check.gradient("slope", lambda x: 1 / 0, x, x, x)

        @check.case("raises")
        def _(random):
            raise ValueError("no")

        @check.case("bounds")
        def _(random):
            check.holds("low", "out < low", given={"low": 1.0}, out=3.0)

        check.model("weights.npz", dict, lambda: 1 / 0, at_least={"synthetic": (0.5,)}, weights=(1,))
        raise TypeError("outside")
    assert capsys.readouterr().out == ""
    ids = ["vector/out", "vector/hidden", "vector/slope", "vector/x unchanged", "raises", "bounds/low", "accuracy", ""]
    assert [message["check"] for message in sent] == ids
    np.testing.assert_array_equal(decode(sent[0]["values"]["value"]), [1.0, 2.0])
    assert [message["check"] for message in sent if message.get("shipped")] == ["vector/hidden"]
    assert sent[4]["error"] == "ValueError: no"
    assert "expected" not in str(sent)


def test_an_array_that_many_checks_look_at_is_sent_once(sent, monkeypatch):
    """Does a large value travel once for all checks of a case, small ones and other ones by themselves?"""
    bundles = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: bundles.append(data[MIME_TYPE]))
    with checking("double") as check:

        @check.case("large")
        def _(random):
            W, other = random.randn(30, 20), random.randn(30, 20)
            check.unchanged(W=W)
            check.value("W", W)
            check.holds("shape", "W.shape == (30, 20)", given={"W": W}, W=W, other=other, size=W.size)
            check.value("W, upside down", W.T)

    [bundle] = json.loads(json.dumps(bundles))
    assert len(bundle["values"]) == 3
    numbers = [list(message["values"].values()) for message in bundle["checks"]]
    assert numbers[0] == [0]
    assert numbers[1][:2] == [0, 1]
    assert numbers[2:] == [[2], [0]]
    assert decode(numbers[1][2]) == 600
    unfolded = [unfold(message, bundle["values"]) for message in bundle["checks"]]
    assert decode(unfolded[1]["values"]["other"]).shape == decode(unfolded[3]["values"]["W"]).shape == (30, 20)
    assert unfolded[1]["given"]["W"] == unfolded[0]["values"]["value"] != unfolded[1]["values"]["other"]


@pytest.mark.parametrize("values", [*({"value": n} for n in (2, -1, True, "0", 0.0)), [0], 7])
def test_a_number_without_a_value_stays_a_number(values):
    """Is what stands for no value of a message, which a student's code may have sent, left as it is?"""
    assert unfold({"check": "a", "values": values}, [{"type": "a"}, {"type": "b"}])["values"] == values


class Net:
    """A network that gives every image to class 0."""

    def __init__(self):
        self.params = {"W": np.zeros((3, 4), np.float32)}

    def loss(self, X):
        return np.zeros((len(X), 10))


def test_a_network_that_the_grader_refuses_is_no_success(capsys, monkeypatch):
    """Does a student hear of too many parameters before the network is handed in?"""
    images = {"X_val": np.zeros((4, 3, 2, 2)), "y_val": np.zeros(4, int)}
    model_io.save_model("net.npz", Net(), "synthetic")
    for most, said in ((12, "✓ 1. accuracy"), (11, "✗ weights in net.npz: 12 parameters, and more than 11 are")):
        monkeypatch.setattr(model_io, "MAX_PARAMETERS", most)
        with suppress(ChecksFailed), checking("train") as check:
            check.model("net.npz", Net, lambda: images, at_least={"synthetic": (0.5,)}, weights=(1,))
        assert said in capsys.readouterr().out


def test_grading_sends_no_unchanged_after_an_exception(sent):
    """Does a case that breaks off send its error only?"""
    with checking("double") as check:

        @check.case("vector")
        def _(random):
            check.unchanged(x=np.ones(2))
            raise TypeError("broken")

    assert [(m["check"], m["kind"]) for m in sent] == [("vector", "error")]


def test_grading_names_the_type_of_an_exception(sent):
    """Can the grader tell an empty TODO block from a mistake without reading the text?"""

    def empty(random):
        raise NotImplementedError("TODO")

    with checking("double") as check:
        check.case("empty")(empty)
        check.case("raises")(lambda random: 1 / 0)
        raise TypeError("outside")
    assert [(message["check"], message["exception"]) for message in sent] == [
        ("empty", "NotImplementedError"),
        ("raises", "ZeroDivisionError"),
        ("", "TypeError"),
    ]


def test_html_in_a_notebook(monkeypatch):
    """Are verdicts HTML where a notebook shows it, escaped, with a picture of what is wrong, and the text beside?"""
    shown = []
    monkeypatch.setattr("cs231n.checks.printing.kernel", lambda: object())
    monkeypatch.setattr("IPython.display.display", lambda data, **more: shown.append(data))
    with suppress(ChecksFailed), checking("double") as check:

        @check.case("1 < 2")
        def _(random):
            check.equal("out", np.ones((2, 2)), np.eye(2))
            check.equal("fine", 1.0, 1.0)

    (bundle,) = shown
    assert "✓ 1 &lt; 2: fine" in bundle["text/html"]
    assert "<details><summary>Look at [0:2, 0:2]" in bundle["text/html"]
    assert bundle["text/plain"].startswith("double\n  ✓ 1 < 2: fine\n  ✗ out:")
