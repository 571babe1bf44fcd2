"""The figures to poke: what they say of right and of wrong functions, and that they need nothing but a browser."""

import base64
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from autograder.submission.outputs import clean_outputs, had_scripts
from cs231n import figures
from cs231n.figures import svg
from cs231n.figures.comparison import comparison
from helpers import browser
from helpers.key_functions import key_functions
from nbformat.v4 import new_output

KEY = key_functions()
SVG = "{http://www.w3.org/2000/svg}"
RULES = {"SGD": KEY.sgd, "momentum": KEY.sgd_momentum, "RMSProp": KEY.rmsprop, "Adam": KEY.adam}
GAMMA, BETA = np.ones((1, 6, 1, 1)), np.zeros((1, 6, 1, 1))
NORMALIZATIONS = {
    "batch": lambda x: KEY.spatial_batchnorm_forward(x, np.ones(6), np.zeros(6), {"mode": "train"})[0],
    "group": lambda x: KEY.spatial_groupnorm_forward(x, GAMMA, BETA, 2, {})[0],
}
MAKE = {
    "window": lambda: figures.sliding_window(KEY.conv_forward_naive),
    "pooling": lambda: figures.pooled_gradient(KEY.max_pool_forward_naive, KEY.max_pool_backward_naive),
    "masks": lambda: figures.dropout_masks(KEY.dropout_forward),
    "valley": lambda: figures.paths_over_a_valley(RULES),
    "graph": lambda: figures.batchnorm_graph(KEY.batchnorm_forward, KEY.batchnorm_backward),
    "statistics": lambda: figures.averaged_over(NORMALIZATIONS),
}


def notes(figure):
    return [frame.note for frame in figure.frames]


@pytest.mark.parametrize("name", MAKE)
def test_each_figure(name):
    """Is each figure the same each time, with a description, a table, drawings that are XML, and no address?"""
    figure = MAKE[name]()
    html, still = figure.html(), figure.still()
    assert html == MAKE[name]().html()
    assert ElementTree.fromstring(still)[0].text.startswith(figure.title)
    for drawing in re.findall(r"<svg.*?</svg>", html):
        assert ElementTree.fromstring(drawing).get("aria-label") == figure.alt
    assert not re.findall(r"https?:|url\(|@import", html + still.replace('xmlns="http://www.w3.org/2000/svg"', ""))
    assert all(len(row) == len(figure.head) for row in figure.rows)
    assert figure.rows
    assert figure.alt in figure.words()
    assert "nan" not in still


@pytest.mark.parametrize("name", MAKE)
def test_figures_that_were_handed_in(name):
    """Does a cleaned figure show its still picture with its text, and is it nothing that a person is told of?"""
    figure = MAKE[name]()
    saved = dict(sorted(figure._repr_mimebundle_().items()))  # nbformat writes the names in this order
    output = new_output("execute_result", saved, execution_count=1)
    assert not had_scripts([output])
    (clean,) = clean_outputs([output])
    assert clean.data["text/html"].startswith(f'<img alt="{figure.title}.')
    assert clean.data["text/plain"] == figure.words()
    output.data["text/html"] += "<script>pwned()</script>"
    assert had_scripts([output])


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("name", MAKE)
def test_choosing(name, tmp_path):
    """Is one frame shown at a time, the one that was chosen by a click, a key or by dragging, without an error?"""
    figure = MAKE[name]()
    (tmp_path / "page.html").write_text(f"<!DOCTYPE html><meta charset='utf-8'>{figure.html()}", encoding="utf-8")
    with browser.chromium() as chromium, browser.visit(chromium, (tmp_path / "page.html").as_uri()) as visit:
        page = visit.page

        def shown():
            (note,) = page.locator("p.frame:visible").all_inner_texts()
            assert page.locator("g.frame:visible").count() == 1
            return note

        assert shown() == figure.frames[figure.chosen].note
        page.locator("label").nth(0).click()
        assert shown() == figure.frames[0].note
        page.keyboard.press("ArrowRight")
        assert shown() == figure.frames[1].note
        start, end = (page.locator("label").nth(n).bounding_box() for n in (1, len(figure.frames) - 1))
        page.mouse.move(start["x"] + 4, start["y"] + 4)
        page.mouse.down()
        page.mouse.move(end["x"] + 4, end["y"] + 4, steps=4)
        page.mouse.up()
        assert shown() == figure.frames[-1].note
        assert visit.errors == []


@pytest.mark.needs("chromium")
def test_a_notebook_that_is_not_trusted(tmp_path):
    """Is the first frame an image, and nothing to choose, where JupyterLab takes out style, scripts and SVG?

    It also takes out attributes without a value.
    """
    html = MAKE["graph"]().html()
    taken = re.sub(r"<(style|script|svg)\b.*?</\1>| hidden(?=>)", "", html, flags=re.DOTALL)
    with browser.chromium() as chromium:
        for page, image in ((taken, True), (html, False)):
            (tmp_path / "page.html").write_text(f"<!DOCTYPE html><meta charset='utf-8'>{page}", encoding="utf-8")
            with browser.visit(chromium, (tmp_path / "page.html").as_uri()) as visit:
                assert visit.page.locator("img").is_visible() == image
                assert visit.page.locator("img").evaluate("image => image.naturalWidth") > 300
                assert visit.page.locator("legend").is_visible() != image
                assert visit.page.locator("p.frame:visible").count() == (0 if image else 1)
                assert visit.page.locator("summary").is_visible()


