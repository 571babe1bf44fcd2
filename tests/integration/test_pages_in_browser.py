"""What a browser does with the pages of a submission that tries everything: the feedback, and formgrader's.

The submission is graded once with `autograder grade` and once with nbgrader's own commands.
"""

import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from autograder.authoring.release import release
from autograder.course.cells import name_of
from autograder.course.key import load_key
from autograder.course.solutions import set_source
from autograder.demo import samples
from autograder.execution.kernel import sandbox
from autograder.grading.run import grade
from helpers import browser, payloads, toy
from helpers.accessibility import serious_problems
from helpers.courses import the
from helpers.payloads import EVIL, PNG, SCRIPT
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook

pytestmark = pytest.mark.needs("chromium")

CONFIG = f"""
from autograder.config import configure
c = get_config()
configure(c)
c.ExecuteFromStore.sandbox = {not sandbox.unavailable()}
"""
IMAGE = "<img src=x onerror=pwned()>"
DISPLAYS = f"""from IPython.display import HTML, Javascript, Markdown, display
display(HTML({SCRIPT!r}), Javascript("pwned()"), Markdown({SCRIPT!r}))
print({SCRIPT!r})
def double(x):
    raise ValueError({IMAGE!r})"""
WRITTEN_BY_NBGRADER = ("https://cdnjs.cloudflare.com/", "https://api.cdnjs.com/")  # its templates load MathJax there
IN_NOTEBOOK = "#notebook *"
VERDICTS = "table.tex2jax_ignore"


def attack(notebook):
    """Put every payload and every harmless text into a solved toy notebook."""
    cells = {name_of(cell): cell for cell in notebook.cells}
    set_source(notebook, "double", DISPLAYS)
    cells["why"].source = f"Because $a<b$. {SCRIPT}"
    cells["plot"].outputs = [nbformat.from_dict(output) for output in payloads.OUTPUTS.values() if is_output(output)]
    texts = [new_markdown_cell(source) for source in payloads.ANSWERS.values()]
    texts += [new_markdown_cell(attachments=found, source="x") for found in payloads.ATTACHMENTS.values()]
    texts += [
        new_markdown_cell(source, attachments={"plot.png": {"image/png": PNG}})
        for source, _ in payloads.HARMLESS.values()
    ]
    notebook.cells += [*texts, nbformat.v4.new_raw_cell(SCRIPT), new_code_cell(f"# {SCRIPT}\n%%html\n{SCRIPT}")]


def is_output(output):
    """Tell whether an output is in the notebook format: others spoil the whole file."""
    return isinstance(output, dict) and output.get("output_type") in ("stream", "display_data", "error")


@pytest.fixture(scope="module", params=["autograder", "nbgrader"])
def course(request, tmp_path_factory):
    """The toy course with the submission of eve, graded, with feedback."""
    course = toy.make_course(tmp_path_factory.mktemp(request.param) / "course")
    (course / "nbgrader_config.py").write_text(CONFIG)
    release(the(course))
    key = load_key(the(course), "Toy")
    notebook = samples.answered(samples.released(the(course), key), key)
    attack(notebook)
    nbformat.write(notebook, samples.submission(the(course), "eve", samples.ON_TIME) / "Toy.ipynb")
    if request.param == "autograder":
        grade(the(course))
    else:
        for step in ("autograde", "generate_feedback"):
            nbgrader(course, step)
    return course


def nbgrader(course, step, *options):
    command = [Path(sys.executable).with_name("nbgrader"), step, "assignment2", "--student", "eve", *options]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as found:
        yield found


