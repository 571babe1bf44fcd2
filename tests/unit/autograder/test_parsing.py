"""A submitted notebook's JSON: what is read of it, what is repaired, and that it is said."""

import json

import nbformat
import pytest
from autograder.core.results import RepairKind
from autograder.submission.parsing import parse_notebook

CODE = {"cell_type": "code", "source": "a = 1", "metadata": {}, "outputs": [], "execution_count": None}


def parsed(*cells, **fields):
    return parse_notebook(json.dumps({"cells": cells, "metadata": {}, **fields}).encode(), "Toy")


OUTPUTS = {  # what is left of an output that is not as the notebook format has it
    "a stream without a name": (
        {"output_type": "stream", "text": "x"},
        {"output_type": "stream", "name": "stdout", "text": "x"},
    ),
    "a display without metadata": (
        {"output_type": "display_data", "data": {"text/plain": "x"}},
        {"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {}},
    ),
    "an error without a traceback": (
        {"output_type": "error", "ename": "E", "evalue": ""},
        {"output_type": "error", "ename": "E", "evalue": "", "traceback": []},
    ),
    "a result of an old version": (
        {"output_type": "pyout", "prompt_number": 1, "text": ["x"], "metadata": {}},
        {"output_type": "execute_result", "data": {"text/plain": "x"}, "metadata": {}, "execution_count": None},
    ),
    "nothing": (None, None),
    "an unknown kind": ({"output_type": "hologram"}, None),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_malformed_outputs_are_repaired_and_told(name):
    """Is each malformed output repaired or left out, said to be, and the next one kept?"""
    given, kept = OUTPUTS[name]
    fine = {"output_type": "stream", "name": "stdout", "text": "fine"}
    notebook, repairs = parsed({**CODE, "outputs": [given, fine]})
    assert notebook.cells[0].outputs == ([fine] if kept is None else [kept, fine])
    assert [repair.kind for repair in repairs] == [RepairKind.DAMAGED]
    assert str(repairs[0]).startswith("cell 1: an output")


def test_whole_outputs_are_no_repair():
    """Is nothing said about outputs that are as the format has them?"""
    made = [
        nbformat.v4.new_output("stream", text="a"),
        nbformat.v4.new_output("display_data", {"text/plain": "b", "image/png": "aGk="}),
        nbformat.v4.new_output("execute_result", {"text/plain": "c"}, execution_count=3),
        nbformat.v4.new_output("error", ename="E", evalue="v", traceback=["t"]),
    ]
    notebook, repairs = parsed({**CODE, "outputs": made})
    assert len(notebook.cells[0].outputs) == 4
    assert repairs == []


@pytest.mark.parametrize("half", ["a cut emoji \ud83d", "\udc00 tail"])
def test_half_of_a_character(half):
    """Does half of an emoji become a question mark, with a word about it?"""
    notebook, repairs = parsed({"cell_type": "markdown", "source": [half], "metadata": {}})
    assert "?" in notebook.cells[0].source
    assert "half of a character" in str(repairs[0])


@pytest.mark.parametrize(
    "cell",
    [
        {"cell_type": "markdown", "id": "title", "source": "# no metadata"},
        {"cell_type": "markdown", "id": "title", "metadata": None, "source": "# null"},
        {"cell_type": "code", "id": "n", "metadata": {}, "outputs": [], "execution_count": None},
        {"cell_type": "code", "id": "n", "metadata": {}, "outputs": [], "execution_count": None, "source": None},
        {"cell_type": "code", "id": "n", "metadata": {}, "outputs": None, "execution_count": None, "source": "1"},
        None,
    ],
)
def test_missing_fields_cost_their_own_cell(cell):
    """Is the cell behind one that lacks a field read, whatever is made of that one?"""
    notebook, _ = parsed(cell, CODE, nbformat="4", nbformat_minor="5")
    assert notebook.cells[-1].source == "a = 1"


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-32"),
        lambda text: text.replace("\n", "\r\n").encode(),
    ],
)
def test_encodings(encode):
    """Is a notebook the same in every encoding of Unicode, and with the line ends of Windows?"""
    text = json.dumps({"cells": [{**CODE, "source": "# ü\na = 1"}]}, indent=1, ensure_ascii=False)
    notebook, repairs = parse_notebook(encode(text), "Toy")
    assert notebook.cells[0].source == "# ü\na = 1"
    assert repairs == []


def test_line_ends_within_a_cell():
    """Do line ends of Windows and of old Macs in a source become plain ones?"""
    notebook, _ = parsed({**CODE, "source": ["a\r\n", "b\r", "c\n", "d"]})
    assert notebook.cells[0].source == "a\nb\nc\nd"


def test_text_that_is_no_unicode():
    """Is a file that an editor of Windows has stored in its own encoding read, and said to be none of Unicode?"""
    text = json.dumps({"cells": [{**CODE, "source": "# für"}]}, ensure_ascii=False)
    notebook, repairs = parse_notebook(text.encode("cp1252"), "Toy")
    assert notebook.cells[0].source == "# für"
    assert "Windows-1252" in str(repairs[0])


MERGED = """{"cells": [
<<<<<<< HEAD
 {"cell_type": "code", "source": "a = 1"}
=======
 {"cell_type": "code", "source": "a = 2"}
>>>>>>> theirs
], "metadata": {}}
"""


def test_marks_of_a_merge():
    """Does the first version of a conflict count, the second where that makes no notebook, and is it told?"""
    for text, expected in ((MERGED, "a = 1"), (MERGED.replace('1"}', '1"'), "a = 2")):
        notebook, repairs = parse_notebook(text.encode(), "Toy")
        assert notebook.cells[0].source == expected
        assert "merge conflicts" in str(repairs[0])


def test_version_of_python():
    """Is the version of Python that a notebook names kept, and anything else in its place not?"""
    named = [{"language_info": {"version": "3.13.1"}}, {"language_info": {"version": 3}}, {"language_info": 7}, None]
    found = [parsed(CODE, metadata=metadata)[0].metadata for metadata in named]
    assert found == [{"language_info": {"name": "python", "version": "3.13"}}, {}, {}, {}]
