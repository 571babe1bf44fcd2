"""Cells in the form that a kernel gets them in.

A check cell, or a definition of the key's, is compiled here: a kernel that never has its source cannot show it, neither
in a history nor in a traceback. What is left of it in the student's process are the code objects: names, constants and
the order of things.
"""

import marshal
import warnings

from autograder.execution.job import CodeCell, Role
from autograder.execution.kernel.frames import Kind

FILENAME = "<check>"  # no file, and nothing that a line could be looked up in


def for_kernel(cell: CodeCell) -> tuple[Kind, bytes]:
    """Return a cell as the kind and the body of a frame; what is compiled goes as source where it is not plain."""
    if cell.role is Role.CHECK or cell.ours:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return Kind.CODE, marshal.dumps(compile(cell.source, FILENAME, "exec", dont_inherit=True))
        except (SyntaxError, ValueError):
            pass
    return Kind.SOURCE, cell.source.encode(errors="replace")
