"""The judge on the toy assignment: what passes, what fails, what cannot be forged."""

import json

import nbformat
import pytest
from autograder.course.catalogue import known_mistakes
from autograder.course.cells import grade_id
from autograder.course.key import load_key
from autograder.course.solutions import with_solutions
from autograder.execution.job import ExecutionOptions, Limits
from autograder.judging.expected import PUBLIC_SEED, KeyFails, expected_values, sent_by_cell
from autograder.judging.judge import CheckJudge, score
from autograder.submission.preparation import make_job, merge

OPTIONS = ExecutionOptions(Limits(cell_seconds=5, notebook_seconds=40))


@pytest.fixture
def judged(toy_key, executions, tmp_path):
    """A function that grafts solutions into the toy key and returns the verdicts of each check cell."""

    def run(**sources):
        notebook = with_solutions(toy_key, sources)
        executed = merge(notebook, executions.results(make_job(notebook, toy_key, options=OPTIONS)))
        judge = CheckJudge(expected_values(toy_key, executions), no_networks, known_mistakes(toy_key))
        return {
            grade_id(cell): judge.cell(cell, tmp_path)
            for cell in executed.cells
            if (grade_id(cell) or "").startswith("test_")
        }

    return run


def no_networks(expected, folder):
    raise AssertionError("the toy assignment has no network")


def points(verdicts):
    return score(verdicts["test_double"], 4)


def test_key_passes(judged):
    """Does the key pass every check, with the hidden ones marked as such?"""
    verdicts = judged()
    assert {verdict.status for found in verdicts.values() for verdict in found} == {"passed"}
    hidden = {verdict.check for verdict in verdicts["test_double"] if verdict.hidden}
    assert hidden == {"matrix/out", "matrix/positive"}
    assert points(verdicts) == 4
    assert score(verdicts["test_square"], 2) == 2


def test_partial_credit_by_weight(judged):
    """Do a wrong vector and a right matrix give the matrix's share of the points?"""
    verdicts = judged(double="def double(x):\n    return 2 * x if x.ndim == 2 else 3 * x")
    assert [v.status for v in verdicts["test_double"]] == ["failed", "failed", "passed", "passed"]
    assert points(verdicts) == pytest.approx(4 * 3 / 4.5, abs=0.01)


@pytest.mark.parametrize("returned", ["x", "0 * x", "None", "np.ones_like(x)"])
def test_computing_nothing_earns_nothing(judged, returned):
    """Do unchanged arguments and conditions that anything satisfies count for nothing if no value is right?"""
    verdicts = judged(double=f"def double(x):\n    return {returned}")
    assert points(verdicts) == 0
    told = {verdict.check: verdict.told for verdict in verdicts["test_double"]}
    assert told["vector/x unchanged"] == "counts only if a value of the same case is right"


KNOWN_VALUES = """
import json
from cs231n.checks.sending import SendingChecks
from cs231n.checks.values import encode

known = json.loads({known!r})

def send(self, name, got, **how):
    check = self._id(name)
    self._send(check=check, values=known.get(check, {{key: encode(value) for key, value in got.items()}}), **how)

SendingChecks._values = send

def double(x):
    return 0 * x
"""


def test_known_values_earn_nothing(judged, toy_key, executions):
    """Does a sending class that sends the right values of the inputs which students can see earn nothing?"""
    public = sent_by_cell(toy_key.notebook, toy_key, executions, PUBLIC_SEED)["test_double"]
    known = json.dumps({message["check"]: message["values"] for message in public})
    verdicts = judged(double=KNOWN_VALUES.format(known=known))
    assert [verdict.status for verdict in verdicts["test_double"]] == ["failed"] * 4
    assert points(verdicts) == 0


def test_stub_earns_nothing(judged, toy_key):
    """Does an untouched TODO block earn 0, with a word on what to do?"""
    stub = next(cell.source for cell in toy_key.template.cells if grade_id(cell) == "double")
    verdicts = judged(double=stub)
    assert points(verdicts) == 0
    assert {verdict.status for verdict in verdicts["test_double"]} == {"still empty"}
    assert "fill in the TODO block of double" in verdicts["test_double"][0].message


def test_error_in_one_case(judged):
    """Does an exception fail its own case only, with the line where it was raised?"""
    code = "def double(x):\n    if x.ndim == 2:\n        raise KeyError('two')\n    return 2 * x"
    verdicts = judged(double=code)["test_double"]
    assert [v.status for v in verdicts] == ["passed", "passed", "error", "error"]
    assert "KeyError: 'two' (in double, line 3" in verdicts[2].message


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("def double(x):\n    while True: pass", "timed out"),
        ("def double(x):\n    import os; os._exit(0)", "killed"),
        ("def double(x:\n    return 2 * x", "error"),
        ("del checking", "error"),
    ],
)
def test_status_of_what_never_came(judged, code, status):
    """Do checks that sent nothing fail with the reason, while another cell keeps its points?"""
    square = "def square(x):\n    return x * x"
    verdicts = judged(double=code, square=square)
    assert points(verdicts) == 0
    assert {verdict.status for verdict in verdicts["test_double"]} == {status}
    if code != "del checking":
        assert score(verdicts["test_square"], 2) == 2


