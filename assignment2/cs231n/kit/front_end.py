"""Show texts and add cells in a notebook, with a fallback for terminals."""

from cs231n._shell import kernel, shell


def show(markdown: str) -> None:
    """Show Markdown in a notebook, or print it elsewhere."""
    if kernel() is not None:
        from IPython.display import Markdown, display

        display(Markdown(markdown))
    else:
        print(markdown)


def put_below(text: str) -> bool:
    """Put a text into a new cell below the one that runs; return False if this is not a notebook."""
    if kernel() is None:
        return False
    shell().set_next_input(text)
    return True
