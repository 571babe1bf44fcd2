"""The text of a notebook's file."""

import nbformat
import pytest
from autograder.core.notebooks import copied, new_notebook, text_of
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

ODD = 'é "quoted" \\ \t\x00\x7f   😀\r\nlast'


@pytest.mark.parametrize("source", ["", "one line", "two\nlines\n", ODD])
def test_text_is_that_of_nbformat(source):
    """Is a notebook's text the same, byte for byte, as nbformat writes it, whatever is in its cells and outputs?"""
    outputs = [
        new_output("stream", text=source),
        new_output("display_data", data={"text/html": source, "image/png": "AAAA", "application/json": {"b": [1, {}]}}),
        new_output("error", ename="Odd", evalue=source, traceback=[source, source]),
        new_output("execute_result", data={"text/plain": source}, execution_count=1),
    ]
    cells = [new_code_cell(source, outputs=outputs, metadata={"trusted": True, "tags": []}), new_markdown_cell(source)]
    notebook = new_notebook(cells=cells, metadata={"orig_nbformat": 3, source: [[], {}, 1e300, None, True, -1]})
    assert text_of(copied(notebook)) == nbformat.v4.writes(notebook)