@contextmanager
def submission_page(course, home, chromium):
    """A visit of formgrader's page of the submission."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        (submission,) = gradebook.notebook_submissions("Toy", "assignment2")
        number = submission.id
    with (
        browser.jupyter_server(course, home) as (address, token),
        browser.visit(chromium, f"{address}formgrader/submissions/{number}/", token) as visit,
    ):
        yield visit


def harms(visit):
    """What the page did that it must not do."""
    visit.page.evaluate(
        "for (const node of document.querySelectorAll('#notebook *'))"
        " for (const event of ['mouseover', 'focus', 'toggle', 'load', 'error'])"
        " node.dispatchEvent(new Event(event))"
    )
    links = visit.page.eval_on_selector_all("#notebook a[href]", "links => links.map(link => link.protocol)")
    elements = visit.page.eval_on_selector_all(
        IN_NOTEBOOK,
        "nodes => nodes.filter(node => ['SCRIPT', 'STYLE', 'IFRAME', 'OBJECT', 'EMBED', 'FORM'].includes(node.nodeName)"
        " || node.getAttributeNames().some(name => name.startsWith('on'))).map(node => node.outerHTML)",
    )
    asked = [address for address in visit.asked if not address.startswith(WRITTEN_BY_NBGRADER)]
    strange = [protocol for protocol in links if protocol not in ("http:", "https:", "mailto:", "file:")]
    return visit.ran + elements + asked + strange


TEX = (r"$x_i \in \mathbb{R}^n$", "$a<b$, $a_1 & b_2$ and $c<d>e$", r"a & b \\ c & d", "Because $a<b$.")


def assert_readable(visit, formulas):
    """Formulas, code, tables and pictures of the harmless answers are there."""
    text = visit.page.inner_text("#notebook")
    for formula in formulas:
        assert formula in text
    assert "print('<div>')" in text
    assert "List<int> = <T>[]" in text
    assert visit.page.eval_on_selector_all("#notebook td code", "found => found.map(code => code.innerText)").count(
        "<x>"
    )
    widths = visit.page.eval_on_selector_all("#notebook img", "found => found.map(image => image.naturalWidth)")
    assert widths.count(2) >= 2  # the picture of an answer, and its reference


def test_feedback(course, chromium):
    """Does the feedback page of a submission that tries everything do nothing, and show the rest?"""
    page = course / "feedback" / "eve" / "assignment2" / "Toy.html"
    with browser.visit(chromium, page.as_uri()) as visit:
        assert harms(visit) == []
        assert_readable(visit, [])
        assert visit.page.locator("math").all_text_contents().count("a<b") > 1
        assert visit.asked == []
        assert "was repaired before grading" in visit.page.inner_text("#notebook")


def test_formgrader(course, chromium, tmp_path):
    """Does formgrader's page of that submission do nothing but its own work, and show the rest?"""
    with submission_page(course, tmp_path, chromium) as visit:
        assert harms(visit) == []
        assert_readable(visit, TEX)
        assert [error for error in visit.errors if "MathJax" not in error] == []  # which is elsewhere
        visit.page.wait_for_selector("#test_square.score[placeholder='2']")  # its own scripts filled in the points
        assert visit.page.locator(VERDICTS).count() == 2
        assert serious_problems(visit.page) == {}
        visit.page.set_viewport_size({"width": 390, "height": 800})
        boxes = [table.bounding_box() for table in visit.page.locator(VERDICTS).all()]
        assert all(box["x"] + box["width"] <= 390 for box in boxes)


@pytest.mark.parametrize("course", ["autograder"], indirect=True)
def test_second_lock(course, chromium, tmp_path):
    """Does the policy of both pages keep scripts from running that cleaning would have missed?"""
    course = Path(shutil.copytree(course, tmp_path / "course"))
    path = course / "autograded" / "eve" / "assignment2" / "Toy.ipynb"
    (course / "evil.js").write_text("pwned()")
    notebook = nbformat.read(path, as_version=4)
    missed = f'{SCRIPT} {IMAGE}\n\n<script src="/files/evil.js"></script><iframe srcdoc="{SCRIPT}"></iframe>'
    notebook.cells.append(new_markdown_cell(missed))
    path.chmod(0o644)
    nbformat.write(notebook, path)
    nbgrader(course, "generate_feedback", "--force")
    page = course / "feedback" / "eve" / "assignment2" / "Toy.html"
    with submission_page(course, tmp_path, chromium) as grading, browser.visit(chromium, page.as_uri()) as feedback:
        for visit in (grading, feedback):
            assert visit.page.locator("#notebook script").count() == 2
            assert visit.ran == []


def test_browser_is_watched(chromium, tmp_path):
    """Do payloads run, and ask for addresses, where nobody cleans them?"""
    names = ("script", "image with a handler", "svg with a handler", "frame with a document", "picture from elsewhere")
    cells = [new_markdown_cell(payloads.ANSWERS[name]) for name in names]
    cells.append(new_code_cell("", outputs=[payloads.OUTPUTS["html: script"]]))
    page, _ = HTMLExporter(template_name="classic").from_notebook_node(new_notebook(cells=cells))
    path = tmp_path / "page.html"
    path.write_text(page, encoding="utf-8")
    with browser.visit(chromium, path.as_uri()) as visit:
        assert len(visit.ran) == 5
        assert f"{EVIL}/tracker.png" in visit.asked
