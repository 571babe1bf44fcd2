"""Making harmless what students wrote: autograder.submission.cleaning and what it uses.

What is harmless the tests tell by themselves: nbconvert's own exporter writes a page, and its tags are looked at.
"""

import re

import nbformat
import pytest
from autograder.core.annotations import note_repairs, repairs_of
from autograder.core.results import CellResult, Repair, RepairKind, Status, Verdict
from autograder.course.cells import defined_names, name_of
from autograder.integration.steps import HideFromStudents
from autograder.judging.table import table
from autograder.report.data import normalized
from autograder.submission.cleaning import clean_submission, clean_text
from autograder.submission.markdown import as_text, clean_markdown, escaped
from autograder.submission.markup import clean_html, inert_tex, is_active, plain_text
from autograder.submission.outputs import MAX_MARKUP, MAX_OUTPUTS, MAX_TEXT, clean_outputs, had_scripts
from autograder.submission.pictures import drawing, picture
from autograder.submission.preparation import merge
from bs4 import BeautifulSoup
from cs231n.checks.values import MIME_TYPE
from helpers import payloads
from helpers.payloads import PNG, RUN, SCRIPT
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

HANDLER = re.compile("on", re.IGNORECASE)
ADDRESSES = re.compile(r"https?:|mailto:|#|data:image/(?:png|jpeg|gif|svg\+xml);base64,[\w+/=]*$|[^:]*$", re.IGNORECASE)
NEVER = [
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "svg",
    "math",
    "form",
    "input",
    "button",
    "meta",
    "base",
    "link",
]
# Payloads that aim at other renderers, or that the parser of these tests takes for harmless.
FOR_OTHERS = {
    "image with a slash",
    "image over two lines",
    "image that is not closed",
    "title that breaks out",
    "address that breaks out",
    "ends of tags that are not open",
    "comment that is not closed",
    "comment closed early",
    "CDATA",
    "noscript",
    "fence with a language",
    "zero byte in a tag",
}
MACROS = re.compile(r"\\(href|style|cssId|unicode|class|url)\b")

EXPORTER = HTMLExporter(template_name="classic", exclude_anchor_links=True)


def body(*cells):
    """The body of the page that nbconvert's exporter writes of some cells, without the scripts of its template."""
    page, _ = EXPORTER.from_notebook_node(new_notebook(cells=list(cells)))
    return BeautifulSoup(page, "html.parser").body


def harms(soup):
    """What could act, in HTML."""
    found = [tag.name for tag in soup.find_all(NEVER)]
    for tag in soup.find_all(True):
        for name, value in tag.attrs.items():
            text = " ".join(value) if isinstance(value, list) else value
            if HANDLER.match(name) or name in ("style", "srcdoc", "srcset", "formaction", "background"):
                found.append(f"{tag.name} {name}")
            if name in ("href", "src") and not ADDRESSES.match(re.sub(r"[\s\x00-\x20]", "", text)):
                found.append(f"{tag.name} {name}={text}")
            if tag.name == "img" and name == "src" and not text.startswith("data:image/"):
                found.append(f"loads {text}")
        if tag.name in ("code", "pre"):
            tag.clear()
    return found + MACROS.findall(soup.get_text())


def answered(source, pictures=()):
    """A page with an answer after cleaning; pictures: names"""
    cell = new_markdown_cell(source, attachments={name: {"image/png": PNG} for name in pictures})
    clean_text(cell)
    return body(cell)


@pytest.mark.parametrize("name", payloads.ANSWERS)
def test_no_answer_acts(name):
    """Does an answer render as nothing that runs, loads or imitates, and still hold what it said?"""
    cell = new_markdown_cell(payloads.ANSWERS[name])
    clean_text(cell)
    assert harms(body(cell)) == []
    assert [
        word for word in ("pwned", "evil.example") if (word in payloads.ANSWERS[name]) != (word in cell.source)
    ] == []


