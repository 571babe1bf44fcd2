"""What has to hold for every notebook that the grader makes."""

import nbformat


def written_and_read(notebook):
    """Write a notebook as a file would hold it and read it again; fails where that does not work or is not valid."""
    content = nbformat.writes(notebook).encode()
    again = nbformat.reads(content.decode(), as_version=4)
    nbformat.validate(again)
    return again
