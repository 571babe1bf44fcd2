"""Follow-through: what fails only for an earlier step's sake counts with the key's step in its place, and nothing else.

The assignment here has a forward and a backward pass, a step that calls both, a class, a step by itself, and one whose
check calls an earlier one.
"""

import nbformat
import pytest
from autograder.course.assignment import Assignment
from autograder.course.key import load_key
from autograder.course.solutions import answered, set_source
from autograder.course.steps import foundations, partners, steps_under_test
from autograder.evaluation.evaluate import evaluate
from autograder.evaluation.rules import Rules
from autograder.execution.executions import Executions
from autograder.execution.job import ExecutionOptions, Limits
from autograder.execution.store import Store
from autograder.execution.worker import process_worker
from autograder.judging.judge import score
from autograder.judging.told import for_students
from autograder.submission.reading import Submission
from helpers import toy

SOLUTIONS = {
    "scale_forward": "def scale_forward(x, a):\n    return a * x, (x, a)",
    "scale_backward": "def scale_backward(dout, cache):\n    x, a = cache\n    return a * dout",
    "twice": (
        "def twice(x, a):\n    out, first = scale_forward(x, a)\n    out, second = scale_forward(out, a)\n"
        "    return out, scale_backward(scale_backward(np.ones(2), second), first)"
    ),
    "net": (
        "class Net:\n    scale = staticmethod(scale_forward)\n\n    def scores(self, x):\n"
        "        return self.scale(x, 2.0)[0] + twice(x, 2.0)[0]"
    ),
    "plus": "def plus(x, a):\n    return x + a",
    "undo": "def undo(y, a):\n    return y / a",
}
CHECKS = {
    "scale_forward": ['check.equal("out", scale_forward(x, 3.0)[0], 3 * x)'],
    "scale_backward": ["_, cache = scale_forward(x, 3.0)", 'check.equal("dx", scale_backward(x, cache), 3 * x)'],
    "twice": ["out, dx = twice(x, 3.0)", 'check.equal("out", out, 9 * x)', 'check.equal("dx", dx, [9.0, 9.0])'],
    "net": ['check.equal("scores", Net().scores(x), 6 * x)'],
    "plus": ['check.equal("out", plus(x, 3.0), x + 3)'],
    "undo": ['check.equal("x", undo(twice(x, 3.0)[0], 9.0), x)'],
    "net_again": ['check.equal("scores", Net().scores(-x), -6 * x)'],
}
CASE = ['@check.case("numbers")', "def _(random):", "    x = random.rand(2) + 1"]
FULL = dict.fromkeys(CHECKS, 2.0)
WRONG = "def scale_forward(x, a):\n    return a * x + 1, (x, a)"
OPTIONS = ExecutionOptions(Limits(cell_seconds=5, notebook_seconds=40))


def key_notebook():
    """Return the key: each step with its check cell, and a check cell more that is about the class."""
    cells = [toy.cell("plain", "imports", "import numpy as np\nfrom cs231n.checks import checking")]
    for name, body in CHECKS.items():
        if name in SOLUTIONS:
            head, _, rest = SOLUTIONS[name].partition("\n")
            source = f"{head}\n    ### BEGIN SOLUTION\n{rest}\n    ### END SOLUTION"
            cells.append(toy.cell("solution", name, source))
        lines = [f'with checking("{name}") as check:', *CASE, *(f"    {line}" for line in body)]
        cells.append(toy.cell("tests", f"test_{name}", "\n    ".join(lines), 2))
    return nbformat.v4.new_notebook(cells=cells)


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    course = Assignment(tmp_path_factory.mktemp("course"), "assignment2")
    course.source.mkdir(parents=True)
    course.proof.mkdir(parents=True)
    nbformat.write(key_notebook(), course.source / "Steps.ipynb")
    (course.proof / "seed").write_text("of the steps\n", encoding="utf-8")
    return load_key(course, "Steps")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("executions")


@pytest.fixture
def evaluated(key, store, monkeypatch):
    """A function that grafts sources into the solved notebook; returns the verdicts by step, and how many jobs were
    executed for them."""
    executions = Executions(Store(store), process_worker())
    monkeypatch.setattr(Rules, "executions", lambda rules: executions)
    rules = Rules(key.assignment, store, OPTIONS, seed=1)
    rules.judge(key)

    def run(**sources):
        notebook = answered(key.template, key)
        for name, source in sources.items():
            set_source(notebook, name, source)
        submission = Submission({"Steps": nbformat.writes(notebook).encode()}, {}, frozenset(), (), "")
        before = executions.executed
        found = evaluate(submission, key.assignment.source, "Steps", rules)
        return {cell.removeprefix("test_"): each for cell, each in found.verdicts.items()}, executions.executed - before

    return run


def points(verdicts):
    return {step: score(found, 2) for step, found in verdicts.items()}


def test_steps_of_the_key(key):
    """Are what steps build on, which belong together and what a check cell is about read from the key?"""
    assert foundations(key)["test_net"] >= {"net", "twice", "scale_forward", "scale_backward"}
    assert foundations(key)["plus"] == set()
    assert partners(key, "scale_forward") == partners(key, "scale_backward") == {"scale_forward", "scale_backward"}
    assert steps_under_test(key, "test_twice") == {"twice"}
    assert steps_under_test(key, "test_net_again") == {"net"}


