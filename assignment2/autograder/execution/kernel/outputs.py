"""Turn a kernel's frames into the outputs of a cell. Student code may have written them: nothing is trusted."""

import json
import re
from typing import Any

from nbformat import NotebookNode

from autograder.core.text import well_formed
from autograder.execution.kernel.frames import HEADER, Kind, is_bundle

FRAME_BYTES = 2**10  # that a frame counts besides its body: an output is larger in memory than in a frame
MAX_STRUCTURE, MAX_TEXTS = 2**18, 2**16  # bytes of JSON outside strings, and strings: many tiny objects fill memory
DEEP = 100  # nested levels of JSON
TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)  # never looks at a byte twice
STREAMS = {Kind.STDOUT: "stdout", Kind.STDERR: "stderr"}


class TooMuchOutput(Exception):
    """A cell has sent more than it may."""


class BrokenFrame(Exception):
    """A frame that no kernel sends."""


class Outputs:
    """Collects the outputs of one cell, as the notebook format has them, within a limit of bytes."""

    def __init__(self, limit: int):
        self._left = limit
        self._outputs: list[NotebookNode] = []
        self._texts: list[str] = []  # of the last output, if that is a stream

    def count(self, length: int) -> None:
        """Count a frame before its body is read; raises TooMuchOutput if the cell may not send it any more.

        length: of the body, in bytes
        """
        self._left -= length + HEADER.size
        if self._left < 0:
            raise TooMuchOutput

    def add(self, kind: int, body: bytes) -> None:
        """Add what a frame shows, appending text to the text before; raises BrokenFrame for what no kernel sends."""
        self._left -= FRAME_BYTES
        if kind in (Kind.STDOUT, Kind.STDERR):
            self._add_text(STREAMS[Kind(kind)], body.decode(errors="replace"))
            return
        self._close_stream()
        content = parse(body)
        if kind in (Kind.DATA, Kind.RESULT) and is_bundle(content.get("data")):
            data = NotebookNode(content["data"])  # what is JSON in it stays as it is: a check sends thousands of parts
            output = NotebookNode(output_type="display_data", data=data, metadata=NotebookNode())
            if kind == Kind.RESULT:
                output.update(output_type="execute_result", execution_count=None)
        elif kind == Kind.ERROR and is_error(content):
            parts = {name: content[name] for name in ("ename", "evalue", "traceback")}
            output = NotebookNode(output_type="error", **parts)
        else:
            raise BrokenFrame
        self._outputs.append(output)

    def _add_text(self, name: str, text: str) -> None:
        if not self._texts or self._outputs[-1]["name"] != name:
            self._close_stream()
            self._outputs.append(NotebookNode(output_type="stream", name=name, text=""))
        self._texts.append(text)

    def _close_stream(self) -> None:
        if self._texts:
            self._outputs[-1]["text"], self._texts = "".join(self._texts), []

    def finish(self) -> list[NotebookNode]:
        """Return the outputs."""
        self._close_stream()
        return self._outputs


def parse(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a frame; raises BrokenFrame if it is not one, or has more parts than a kernel sends."""
    if len(body) > MAX_STRUCTURE and is_complex(body):
        raise BrokenFrame
    try:
        content = json.loads(body)
        if b"\\u" in body or body.count(b"[") + body.count(b"{") > DEEP:  # else it is well formed: looking takes time
            content = well_formed(content, DEEP)
    except (ValueError, RecursionError):
        raise BrokenFrame from None
    if not isinstance(content, dict):
        raise BrokenFrame
    return content


def is_complex(body: bytes) -> bool:
    """Return whether JSON has more parts than a kernel sends, without parsing it."""
    structure = len(body)
    for number, text in enumerate(TEXT.finditer(body)):
        structure -= text.end() - text.start()
        if number == MAX_TEXTS:
            return True
    return structure > MAX_STRUCTURE


def is_error(content: dict[str, Any]) -> bool:
    """Return whether JSON describes an exception: its name, its text and the lines of its traceback."""
    trace = content.get("traceback")
    texts = [content.get("ename"), content.get("evalue"), *(trace if isinstance(trace, list) else [None])]
    return all(isinstance(text, str) for text in texts)
