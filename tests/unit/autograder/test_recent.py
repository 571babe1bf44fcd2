"""What pages have in common is made once."""

from unittest.mock import Mock

from autograder.integration import exporters, recent
from autograder.integration.exporters import PageExporter
from autograder.integration.recent import ENTRIES, MAX_CHARACTERS, Recent
from nbconvert.filters import Highlight2HTML
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
GIVEN = [new_markdown_cell("# Given once"), new_code_cell("given = 'once'")]


def page_of(*cells):
    return PageExporter(template_name="classic").from_notebook_node(new_notebook(cells=list(cells)))[0]


def test_given_cells_are_written_once(monkeypatch):
    """Are the cells that two students have in common highlighted and rendered once, and do both pages have them?"""
    highlight = Mock(side_effect=Highlight2HTML.__call__, autospec=True)
    render = Mock(side_effect=exporters.html_of)
    monkeypatch.setattr(Highlight2HTML, "__call__", lambda *arguments: highlight(*arguments))
    monkeypatch.setattr(exporters, "html_of", render)
    pages = [page_of(*GIVEN, new_code_cell(f"mine = {n}"), new_markdown_cell(f"answer {n}")) for n in (1, 2)]
    assert [call.args[1] for call in highlight.call_args_list] == ["given = 'once'", "mine = 1", "mine = 2"]
    assert [call.args[0] for call in render.call_args_list] == ["# Given once", "answer 1", "answer 2"]
    assert all("Given once" in page and "given" in page for page in pages)


def test_a_picture_is_its_own_cells():
    """Do two answers of one text show each its own attached picture?"""
    cells = [new_markdown_cell("![](attachment:a.png)", attachments={"a.png": {"image/png": p}}) for p in (PIXEL, "")]
    assert PIXEL in page_of(cells[0])
    assert PIXEL not in page_of(cells[1])


def test_templates_are_compiled_once(monkeypatch):
    """Does the second page find all its templates compiled?"""
    page_of(*GIVEN)
    kept = Mock(side_effect=recent.Templates.dump_bytecode)
    monkeypatch.setattr(recent.Templates, "dump_bytecode", kept)
    page_of(*GIVEN)
    assert not kept.called


def test_what_is_kept_has_limits():
    """Is what was not asked for lately made again, and a very long result not kept at all?"""
    kept, make = Recent(), Mock(return_value="made")
    for key in (*range(ENTRIES), 0, ENTRIES, 0, 1):  # 1 had to make room
        kept.get(key, make)
    assert make.call_count == ENTRIES + 2
    long = Mock(return_value="x" * (MAX_CHARACTERS + 1))
    assert kept.get("long", long) == kept.get("long", long)
    assert long.call_count == 2