def test_one_mistake_costs_its_own_points(evaluated):
    """Does a wrong forward pass cost its own check only, in functions, in a class that holds on to it, in a check that
    calls it by itself, and is it told?"""
    verdicts, executed = evaluated(scale_forward=WRONG)
    assert points(verdicts) == {**FULL, "scale_forward": 0}
    assert executed == 2
    gained = {step: [v.with_ours for v in found] for step, found in verdicts.items() if step != "scale_forward"}
    assert gained == {
        "scale_backward": [[]],
        "twice": [["scale_forward"], ["scale_forward"]],
        "net": [["scale_forward"]],
        "plus": [[]],
        "undo": [["scale_forward"]],
        "net_again": [["scale_forward"]],
    }
    assert for_students(verdicts["net"])[0].message == "correct with our scale_forward; yours lost its own points"


def test_it_resumes(evaluated):
    """Is a notebook that was followed through taken from the store the next time?"""
    first, _ = evaluated(scale_forward=WRONG + "\n")
    assert evaluated(scale_forward=WRONG + "\n") == (first, 0)


SECOND_RUN_CHANGES_NOTHING = {
    "all is right": ({}, {}),
    "a step that nobody calls": ({"plus": "def plus(x, a):\n    return x"}, {"plus": 0}),
    "the last one": ({"net": "class Net:\n    scores = None"}, {"net": 0, "net_again": 0}),
}


@pytest.mark.parametrize(("sources", "lost"), SECOND_RUN_CHANGES_NOTHING.values(), ids=SECOND_RUN_CHANGES_NOTHING)
def test_no_second_run_where_nothing_can_change(evaluated, sources, lost):
    """Is nothing executed once more where no earlier step that others build on has failed?"""
    verdicts, executed = evaluated(**{name: f"{source}\n# here" for name, source in sources.items()})
    assert points(verdicts) == {**FULL, **lost}
    assert executed <= 1


def test_no_second_run_for_what_is_still_to_be_written(evaluated, key):
    """Is an untouched notebook executed once, and does it earn nothing?"""
    verdicts, executed = evaluated(**key.stubs)
    assert set(points(verdicts).values()) == {0}
    assert executed == 1


NOT_FORGIVEN = {
    "a second mistake": (
        {"scale_forward": WRONG, "twice": "def twice(x, a):\n    return scale_forward(x, a)[0], np.ones(2)"},
        {"scale_forward": 0, "twice": 0},
    ),
    "a cache that the own backward pass cannot use": (
        {"scale_forward": "def scale_forward(x, a):\n    return a * x, (a, x)"},
        {"scale_backward": 0},
    ),
    "an empty step that another one calls on purpose": (
        {"scale_forward": "", "plus": "def plus(x, a):\n    return scale_forward(x, a)[0] * 0 + x + a"},
        {"scale_forward": 0, "scale_backward": 0, "plus": 0},
    ),
    "the class itself, in a check cell that is not named after it": (
        {
            "scale_forward": WRONG,
            "net": "class Net:\n    def scores(self, x):\n        return scale_forward(x, 1.0)[0]",
        },
        {"scale_forward": 0, "net": 0, "net_again": 0},
    ),
    "the key's source looked up": (
        {
            "scale_forward": WRONG,
            "twice": (
                "import inspect\ndef twice(x, a):\n    assert '+ 1' not in inspect.getsource(scale_forward)\n"
                "    return 9 * x, 9 + 0 * x"
            ),
        },
        {"scale_forward": 0, "twice": 0},
    ),
}


@pytest.mark.parametrize(("sources", "lost"), NOT_FORGIVEN.values(), ids=NOT_FORGIVEN)
def test_what_is_not_forgiven(evaluated, sources, lost):
    """Does every step keep what it lost by its own fault, and nobody gain by failing another one?"""
    verdicts, _ = evaluated(**sources)
    assert points(verdicts) == {**FULL, **lost}


FORGIVEN = {
    "an empty cell": ({"scale_forward": ""}, {"scale_forward": 0, "scale_backward": 0}),
    "a syntax error": ({"scale_forward": "def scale_forward(x, a"}, {"scale_forward": 0, "scale_backward": 0}),
    "one that never ends": ({"scale_forward": "while True: pass"}, {"scale_forward": 0, "scale_backward": 0}),
    "one that kills": (
        {"scale_forward": "def scale_forward(x, a):\n    import os; os._exit(1)"},
        {"scale_forward": 0, "scale_backward": 0},
    ),
    "two steps in a row": (
        {"scale_forward": WRONG, "twice": "def twice(x, a):\n    return x, x"},
        {"scale_forward": 0, "twice": 0},
    ),
    "a helper beside it": (
        {
            "scale_forward": "def ones():\n    return np.ones(2)\n" + WRONG,
            "twice": SOLUTIONS["twice"].replace("np.ones(2)", "ones()"),
        },
        {"scale_forward": 0},
    ),
    "a default argument that holds on to it": (
        {
            "scale_forward": WRONG,
            "twice": SOLUTIONS["twice"].replace("def twice(x, a)", "def twice(x, a, scale_forward=scale_forward)"),
        },
        {"scale_forward": 0},
    ),
}


@pytest.mark.parametrize(("sources", "lost"), FORGIVEN.values(), ids=FORGIVEN)
def test_however_it_failed(evaluated, sources, lost):
    """Do later steps keep all their points, in whatever way the earlier one is wrong?"""
    verdicts, _ = evaluated(**sources)
    assert points(verdicts) == {**FULL, **lost}
