"""A toy assignment of one notebook, small enough to grade in a second, for tests of the machinery."""

import shutil

import nbformat

from helpers import REPOSITORY
from helpers.courses import the

DOUBLE = '''def double(x):
    """Return x times two."""
    # TODO: twice the input, same shape
    ### BEGIN SOLUTION
    out = 2 * x
    ### END SOLUTION
    return out'''

TEST_DOUBLE = """with checking("double") as check:
    @check.case("vector")
    def _(random):
        x = random.randn(3)
        check.unchanged(x=x)
        check.equal("out", double(x), 2 * x)
    ### BEGIN HIDDEN TESTS
    @check.case("matrix")
    def _(random):
        x = random.rand(2, 3)
        check.value("out", double(x), weight=2)
        check.holds("positive", "(out >= 0).all() and np.allclose(out / 2, x)", given={"x": x}, out=double(x))
    ### END HIDDEN TESTS"""

SQUARE = '''def square(x):
    """Return x squared, by double."""
    ### BEGIN SOLUTION
    out = x * double(x) / 2
    ### END SOLUTION
    return out'''

TEST_SQUARE = """with checking("square") as check:
    @check.case("numbers")
    def _(random):
        x, dout = random.randn(2), random.randn(2)
        check.equal("out", square(x), x**2)
        check.gradient("slope", square, x, dout, 2 * x * dout + 0 * square(x))"""

MISCONCEPTIONS = """
[[misconception]]
name = "added_two"
cell = "double"
old = "2 * x"
new = "2 + x"
hint = "You added two: multiply."

[[misconception]]
name = "in_place"
cell = "double"
old = "out = 2 * x"
new = "x *= 2; out = x"
hint = "You changed x itself."

[[misconception]]
name = "raises"
cell = "double"
old = "2 * x"
new = "2 * x.nothing"
hint = "Arrays have no attribute nothing."

[[misconception]]
name = "cubed"
cell = "square"
old = "x * double(x) / 2"
new = "x * x * double(x) / 2"
hint = "One x too many."
"""


def cell(kind, name, source, points=None, tags=()):
    """Make a cell with nbgrader's metadata; kind: plain, solution, tests, answer, locked or text."""
    make = nbformat.v4.new_markdown_cell if kind in ("answer", "locked", "text") else nbformat.v4.new_code_cell
    made = make(source, id=name)
    if tags:
        made.metadata["tags"] = list(tags)
    if kind in ("plain", "text"):
        return made
    made.metadata["nbgrader"] = {
        "grade": kind in ("tests", "answer"),
        "grade_id": name,
        "locked": kind in ("tests", "locked"),
        "schema_version": 3,
        "solution": kind in ("solution", "answer"),
        "task": False,
    }
    if points is not None:
        made.metadata["nbgrader"]["points"] = points
    return made


def notebook():
    """Return the toy key."""
    cells = [
        cell("text", "title", "# Toy"),
        cell("plain", "imports", "import numpy as np\nfrom cs231n.checks import checking"),
        cell("solution", "double", DOUBLE),
        cell("tests", "test_double", TEST_DOUBLE, 4),
        cell("solution", "square", SQUARE),
        cell("tests", "test_square", TEST_SQUARE, 2),
        cell("locked", "why_text", "Why?\n### BEGIN MARK SCHEME\nTwo points for *because*.\n### END MARK SCHEME"),
        cell("answer", "why", "Because of the model answer.", 2),
        cell("plain", "plot", "print('an experiment')\nraise RuntimeError('not while grading')", tags=["experiment"]),
    ]
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def make_course(folder):
    """Write a course with the toy notebook and its misconceptions; not released yet."""
    add_key(folder)
    (folder / "proof" / "assignment2" / "seed").write_text("of the toys\n", encoding="utf-8")
    shutil.copy(REPOSITORY / "nbgrader_config.py", folder)
    return folder


def add_key(folder):
    """Write the toy notebook and its misconceptions into a course."""
    source, misconceptions = folder / "source" / "assignment2", folder / "proof" / "assignment2" / "misconceptions"
    for part in (source, misconceptions):
        part.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook(), source / "Toy.ipynb")
    (misconceptions / "Toy.toml").write_text(MISCONCEPTIONS, encoding="utf-8")


def hand_in(course, name, double):
    """Write a submission to a released toy course. double: the source of its `double`"""
    from autograder.course.key import load_key
    from autograder.course.solutions import answered, set_source
    from autograder.demo import samples

    key = load_key(the(course), "Toy")
    folder = samples.submission(the(course), name, samples.ON_TIME)
    notebook = answered(samples.released(the(course), key), key)
    set_source(notebook, "double", double)
    nbformat.write(notebook, folder / "Toy.ipynb")