def test_payloads_are_payloads():
    """Does the test see the harm of what is not cleaned, or nbconvert refuse it, but for those meant for others?"""
    harmless = set()
    for name, source in payloads.ANSWERS.items():
        try:
            harmless |= set() if harms(body(new_markdown_cell(source))) else {name}
        except Exception:  # one answer would cost the instructor the page
            continue
    assert harmless == FOR_OTHERS


@pytest.mark.parametrize("name", payloads.OUTPUTS)
def test_no_output_acts(name):
    """Does an output render as nothing that runs, loads or imitates?"""
    clean = clean_outputs([payloads.OUTPUTS[name]])
    cell = new_code_cell("1", outputs=clean)
    nbformat.validate(new_notebook(cells=[cell]))
    assert len(clean) == 1
    assert harms(body(cell)) == []
    assert "\x1b" not in str(clean)


@pytest.mark.parametrize("name", payloads.ATTACHMENTS)
def test_no_attachment_acts(name):
    """Does what is attached to an answer under a false name or type go?"""
    attachments = payloads.ATTACHMENTS[name]
    cell = new_markdown_cell("".join(f"![x](<attachment:{n}>)" for n in attachments), attachments=attachments)
    clean_text(cell)
    assert "attachments" not in cell
    assert harms(body(cell)) == []


@pytest.mark.parametrize("name", payloads.HARMLESS)
def test_harmless_answers_stay(name):
    """Does harmless Markdown stay exactly as it was written, and render readably?"""
    source, visible = payloads.HARMLESS[name]
    cell = new_markdown_cell(source, attachments={"plot.png": {"image/png": PNG}})
    assert not clean_text(cell)
    soup = body(cell)
    assert cell.source == source or name in ("comparison", "dollars")
    assert visible in soup.get_text()
    assert len(soup.find_all("img")) == source.startswith("!")


