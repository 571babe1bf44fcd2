"""What goes into a kernel's process and what comes out of it: requests to the fork server, outputs from messages."""

import nbformat
import pytest
from autograder.execution.kernel.outputs import add_output, is_bundle, size_of
from autograder.execution.kernel.protocol import KernelRequest


def message(kind, **content):
    return {"header": {"msg_type": kind}, "content": content}


def outputs_of(*messages):
    outputs = []
    for each in messages:
        add_output(outputs, each)
    return outputs


def test_messages_become_valid_outputs():
    """Do the four kinds of messages that show something become outputs that the notebook format accepts?"""
    found = outputs_of(
        message("stream", name="stdout", text="a"),
        message("display_data", data={"text/plain": "b", "application/json": {"c": 1}}),
        message("execute_result", data={"text/plain": "d"}),
        message("error", ename="ValueError", evalue="e", traceback=["f"]),
        message("status", execution_state="idle"),
    )
    assert [output.output_type for output in found] == ["stream", "display_data", "execute_result", "error"]
    nbformat.validate(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=found)]))


def test_text_is_added_to_the_text_before_it():
    """Do texts of one stream become one output, until something else comes between them?"""
    parts = [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")]
    found = outputs_of(*(message("stream", name=name, text=text) for name, text in parts))
    assert [(output.name, output.text) for output in found] == [("stdout", "ab"), ("stderr", "c"), ("stdout", "d")]


@pytest.mark.parametrize(
    "malformed",
    [
        message("stream", name=4, text="x"),
        message("stream", name="stdin", text="x"),
        message("stream", name="stdout", text=["x"]),
        message("display_data", data={"text/plain": 3}),
        message("display_data", data=["text/plain"]),
        message("nonsense", data={"text/plain": "x"}),
    ],
)
def test_what_no_kernel_sends_shows_nothing(malformed):
    """Does a message of the wrong form leave the outputs as they are?"""
    assert outputs_of(malformed) == []


def test_bundles_are_texts_or_json():
    """Are MIME bundles told from what only looks like one?"""
    assert is_bundle({"text/plain": "x", "application/vnd.mine+json": [1]})
    assert not is_bundle({3: "x"})
    assert not is_bundle(None)


def test_size_counts_every_string():
    """Does the size of a message grow with a text wherever it is, even beside what is no JSON?"""
    for content in ({"text": "x" * 1000}, {"data": {"a": ["x" * 1000]}}, {"x" * 1000: object()}):
        assert 1000 <= size_of({"content": content}) < 1200


def test_request_survives_the_way():
    """Does the fork server read what the grader wrote?"""
    request = KernelRequest(7, None, {"ip": "/s", "shell_port": 1}, {"RLIMIT_CPU": 3}, {"A": "ü"}, ["/w"], "/w", ["t"])
    assert KernelRequest.from_bytes(request.to_bytes()) == request
