"""Where the Solver shows its progress bar: in real kernels."""

import nbformat
import pytest
from nbclient import NotebookClient


@pytest.mark.parametrize("watched", [False, True])
def test_notebooks_are_watched_if_they_can_ask(watched, monkeypatch):
    """Is a notebook that nbclient executes not watched, and one whose front end can ask for input watched?"""
    monkeypatch.delenv("CS231N_PROGRESS", raising=False)
    code = "import sys\nfrom cs231n.solver import wants_progress_bar\nwants_progress_bar()"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    client = NotebookClient(notebook, kernel_name="python3", timeout=60)
    if watched:
        with client.setup_kernel():
            client.kc.allow_stdin = True
            client.execute_cell(notebook.cells[0], 0)
    else:
        client.execute()
    assert [output["data"]["text/plain"] for output in notebook.cells[0].outputs] == [str(watched)]
