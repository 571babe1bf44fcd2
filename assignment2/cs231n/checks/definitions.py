"""Find definitions in a session's history that Python could not parse, so that older ones are still in use."""

import ast
import re

DEFINES = re.compile(r"^(?:def|class)\s+(\w+)", re.MULTILINE)


def not_taken(shell):
    """Return the names that the running cell uses and whose last definition has a SyntaxError.

    shell: IPython's, None outside it. Its `In` holds the cells as they were typed, the running one last.
    """
    history = shell.user_ns.get("In", [])[1:] if shell is not None else []
    if not history:
        return []
    used, broken = set(re.findall(r"\w+", history[-1])), []
    known: set = set()
    for source in reversed(history[:-1]):
        names = set(DEFINES.findall(source)) - known
        known |= names
        if names & used and not _is_python(shell.transform_cell(source)):
            broken += sorted(names & used)
    return broken


def _is_python(source):
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True
