"""Feedback pages."""

import pytest
from autograder.integration.exporters import IMAGE_WITHOUT_TEXT, NoPage, PageExporter
from autograder.integration.plain_page import MAX_CELL, MAX_SOURCE, plain_page, reason_of
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="


def test_a_page_is_what_nbconvert_writes_and_every_image_has_a_text():
    """Does a page look like nbconvert's own, and say of a picture that it is a plot?"""
    outputs = [new_output("display_data", {"image/png": PIXEL}), new_output("stream", text="x < y & <img>")]
    cells = [new_markdown_cell("# A title\n\n*x* and $x^2$"), new_code_cell("x = 1  # one", outputs=outputs)]
    notebook = new_notebook(cells=cells)
    ours, theirs = (
        exporter(template_name="classic").from_notebook_node(notebook)[0] for exporter in (PageExporter, HTMLExporter)
    )
    assert ours.count('alt="a plot that you handed in"') == 1
    assert visible(ours) == visible(theirs)


def test_an_answer_that_cannot_be_rendered_is_shown_as_it_is():
    """Does an answer whose picture was lost stand there as text, with the rest of the page as ever?"""
    notebook = new_notebook(
        cells=[new_markdown_cell("![my plot](attachment:lost.png) <b>"), new_markdown_cell("*next*")]
    )
    page, _ = PageExporter(template_name="classic").from_notebook_node(notebook)
    assert "<pre>![my plot](attachment:lost.png) &lt;b&gt;</pre>" in page
    assert "<em>next</em>" in page


NAMES = {"nbgrader": {"notebook": "Toy", "score": 1.5, "max_score": 4.0}}
WRITTEN = "x = '<script>' # <b> $a$"


def endless(*_):
    while True:
        try:
            while True:
                pass
        except Exception:  # as libraries do
            continue


def too_deep(*_):
    raise RecursionError


@pytest.mark.parametrize(
    ("options", "step", "said"),
    [
        ({"page_seconds": 0.2}, endless, "writing it took more than 0.2 s"),
        ({"page_characters": 1000}, None, "it would be longer than 1,000 characters"),
        ({}, too_deep, "writing it ended with a RecursionError"),
    ],
)
def test_a_plain_page_is_behind_each_page(options, step, said, monkeypatch, tmp_path):
    """Does a page that takes too long, or gets too large, become a plain one: source as text, points, no scripts?"""
    if step:
        monkeypatch.setattr("autograder.core.upstream.page_without_parsing", step)
    notebook = new_notebook(cells=[new_markdown_cell(WRITTEN), new_code_cell(WRITTEN, id="mine")])
    page, _ = PageExporter(template_name="classic", **options).from_notebook_node(notebook, NAMES)
    (tmp_path / "page.html").write_text(page)
    assert reason_of(tmp_path / "page.html") == said
    soup = BeautifulSoup(page, "html.parser")
    assert [pre.get_text() for pre in soup.find_all("pre")] == [WRITTEN, WRITTEN]
    assert soup.find_all(["script", "b"]) == []
    assert soup.meta["http-equiv"] == "Content-Security-Policy"
    assert "Score: 1.5 of 4 points" in soup.get_text()
    assert "mine" in soup.get_text()


def test_no_page_at_all():
    """Does a notebook that takes too long before anything is written end as the student's own trouble?"""
    exporter = PageExporter(template_name="classic", page_seconds=0.2, preprocessors=[endless])
    with pytest.raises(NoPage, match="and as much for a plain one"):
        exporter.from_notebook_node(new_notebook(), NAMES)


def test_a_plain_page_has_a_limit_too():
    """Is a long source cut, a cell at a time and all together?"""
    notebook = new_notebook(cells=[new_code_cell("x" * 2 * MAX_CELL) for _ in range(100)])
    page = plain_page(notebook, NAMES["nbgrader"], "why")
    assert page.count("more characters are not shown") == 100
    assert page.count("x" * MAX_CELL) == MAX_SOURCE // MAX_CELL
    assert len(page) < MAX_SOURCE + 100_000


def test_a_page_is_no_plain_one(tmp_path):
    """Is nothing said about a page that nbconvert wrote, even if the student's text looks like a plain one?"""
    notebook = new_notebook(cells=[new_markdown_cell('<html lang="en" data-plain="x">')])
    page, _ = PageExporter(template_name="classic").from_notebook_node(notebook, NAMES)
    (tmp_path / "page.html").write_text(page)
    assert reason_of(tmp_path / "page.html") == ""


@pytest.mark.parametrize(
    ("html", "without"), [("<img src='x'>", 1), ("<img src='x' alt='y'>", 0), ("<img " * 200_000, 200_000)]
)
def test_images_without_a_text(html, without):
    """Are they found, and hundreds of thousands of broken ones in one pass?"""
    assert len(IMAGE_WITHOUT_TEXT.findall(html)) == without


def visible(page):
    """The tags and texts of the page's body, whatever their attributes."""
    return [(tag.name, tag.get_text()) for tag in BeautifulSoup(page, "html.parser").body.find_all(True)]