@pytest.mark.parametrize("cut", range(0, 60, 3))
def test_pieces_of_payloads_together(cut):
    """Do payloads that are cut and joined, so that syntax meets syntax, do nothing either?"""
    sources = list(payloads.ANSWERS.values())
    text = "".join(source[: cut + len(source) // 2][:400] for source in sources[cut : cut + 12])
    assert harms(answered(text)) == []
    assert harms(answered(text[cut:])) == []
    assert harms(answered("`" + text.replace(" ", "\n"))) == []


def test_text_shown_as_it_is():
    """Is a text in a code block shown as it is, fences included?"""
    source = f"```\n{SCRIPT}\n````\n$x$"
    assert body(new_markdown_cell(as_text(source))).find("code").get_text().strip() == source


def test_escaped_text():
    """Does text in the middle of Markdown read as it was, whatever it holds?"""
    text = f"a_b: *c* `d` $e$ \\[f\\] \\\\(g\\\\) [h](i) ![j](k) {SCRIPT} &lt; http://l.m #n | ~o~"
    assert body(new_markdown_cell(f"- {escaped(text)}")).find("li").get_text().strip() == text


def test_readable_html():
    """Does the HTML of a data frame keep its table, and lose its style?"""
    frame = '<div><style scoped>td { color: red }</style><table border="1" class="dataframe"><thead><tr><th>a</th></tr>'
    frame += f"</thead><tbody><tr><td>1 &lt; 2</td></tr></tbody></table><img src='data:image/png;base64,{PNG}'></div>"
    soup = BeautifulSoup(clean_html(frame), "html.parser")
    assert soup.table["class"] == ["dataframe"]
    assert soup.td.get_text() == "1 < 2"
    assert soup.img["src"] == f"data:image/png;base64,{PNG}"
    assert soup.find("style") is None
    assert is_active(frame) is False


def test_harmless_outputs_stay():
    """Do plots, texts, formulas and errors come through?"""
    outputs = [
        new_output("display_data", {"image/png": PNG, "text/plain": "<Figure size 1x1>"}),
        new_output("stream", name="stderr", text="50%\r100%\n"),
        new_output("execute_result", {"text/plain": "array([1])", "text/latex": r"$\frac{a}{b}<c$"}),
        new_output("display_data", {"text/markdown": "**bold** $a<b$"}),
        new_output("error", ename="ValueError", evalue="a < b", traceback=["Traceback", "ValueError: a < b"]),
    ]
    assert clean_outputs(outputs) == outputs
    assert not had_scripts(outputs)


def test_drawings_become_images():
    """Is an SVG drawing shown as an image, in which browsers run nothing?"""
    svg = "<?xml version='1.0'?>\n<!DOCTYPE svg PUBLIC 'a' 'b'>\n<svg xmlns='http://www.w3.org/2000/svg'><path/></svg>"
    (output,) = clean_outputs([new_output("display_data", {"image/svg+xml": svg})])
    start = '<img alt="a drawing that you handed in" src="data:image/svg+xml;base64,'
    assert output.data["text/html"].startswith(start)
    titled = drawing("<svg xmlns='http://www.w3.org/2000/svg'><title>a &lt; b &quot; c</title></svg>")
    assert titled.startswith('<img alt="a &lt; b &quot; c" src=')
    assert drawing("<svgx/>") is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_pictures(kind):
    """Is each kind of picture one under its own type only, line breaks aside, and not when it is cut?"""
    data = payloads.png(kind=kind)
    mime = f"image/{kind.lower()}"
    assert picture(mime, "\n".join([data[:9], data[9:]])) == data
    assert picture("image/png" if kind != "PNG" else "image/gif", data) is None
    assert picture(mime, data[:12]) is None


def test_a_picture_that_would_fill_the_memory():
    """Is a small file that unfolds to an enormous picture refused?"""
    assert picture("image/png", payloads.png((6400, 6400))) is None


def test_a_picture_with_a_space_in_its_name():
    """Does a picture whose name is written with an escape in the address show?"""
    assert answered("![x](<attachment:my plot.png>) ![y](attachment:my%20plot.png)", ["my plot.png"]).find_all("img")


def test_limits():
    """Are outputs cut that are too long or too many, with a note, and the last one kept?"""
    long = new_output("stream", text="x" * (MAX_TEXT + 5))
    assert clean_outputs([long])[0].text.endswith("\n[5 more characters are not shown]")
    large = new_output("display_data", {"text/html": "x" * (MAX_MARKUP + 1), "text/plain": "short"})
    assert clean_outputs([large])[0].data == {"text/plain": "short"}
    many = clean_outputs([new_output("stream", text=str(number)) for number in range(3000)])
    assert len(many) == MAX_OUTPUTS + 1
    assert "2800 more outputs" in many[-2].text
    assert many[-1].text == "2999"


def test_escape_codes():
    """Do escape codes and marks that turn the direction go, and nothing else?"""
    assert plain_text("\x1b[1;31mred\x1b[0m\x1b]0;t\x07 \x1b(B\x9bx \u202eevil\u202c\ttab\n") == "red x evil\ttab\n"
    assert plain_text("\x1b]0;not closed") == "0;not closed"
    assert plain_text("\x1b]8;;http://a.b\x1b\\text\x1b]8;;\x1b\\") == "text"
    assert plain_text("half \ud83d of a pair, a whole one \U0001f600") == "half  of a pair, a whole one \U0001f600"


def test_tex():
    """Is a macro that links disarmed and one that begins alike not?"""
    assert r"\href" not in inert_tex(r"\href{a}{b} \style{c}{d}")
    assert inert_tex(r"\hrefs \frac12 \classy") == r"\hrefs \frac12 \classy"


def test_cleaning_twice_changes_nothing():
    """Is what was cleaned clean?"""
    for source in payloads.ANSWERS.values():
        once = clean_markdown(source)
        assert clean_markdown(once) == once or len(once) > 50_000


def test_a_submission(toy_key):
    """Are the student's cells cleaned, each harm told of once with the cell's name, and the instructor's left alone?"""
    notebook = nbformat.from_dict(toy_key.template)
    cells = {name_of(cell): cell for cell in notebook.cells}
    cells["why"].source = f"Because {SCRIPT}"
    cells["plot"].outputs = [payloads.OUTPUTS["html: script"], payloads.OUTPUTS["stream"]]
    cells["title"].source = theirs = "<div style='color: red'>[x](javascript:1)</div>"
    raw = nbformat.v4.new_raw_cell(SCRIPT, id="added-1")
    text = new_markdown_cell("fine", id="added-2")
    notebook.cells += [raw, text]
    repairs = clean_submission(notebook, set(cells))
    assert [(repair.kind, repair.cell) for repair in repairs] == [
        (RepairKind.CLEANED, "why"),
        (RepairKind.CLEANED, "plot"),
    ]
    assert cells["title"].source == theirs
    assert notebook.cells[-2].cell_type == "markdown"
    assert notebook.cells[-2].source == f"```\n{SCRIPT}\n```"
    assert harms(body(*(cell for cell in notebook.cells if cell is not cells["title"]))) == []


def test_outputs_of_executed_cells(toy_key):
    """Are they cleaned, but for what a check cell sent to the judge?"""
    notebook = nbformat.from_dict(toy_key.template)
    message = new_output("display_data", {MIME_TYPE: {"checks": [SCRIPT]}})
    forged = new_output("display_data", {MIME_TYPE: {}, "text/html": SCRIPT})
    executed = [cell for cell in notebook.cells if cell.cell_type == "code" and name_of(cell) != "plot"]
    outputs = {"test_double": [message, payloads.OUTPUTS["javascript"]], "double": [forged]}
    merged = merge(notebook, [CellResult(Status.DONE, outputs.get(name_of(cell), [])) for cell in executed])
    found = {name_of(cell): cell for cell in merged.cells}
    assert found["test_double"].outputs[0] == message
    assert RUN not in str(found["test_double"].outputs[1:])
    assert MIME_TYPE not in str(found["double"].outputs)
    assert harms(body(found["double"])) == []
    assert [repair.cell for repair in repairs_of(merged)] == ["test_double"]


def test_verdicts(toy_key):
    """Does the table of verdicts show an exception's text as text, without formulas?"""
    verdict = Verdict("check", Status.ERROR, rf"{SCRIPT} $\href{{javascript:{RUN}}}{{x}}$", hint=SCRIPT)
    soup = BeautifulSoup(table([verdict]), "html.parser")
    assert soup.find_all("script") == []
    assert verdict.message in soup.get_text()
    assert soup.table["class"] == ["tex2jax_ignore"]


@pytest.mark.parametrize("source", ["x " * 40_000, ">" * 3000, "(" * 3000, "x\0y"])
def test_a_text_that_breaks_the_parser(source):
    """Does a cell that Python's parser cannot take define nothing, instead of stopping the class?"""
    assert defined_names(new_markdown_cell(source)) == set()


def test_code_that_is_too_deep():
    """Is code that Python can parse but not write again compared as it stands, instead of stopping the report?"""
    source = "x = " + " + ".join(["1"] * 900)
    assert normalized(source) == source
    assert normalized("x = (1)  # one") == "x = 1"


def test_what_was_repaired_is_shown_as_text(toy_key):
    """Does a reason that quotes a submission come to the feedback page as text?"""
    notebook = nbformat.from_dict(toy_key.template)
    note_repairs(notebook, [Repair(RepairKind.NOT_GRADABLE, "", f"{SCRIPT} [x](javascript:{RUN}) $a$ `b`")])
    notebook, _ = HideFromStudents(show_hidden=True).preprocess(notebook, {})
    soup = body(notebook.cells[0])
    assert harms(soup) == []
    assert f"{SCRIPT} [x](javascript:{RUN}) $a$ `b`" in soup.get_text()
