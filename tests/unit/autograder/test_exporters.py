"""Feedback pages."""

import re

import nbformat
import pytest
from autograder.core.annotations import note_verdicts
from autograder.core.results import Status, Verdict
from autograder.integration.exporters import IMAGE_WITHOUT_TEXT, TEMPLATE, TEMPLATES, NoPage, PageExporter
from autograder.integration.formulas import ATTRIBUTES, TAGS, mathml
from autograder.integration.plain_page import MAX_CELL, MAX_SOURCE, plain_page, reason_of
from autograder.integration.summary import Summary, is_graded, part_of
from autograder.judging import table
from bs4 import BeautifulSoup
from helpers.key_functions import KEY
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="


def part(name, points, maximum, **about):
    """Metadata of a graded cell, as GetGradesAndWaiting leaves it."""
    return {"nbgrader": {"grade_id": name, "grade": True, "score": points, "points": maximum, **about}}


def graded():
    """A notebook with a step in full, one that lost points, a plot and an answer that waits for its grade."""
    lost = new_code_cell("checks", metadata=part("test_second", 1.5, 2.0))
    verdicts = [
        Verdict("a < b/out", Status.FAILED, "error 1", hint="Multiply."),
        Verdict("a < b/again", Status.FAILED, "error 1", hint="Multiply."),
        Verdict("c/x / p", Status.FAILED, "error 2", hint="Multiply."),
        Verdict("c/fine", Status.PASSED),
    ]
    note_verdicts(lost, verdicts)
    lost.outputs = [table.output(verdicts, 1.5)]
    described = {"image/png": {"alt": "a curve that <falls>"}}
    plots = [
        new_output("display_data", {"image/png": PIXEL}),
        new_output("display_data", {"image/png": PIXEL}, metadata=described),
        new_output("stream", text="x < y & <img>"),
        new_output("display_data", {"text/latex": "$a<b <img>$"}),
    ]
    cells = [
        new_markdown_cell("# A title\n\n*x* and $x^2 < y$"),
        new_code_cell("checks", metadata=part("test_first", 1.0, 1.0)),
        lost,
        new_code_cell("x = 1  # one", outputs=plots, metadata={"tags": ["experiment"]}),
        new_markdown_cell("Since.", metadata=part("question_1", 0.0, 2.0, waiting=True, comment="*Good*")),
    ]
    return new_notebook(cells=cells)


def page_of(notebook, **options):
    about = {"notebook": "Toy", "score": 2.5, "max_score": 5.0, "late_penalty": 0}
    summary = Summary([part_of(cell) for cell in notebook.cells if is_graded(cell)])
    exporter = PageExporter(template_name=TEMPLATE, extra_template_basedirs=[str(TEMPLATES)], **options)
    return exporter.from_notebook_node(notebook, {"nbgrader": about, "summary": summary})[0]


def test_a_page_begins_with_a_summary():
    """Does it say the points, what waits, where to begin, what was lost first, each with a link that leads there?"""
    soup = BeautifulSoup(page_of(graded()), "html.parser")
    assert "2.5 of 5 points so far; 2 wait for a grade." in soup.header.get_text()
    assert "Where to begin: second, 1.5 of 2. Multiply." in soup.nav.p.get_text()
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in soup.nav.tbody.find_all("tr")]
    assert rows == [["second", "1.5 of 2"], ["Question 1", "waiting, 2 points"], ["first", "1 of 1"]]
    for link in soup.nav.find_all("a"):
        assert soup.find(id=link["href"][1:])
    assert "waiting" in soup.find(id="question_1").h2.get_text()
    assert soup.find(id="question_1").em.get_text() == "Good"


def test_a_page_without_losses():
    """Is nothing said to begin with where nothing was lost?"""
    notebook = graded()
    del notebook.cells[2]
    assert "Where to begin" not in page_of(notebook)


def test_verdicts_on_a_page():
    """Is a hint told once, a case named once, and equal messages together?"""
    soup = BeautifulSoup(page_of(graded()), "html.parser").find(id="test_second")
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in soup.tbody.find_all("tr")]
    assert rows == [
        ["hint: Multiply."],
        ["✗ failed: error 1", "a < b: out, again"],
        ["✗ failed: error 2", "c: x / p"],
        ["✓ passed", "1 checkc: fine"],
    ]
    assert soup.caption.get_text() == "1 of 4 checks passed"


def test_what_a_page_is_made_of():
    """Are formulas MathML, pictures described, texts escaped, and is there no script and no address?"""
    page = page_of(graded())
    soup = BeautifulSoup(page, "html.parser")
    assert soup.html["lang"] == "en"
    assert [formula.get_text() for formula in soup.find_all("math")] == ["x2<y", "a<b<img>"]
    assert [image["alt"] for image in soup.find_all("img")] == ["a plot that you handed in", "a curve that <falls>"]
    assert "x < y & <img>" in [pre.get_text() for pre in soup.find_all("pre")]
    assert soup.find_all(["script", "link"]) == []
    assert "http" not in page.replace("http-equiv", "")
    assert len(page) < 12_000


@pytest.mark.parametrize(
    ("tex", "shown"),
    [
        (r"\text{<script>alert(1)</script>}", "<script>alert(1)</script>"),
        (r"\href{javascript:alert(1)}{x}", "x"),
        (r"\text{hidden\_dim}", "hidden_dim"),
        ("\\frac{" * 500, "\\frac{" * 500),
        ("x" * 3000, "x" * 3000),
    ],
)
def test_formulas_that_try_something(tex, shown):
    """Does a formula hold what is drawn and nothing else, and stand there as code where it cannot be read?"""
    soup = BeautifulSoup(mathml(tex), "html.parser")
    assert soup.get_text() == shown
    assert {tag.name for tag in soup.find_all(True)} <= {*TAGS, "code"}
    assert all(set(tag.attrs) <= ATTRIBUTES for tag in soup.find_all(True))


def test_formulas_of_the_notebooks():
    """Is every formula of the key one that can be drawn, with nothing of TeX left in it?"""
    formulas = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+?)\$", re.DOTALL)
    for path in KEY.glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            for pair in formulas.findall(cell.source) if cell.cell_type == "markdown" else ():
                found = mathml("".join(pair))
                assert found.startswith("<math"), pair
                assert not re.search(r"[\\&](?!amp;|lt;|gt;)", found), pair


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
    with pytest.raises(NoPage, match="and so did writing a plain one"):
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
