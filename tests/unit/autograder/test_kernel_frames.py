"""What goes into a kernel's process and what comes out of it: requests to the fork server, outputs from frames."""

import json
import marshal
import time

import nbformat
import pytest
from autograder.course.cells import is_check
from autograder.execution.job import CodeCell, Role
from autograder.execution.kernel.client import Watch
from autograder.execution.kernel.compiled import for_kernel
from autograder.execution.kernel.frames import Kind, is_bundle
from autograder.execution.kernel.outputs import MAX_STRUCTURE, BrokenFrame, Outputs, TooMuchOutput, is_complex
from autograder.execution.kernel.protocol import KernelRequest
from autograder.submission.preparation import code_cell


def outputs_of(*frames, limit=2**20):
    outputs = Outputs(limit)
    for kind, content in frames:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        outputs.count(len(body))
        outputs.add(kind, body)
    return outputs.finish()


def test_frames_become_valid_outputs():
    """Do the kinds of frames that show something become outputs that the notebook format accepts?"""
    found = outputs_of(
        (Kind.STDOUT, b"a"),
        (Kind.DATA, {"data": {"text/plain": "b", "application/json": {"c": 1}}}),
        (Kind.RESULT, {"data": {"text/plain": "d"}}),
        (Kind.ERROR, {"ename": "ValueError", "evalue": "e", "traceback": ["f"]}),
    )
    assert [output.output_type for output in found] == ["stream", "display_data", "execute_result", "error"]
    nbformat.validate(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=found)]))


def test_text_is_added_to_the_text_before_it():
    """Do texts of one stream become one output, until something else comes between them?"""
    found = outputs_of((Kind.STDOUT, b"a"), (Kind.STDOUT, b"b"), (Kind.STDERR, b"c"), (Kind.STDOUT, b"d\xff"))
    assert [(output.name, output.text) for output in found] == [("stdout", "ab"), ("stderr", "c"), ("stdout", "d�")]


def test_half_of_a_surrogate_pair_is_mended():
    """Is text that no file can hold shown with a question mark, instead of breaking the cell?"""
    found = outputs_of((Kind.DATA, {"data": {"text/plain": "a \ud83d"}}))
    assert found[0].data == {"text/plain": "a ?"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (Kind.DATA, b"text"),
        (Kind.DATA, b"\xff"),
        (Kind.DATA, b"[" * 100_000),
        (Kind.DATA, b"9" * 5000),
        (Kind.DATA, b'["data"]'),
        (Kind.DATA, {"data": {"text/plain": 3}}),
        (Kind.RESULT, {"data": ["text/plain"]}),
        (Kind.ERROR, {"ename": "A", "evalue": "b", "traceback": "c"}),
        (Kind.ERROR, {"ename": "A", "evalue": "b", "traceback": [3]}),
        (Kind.SOURCE, b"1"),
        (99, b""),
    ],
)
def test_what_no_kernel_sends_is_broken(kind, body):
    """Is a frame of the wrong form refused, whatever is wrong with it?"""
    with pytest.raises(BrokenFrame):
        outputs_of((kind, body))


def test_what_could_not_be_written_is_taken_out():
    """Are half a pair of surrogates and levels without end replaced, so that a notebook with them can be written?"""
    deep = json.loads("[" * 400 + "]" * 400)
    found = outputs_of((Kind.DATA, {"data": {"text/plain": "\ud800", "application/json": deep}}))
    assert found[0].data["text/plain"] == "?"
    assert nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=found)])).encode()


@pytest.mark.parametrize("part", [b"{},", b"[],", b'"",', b'"a":1,'])
def test_json_of_many_parts_is_refused_before_it_is_parsed(part):
    """Is a frame whose JSON would take far more memory than it has bytes refused, and a long text not?"""
    assert is_complex(b"[" + part * MAX_STRUCTURE + b"0]")
    assert not is_complex(b'{"data": "' + part.replace(b'"', rb"\"") * MAX_STRUCTURE + b'"}')


def test_a_limit_is_reached_before_a_body_is_read():
    """Does a frame that says it is too long stop at its header, and do many small ones count as well?"""
    with pytest.raises(TooMuchOutput):
        Outputs(100).count(2**31)
    with pytest.raises(TooMuchOutput):
        outputs_of(*[(Kind.STDOUT, b"")] * 1000, limit=2**16)


def test_bundles_are_texts_or_json():
    """Are MIME bundles told from what only looks like one?"""
    assert is_bundle({"text/plain": "x", "application/vnd.mine+json": [1]})
    assert not is_bundle({3: "x"})
    assert not is_bundle({"text/json": [1]})
    assert not is_bundle(None)


def test_check_cells_go_as_code_without_source():
    """Does a check cell go out compiled and without its text, and a definition, or what is no Python, as it is?"""
    source = "# a comment\nanswer = 6 * number"
    kind, body = for_kernel(CodeCell(source, Role.CHECK))
    assert kind is Kind.CODE
    assert b"comment" not in body
    names = {"number": 7}
    exec(marshal.loads(body), names)
    assert names["answer"] == 42
    assert for_kernel(CodeCell(source)) == (Kind.SOURCE, source.encode())
    assert for_kernel(CodeCell("%time 1", Role.CHECK)) == (Kind.SOURCE, b"%time 1")


def test_no_check_cell_of_the_key_goes_as_source(course_keys):
    """Is every check cell of the workbook plain Python, so that kernels get it without its source?"""
    cells = [code_cell(cell) for key in course_keys.values() for cell in key.notebook.cells if is_check(cell)]
    assert len(cells) > 30
    assert {for_kernel(cell)[0] for cell in cells} == {Kind.CODE}


def test_request_survives_the_way():
    """Does the fork server read what the grader wrote?"""
    request = KernelRequest(7, None, {"RLIMIT_CPU": 3}, {"A": "ü"}, ["/w"], "/w", ["t"])
    assert KernelRequest.from_bytes(request.to_bytes()) == request


class EndingCell(Watch):
    """A watch without a thread, whose cell ends as soon as its deadline has been read once."""

    def __init__(self):
        self.reads = 0

    @property
    def _deadline(self):
        self.reads += 1
        return time.monotonic() + 9 if self.reads == 1 else None


def test_a_cell_ends_while_the_watch_looks():
    """Does the watch go on, so that the next cell has a time limit too?"""
    assert EndingCell()._pause() > 0