def test_a_filter_that_is_flipped():
    """Does the window say that the factors are others than those of the filter, and nothing where they are right?"""
    assert not any("not the factors" in note for note in notes(MAKE["window"]()))
    wrong = figures.sliding_window(lambda x, w, b, param: KEY.conv_forward_naive(x, w[:, :, ::-1], b, param))
    assert all("not the factors" in note for note in notes(wrong))


def test_a_gradient_that_goes_to_all_of_a_tie():
    """Does pooling's figure show that a gradient was multiplied, and none lost where it goes to one entry?"""

    def to_all(dout, cache):
        x, param = cache
        size, stride = param["pool_height"], param["stride"]
        dx = np.zeros_like(x)
        for n, c, i, j in np.ndindex(dout.shape):
            part = np.s_[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
            dx[part] += dout[n, c, i, j] * (x[part] == x[part].max())
        return dx

    assert not any("should be" in note for note in notes(MAKE["pooling"]()))
    assert any("should be" in note for note in notes(figures.pooled_gradient(KEY.max_pool_forward_naive, to_all)))


def test_dropout_that_does_not_divide():
    """Do the means differ in training and test where the output is not divided by p, and agree where it is?"""

    def not_inverted(x, param):
        out, cache = KEY.dropout_forward(x, param)
        return (out * param["p"] if param["mode"] == "train" else out), cache

    (row,) = (row for row in MAKE["masks"]().rows if row[0] == 0.5)
    assert abs(float(row[2]) - float(row[4])) < 0.02
    (row,) = (row for row in figures.dropout_masks(not_inverted).rows if row[0] == 0.5)
    assert abs(float(row[2]) - 0.5) < 0.02
    assert float(row[4]) == 1


def test_rules_that_climb():
    """Does a rule that goes the wrong way end outside of the valley, and a right one near its bottom?"""

    def uphill(w, dw, config):
        return w + config["learning_rate"] * dw, config

    figure = figures.paths_over_a_valley({"SGD": KEY.sgd, "uphill": uphill})
    (row,) = (row for row in figure.rows if row[0] == "0.09")
    assert "e−" in row[1]
    assert "e+" in row[2]


def test_a_wrong_gradient_in_the_graph():
    """Does the graph frame the entries of a gradient that is not that of the forward pass, and no other?"""

    def wrong(dout, cache):
        dx, dgamma, dbeta = KEY.batchnorm_backward(dout, cache)
        return dx + 0.1 * dout, dgamma, dbeta

    assert "stroke-dasharray" not in MAKE["graph"]().frames[-1].drawing
    figure = figures.batchnorm_graph(KEY.batchnorm_forward, wrong)
    assert figure.frames[-1].drawing.count("stroke-dasharray") == 6  # two entries of dout are 0
    assert "is not the numerical gradient" in figure.frames[-1].note
    assert "is the numerical gradient" in figure.frames[-2].note


def test_what_is_averaged_over():
    """Do batch and group normalization read what they should, in words?"""
    (row,) = (row for row in MAKE["statistics"]().rows if row[0] == "[1, 2, 0, 0]")
    assert row[1:] == ["4 examples, 1 channel, 4 pixels", "1 example, 3 channels, 4 pixels"]


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0"), (-0.0, "0"), (-1.25, "−1.2"), (12.345, "12.3"), (np.nan, "nan"), (1e-26, "1e−26")],
)
def test_numbers(value, words):
    """Are numbers short, with a real minus, and never a minus zero?"""
    assert svg.number(value) == words


def test_a_grid_of_anything():
    """Are zeros, infinities and NaN drawn too?"""
    for array in (np.zeros((2, 2)), np.array([np.inf, 1.0]), np.array([[np.nan]])):
        ElementTree.fromstring(svg.drawing(100, 100, svg.grid(array, 0, 0), "x", static=True))


# -- arrays that differ


def test_a_comparison_shows_the_worst_entry():
    """Are got, expected and difference drawn around the worst entry, of the slice that it is in?"""
    expected = np.zeros((2, 3, 20, 20))
    actual = expected.copy()
    actual[1, 2, 18, 4] = 7.0
    html = comparison(actual, expected)
    assert "Look at [1, 2, 14:20, 1:7]" in html
    assert 'alt="The worst entry, [1, 2, 18, 4], is 7 instead of 0."' in html
    drawing = ElementTree.fromstring(base64.b64decode(re.search('base64,([^"]*)"', html)[1]))
    texts = [element.text for element in drawing.iter(f"{SVG}text")]
    assert [text for text in texts if text.isalpha()] == ["got", "expected", "difference"]
    frames = [element for element in drawing.iter(f"{SVG}rect") if element.get("fill") == "none"]
    assert [(float(f.get("x")) - 4) % (6 * svg.CELL + 24) for f in frames] == [3 * svg.CELL] * 3


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_comparison_with_what_is_no_number(value):
    """Is an entry that is NaN or infinite the worst one?"""
    actual = np.arange(4.0)
    actual[2] = value
    assert f"The worst entry, [0, 2], is {value} instead of 2." in comparison(actual, np.arange(4.0))


@pytest.mark.parametrize("shapes", [((2, 3), (3, 2)), ((), ()), ((0, 3), (0, 3))])
def test_nothing_to_compare(shapes):
    """Is nothing drawn of numbers, of empty arrays, and where shapes differ?"""
    assert comparison(*map(np.ones, shapes)) == ""
