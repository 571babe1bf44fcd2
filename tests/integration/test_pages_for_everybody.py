"""Feedback pages, the report and figures in Chromium: nothing that keeps people out, on a phone and in the dark too."""

import nbformat
import pytest
from autograder.authoring.fingerprints import record_fingerprints
from autograder.authoring.release import release
from autograder.course.cells import name_of
from autograder.course.key import load_key
from autograder.course.solutions import answered, set_source
from autograder.demo import samples
from autograder.execution.kernel import sandbox
from autograder.grading.run import Options, grade
from autograder.integration.plain_page import plain_page
from autograder.report.page import report
from cs231n import figures
from helpers import browser, toy
from helpers.accessibility import serious_problems
from helpers.courses import the
from helpers.key_functions import key_functions
from nbformat.v4 import new_output

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]
KEY = key_functions()
PHONE, DESK = 390, 1280


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages of a small class by name: feedback with and without losses, a plain one, the report, the figures."""
    folder = tmp_path_factory.mktemp("pages")
    course = toy.make_course(folder / "course")
    release(the(course))
    record_fingerprints(the(course), [])
    key = load_key(the(course), "Toy")
    for number in range(12):
        notebook = answered(samples.released(the(course), key), key)
        if number % 2:
            set_source(notebook, "double", "def double(x):\n    return 2 + x")
        figure = figures.sliding_window(KEY.conv_forward_naive)._repr_mimebundle_()
        drawn = [new_output("display_data", figure), new_output("stream", text="trained\n")]
        next(cell for cell in notebook.cells if name_of(cell) == "plot").outputs = drawn
        nbformat.write(notebook, samples.submission(the(course), f"s{number}", samples.ON_TIME) / "Toy.ipynb")
    grade(the(course), Options(no_sandbox=bool(sandbox.unavailable())))
    feedback = course / "feedback"
    plain = folder / "plain.html"
    judged = nbformat.read(course / "autograded" / "s1" / "assignment2" / "Toy.ipynb", as_version=4)
    plain.write_text(plain_page(judged, {"notebook": "Toy", "score": 1, "max_score": 8}, "why"), encoding="utf-8")
    poke = folder / "poke.html"
    poke.write_text(figures_page(), encoding="utf-8")
    return {
        "feedback": feedback / "s0" / "assignment2" / "Toy.html",
        "feedback with losses": feedback / "s1" / "assignment2" / "Toy.html",
        "plain": plain,
        "report": report(the(course)),
        "figures": poke,
    }


def figures_page():
    """A page with every figure to poke, in a font as wide as that of notebooks."""
    rules = {"SGD": KEY.sgd, "momentum": KEY.sgd_momentum, "RMSProp": KEY.rmsprop, "Adam": KEY.adam}
    shown = (
        figures.sliding_window(KEY.conv_forward_naive),
        figures.pooled_gradient(KEY.max_pool_forward_naive, KEY.max_pool_backward_naive),
        figures.paths_over_a_valley(rules),
        figures.dropout_masks(KEY.dropout_forward),
        figures.batchnorm_graph(KEY.batchnorm_forward, KEY.batchnorm_backward),
        figures.averaged_over(
            {"neither": lambda x: x, "over pixels": lambda x: x - x.mean(axis=(2, 3), keepdims=True)}
        ),
    )
    body = "".join(figure.html() for figure in shown)
    look = "<style>body {font-family: sans-serif}</style>"
    return f"<!DOCTYPE html><html lang='en'><title>Figures</title>{look}<main><h1>Figures</h1>{body}</main></html>"


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as found:
        yield found


NAMES = ("feedback", "feedback with losses", "plain", "report", "figures")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious(pages, chromium, name, width, scheme):
    """Does axe find nothing serious, does no page ask for anything, and need none to be pushed sideways?"""
    with browser.visit(chromium, pages[name].as_uri()) as visit:
        visit.page.set_viewport_size({"width": width, "height": 800})
        visit.page.emulate_media(color_scheme=scheme)
        visit.page.eval_on_selector_all("details", "found => found.forEach(one => one.open = true)")
        assert serious_problems(visit.page) == {}
        assert visit.asked == visit.errors == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def test_axe_would_tell(chromium, tmp_path):
    """Is a picture without a text, and text of hardly another color, found?"""
    path = tmp_path / "page.html"
    path.write_text(
        "<!DOCTYPE html><html lang='en'><title>x</title><img src='x'><p style='color: #ccc'>pale</p></html>"
    )
    with browser.visit(chromium, path.as_uri()) as visit:
        assert set(serious_problems(visit.page)) == {"image-alt", "color-contrast"}


def test_keys_lead_to_what_was_lost(pages, chromium):
    """Does Tab come to the links of the summary first, and Enter lead to the step?"""
    with browser.visit(chromium, pages["feedback with losses"].as_uri()) as visit:
        visit.page.keyboard.press("Tab")
        visit.page.keyboard.press("Enter")
        assert visit.page.url.endswith("#test_double")
        assert visit.page.locator(":target h2").is_visible()


def test_a_picture_that_was_handed_in(pages, chromium):
    """Is a figure that was handed in shown on the feedback page, with its text?"""
    with browser.visit(chromium, pages["feedback"].as_uri()) as visit:
        (picture,) = visit.page.locator("img").all()
        assert picture.evaluate("image => image.naturalWidth") > 300
        assert picture.get_attribute("alt").startswith("A window that slides")


def test_size_of_a_page(pages):
    """Is a page small, without the pictures that a student handed in?"""
    assert len(pages["feedback"].read_bytes()) < 50_000
