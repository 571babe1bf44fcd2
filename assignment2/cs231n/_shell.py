"""IPython's shell, if the package runs in one. IPython is not imported: a kernel has done so."""

import sys
from typing import Any


def shell() -> Any:
    """Return IPython's shell, None if there is none."""
    return getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()


def kernel() -> Any:
    """Return the Jupyter kernel that this process is, None if it is not a kernel."""
    return getattr(shell(), "kernel", None)
