"""Notebooks that were handed in, whatever they hold."""

import json

import nbformat
import pytest
from autograder.core.annotations import repairs_of
from autograder.core.results import CellResult, Status
from autograder.course.cells import is_check, name_of
from autograder.execution.job import ExecutionOptions
from autograder.submission.preparation import merge, prepare
from autograder.submission.reading import read_submission
from helpers import odd
from helpers.notebooks import written_and_read
from hypothesis import example, given
from hypothesis import strategies as st

OPTIONS = ExecutionOptions(sandboxed=True)
mime_types = st.sampled_from(["text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/svg+xml"])
bundles = st.dictionaries(mime_types | odd.texts, odd.texts | odd.values, max_size=3)
outputs = st.one_of(
    st.fixed_dictionaries({"output_type": st.just("stream"), "name": odd.leaves, "text": odd.texts | odd.values}),
    st.fixed_dictionaries({"output_type": st.just("display_data"), "data": bundles, "metadata": odd.values}),
    st.fixed_dictionaries({"output_type": st.just("execute_result"), "data": bundles, "execution_count": odd.leaves}),
    st.fixed_dictionaries(
        {"output_type": st.just("error"), "ename": odd.leaves, "evalue": odd.leaves, "traceback": odd.values}
    ),
)
cells = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw"]) | odd.leaves, "source": odd.texts},
    optional={
        "id": odd.leaves,
        "metadata": odd.values,
        "outputs": st.lists(outputs | odd.leaves, max_size=3),
        "attachments": st.dictionaries(odd.texts, bundles | odd.leaves, max_size=2) | odd.leaves,
    },
)
parts = odd.values | cells | outputs | bundles | st.lists(outputs, max_size=2)


@pytest.fixture(scope="session")
def released(toy_key):
    """The toy notebook as students have it: with solutions, with stubs, and in version 3 of the format."""
    stubs = nbformat.from_dict(toy_key.visible)
    for cell in stubs.cells:
        cell.source = toy_key.stubs.get(name_of(cell), cell.source)
    old = nbformat.convert(nbformat.from_dict(stubs), 3)
    return [json.loads(json.dumps(notebook)) for notebook in (toy_key.visible, stubs, old)]


def grade(content, key, folder):
    """Take a notebook the way that grading takes, but for the kernel; return what is written into `autograded/`."""
    (folder / "Toy.ipynb").write_bytes(content)
    prepared = prepare(read_submission(folder, ["Toy"]), key, OPTIONS)
    assert prepared.job.address
    assert len(written_and_read(prepared.notebook).cells) == len(prepared.notebook.cells)
    executed = merge(prepared.notebook, [CellResult(Status.NOT_REACHED, [])] * len(prepared.job.cells))
    assert repairs_of(written_and_read(executed))[: len(prepared.repairs)] == prepared.repairs
    return executed


def checks(notebook):
    return {name_of(cell): cell.source for cell in notebook.cells if is_check(cell)}


@given(data=st.data())
def test_damaged_notebook(toy_key, released, folder, data):
    """Does every damaged notebook become one that can be executed and written, with the instructor's checks in it?"""
    document = data.draw(odd.damaged(data.draw(st.sampled_from(released)), parts))
    executed = grade(odd.written(document), toy_key, folder)
    assert checks(executed) == checks(toy_key.template)
    assert {name_of(cell) for cell in toy_key.template.cells} <= {name_of(cell) for cell in executed.cells}


@given(content=odd.values.map(odd.written) | st.lists(cells).map(lambda found: odd.written({"cells": found})))
@example(content=b'{"nbformat": "\\ud800"}')  # comes into the message
@example(
    content=b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "\\ud800", "metadata": {}, "outputs": []}]}'
)
def test_any_json(toy_key, folder, content):
    """Is JSON that never was a notebook of ours graded like an empty one?"""
    assert checks(grade(content, toy_key, folder)) == checks(toy_key.template)


@given(data=st.data())
def test_any_bytes(toy_key, released, folder, data):
    """Is a file that was cut, overwritten or stored in another encoding graded, or a reason for people?"""
    whole = odd.written(data.draw(st.sampled_from(released)))
    content = odd.damage_bytes(data.draw, whole) if data.draw(st.booleans()) else data.draw(odd.blobs)
    assert checks(grade(content, toy_key, folder)) == checks(toy_key.template)
