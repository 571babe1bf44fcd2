"""Bring cells and the key's definitions into the form in which a kernel gets them.

Check cells and the key's definitions are compiled here: a kernel that never has their source cannot show it, neither in
a history nor in a traceback. The student's process has only their code objects: names, constants and the order of
instructions.
"""

import ast
import marshal
import warnings
from functools import lru_cache
from importlib.util import MAGIC_NUMBER
from pathlib import Path

from cs231n.notebook_import import parse_definitions

from autograder.execution.job import CodeCell, Role
from autograder.execution.kernel.frames import Kind

FILENAME = "<check>"  # no file, and nothing that a line could be looked up in
UNCHECKED = bytes(12)  # of a .pyc: there is no source that it could be older than (PEP 552)


def for_kernel(cell: CodeCell) -> tuple[Kind, bytes]:
    """Return the kind and the body of a cell's frame: code if it is a check cell or the key's, and plain Python, else
    source."""
    if cell.role is Role.CHECK or cell.ours:
        try:
            return Kind.CODE, compiled_cell(cell.source)
        except (SyntaxError, ValueError):
            pass
    return Kind.SOURCE, cell.source.encode(errors="replace")


@lru_cache(maxsize=512)  # the check cells of a course are the same for the whole class
def compiled_cell(source: str) -> bytes:
    """Compile a cell and return it in the form of `marshal`; raises what `compile` raises."""
    return compiled(source, FILENAME)


@lru_cache(maxsize=32)  # the whole class imports the same few
def module_for_kernel(name: str, notebook: str) -> bytes:
    """Return the definitions of a notebook (JSON text) as the content of a module's .pyc file, which Python imports."""
    steps = parse_definitions(notebook, Path(f"{name}.ipynb")).steps
    return MAGIC_NUMBER + UNCHECKED + compiled(ast.Module([step.node for step in steps], []), f"<{name}>")


def compiled(code: str | ast.Module, filename: str) -> bytes:
    """Compile code and return it in the form of `marshal`; raises what `compile` raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return marshal.dumps(compile(code, filename, "exec", dont_inherit=True))
