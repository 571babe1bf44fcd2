"""What a notebook's front end can do that a terminal cannot. IPython is not imported: a kernel has done so."""

import sys
from typing import Any


def shell() -> Any:
    """Return IPython's shell, None where there is none."""
    return getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()


def show(markdown: str) -> None:
    """Show a text as a notebook does, or print it elsewhere."""
    if hasattr(shell(), "kernel"):
        from IPython.display import Markdown, display

        display(Markdown(markdown))
    else:
        print(markdown)


def put_below(text: str) -> bool:
    """Put a text into a new cell below the one that runs; returns False where there are no cells."""
    if not hasattr(shell(), "kernel"):
        return False
    shell().set_next_input(text)
    return True
