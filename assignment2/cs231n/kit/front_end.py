"""What a notebook's front end can do that a terminal cannot."""

from cs231n._shell import kernel, shell


def show(markdown: str) -> None:
    """Show a text as a notebook does, or print it elsewhere."""
    if kernel() is not None:
        from IPython.display import Markdown, display

        display(Markdown(markdown))
    else:
        print(markdown)


def put_below(text: str) -> bool:
    """Put a text into a new cell below the one that runs; returns False if there are no cells."""
    if kernel() is None:
        return False
    shell().set_next_input(text)
    return True
