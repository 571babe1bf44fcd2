"""The frames that a kernel and the grader exchange over a pair of pipes, or one socket.

A frame is a header and a body: the token of the cell that it belongs to, its kind, and how long its body is. The grader
draws a new token for each cell, so code that an earlier cell left running cannot answer for a later one.
"""

import re
import struct
from enum import IntEnum

HEADER = struct.Struct("!8sBI")  # token, kind, length of the body in bytes
JSON_TYPE = re.compile(r"application/(.*\+)?json")
NO_CELL = bytes(8)  # the token before the first cell


class Kind(IntEnum):
    """What the body of a frame is."""

    # to the kernel
    SOURCE = 1  # of a cell, as it was typed
    CODE = 2  # of a check cell, compiled, by `marshal`
    # from the kernel
    STDOUT = 3  # text that the cell has printed
    STDERR = 4
    DATA = 5  # JSON: a MIME bundle that the cell has displayed
    RESULT = 6  # JSON: the MIME bundle of its last expression
    ERROR = 7  # JSON: an exception with its traceback
    DONE = 8  # nothing: the cell has ended, or, with NO_CELL, the kernel is ready


def frame(token: bytes, kind: Kind, body: bytes = b"") -> bytes:
    """Return a frame in bytes: its header, then its body."""
    return HEADER.pack(token, kind, len(body)) + body


def is_bundle(data: object) -> bool:
    """Return whether this is a MIME bundle: texts, or anything under the types that the notebook format calls JSON."""
    return isinstance(data, dict) and all(
        isinstance(mime, str) and (isinstance(value, str) or JSON_TYPE.fullmatch(mime)) for mime, value in data.items()
    )
