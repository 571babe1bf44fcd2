"""Feedback pages."""

from autograder.integration.exporters import PageExporter
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


def visible(page):
    """The tags and texts of the page's body, whatever their attributes."""
    return [(tag.name, tag.get_text()) for tag in BeautifulSoup(page, "html.parser").body.find_all(True)]