FORGED = {
    "a score printed as the result": "def double(x):\n    raise SystemExit\n4.0",
    "assert and allclose redefined": (
        "import builtins, numpy\nbuiltins.bool = lambda *a: True\nnumpy.allclose = lambda *a, **k: True\n"
        "numpy.array_equal = numpy.testing.assert_allclose = numpy.allclose\ndef double(x):\n    return x"
    ),
    "array that equals everything": (
        "class A(np.ndarray):\n    __eq__ = __ne__ = __le__ = lambda *a: True\n    __sub__ = __rsub__ = lambda *a: 0\n"
        "    tobytes = lambda *a: b''\ndef double(x):\n    return x.view(A)"
    ),
    "checks replaced": (
        "import cs231n.checks.session as s\ns.difference = s.violation = lambda *a: ''\n"
        "s.SendingChecks.__exit__ = lambda *a: True\ndef double(x):\n    return x"
    ),
    "every value sent as a pass": (
        "import cs231n.checks.session as s\n"
        "s.encode = lambda value: {'status': 'passed', 'type': 'ok'}\ndef double(x):\n    return x"
    ),
    "many values for one check": (
        "import cs231n.checks.session as s\nsend = s.SendingChecks._send\n"
        "def often(self, **message):\n    for _ in range(3):\n        send(self, **message)\n"
        "s.SendingChecks._send = often\ndef double(x):\n    return 2 * x"
    ),
    "tolerance and condition sent along": (
        "import cs231n.checks.session as s\nsend = s.SendingChecks._send\n"
        "def lax(self, **m):\n    send(self, **{**m, 'tol': 1e9, 'weight': 0, 'expression': 'True', 'kind': 'model'})\n"
        "s.SendingChecks._send = lax\ndef double(x):\n    return x"
    ),
    "inputs of a condition sent along": (
        "import cs231n.checks.session as s\nsend = s.SendingChecks._send\n"
        "def given(self, **m):\n    m['given'] = {k: s.encode(np.zeros(1)) for k in m.get('given', {})}\n"
        "    send(self, **m)\ns.SendingChecks._send = given\ndef double(x):\n    return 0.5 * x"
    ),
    "the sibling's import": "import cs231n.notebook_import\nfrom Toy import double",
    "malformed messages": (
        "from IPython.display import display\nimport cs231n.checks.session as s\n"
        "def junk(self, **m):\n    name = m['check']\n"
        "    for j in (None, 3, [], {'check': 3}, {'check': name}, {'check': name, 'values': 7}):\n"
        "        display({s.MIME_TYPE: j}, raw=True)\ns.SendingChecks._send = junk\ndef double(x):\n    return 2 * x"
    ),
}


@pytest.mark.parametrize("code", FORGED.values(), ids=FORGED.keys())
def test_forgery_earns_nothing(judged, code):
    """Does each way to cheat earn no point but those for leaving the input alone?"""
    verdicts = judged(double=code)["test_double"]
    wrong = [v for v in verdicts if v.status == "passed" and not v.check.endswith("unchanged")]
    assert wrong == []


def test_key_that_fails_its_own_checks(toy_key, executions):
    """Is a key whose check cell raises refused before it grades anybody?"""
    path = toy_key.assignment.source / "Toy.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("out = 2 * x", "out = 2 * nothing")
    nbformat.write(notebook, path)
    with pytest.raises(KeyFails, match="does not pass its own check cell test_double of Toy: NameError"):
        expected_values(load_key(toy_key.assignment, "Toy"), executions)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("(out >= 0).all()", "(out < 0).all()", "of Toy: matrix/positive does not hold"),
        ('check.gradient(\\"slope\\"', 'check.gradient(\\"out\\"', "several checks named numbers/out"),
    ],
    ids=["a condition that it violates", "two checks of one name"],
)
def test_key_with_wrong_checks(toy_key, executions, old, new, reason):
    """Is a key refused whose values do not meet its own condition, or with an ambiguous check?"""
    path = toy_key.assignment.source / "Toy.ipynb"
    text = path.read_text()
    path.write_text(text.replace(old, new))
    assert path.read_text() != text
    with pytest.raises(KeyFails, match=reason):
        expected_values(load_key(toy_key.assignment, "Toy"), executions)
