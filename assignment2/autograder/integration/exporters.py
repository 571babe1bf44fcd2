"""How nbgrader's converters read and write notebooks here, as nbconvert exporters."""

import re
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter, NotebookExporter
from nbformat import NotebookNode
from traitlets import Bool

from autograder.core import upstream
from autograder.submission.sanitize import NotGradable, read_submission

IMAGE_WITHOUT_TEXT = re.compile(r"<img(?![^>]*\salt=)")


class TolerantExporter(NotebookExporter):
    """Reads what students hand in: an unreadable file becomes a notebook without cells that carries the reason."""

    optimistic_validation = Bool(True, help="Validate once, not after every step: that would take as long as the steps")

    def from_filename(self, filename: str, resources: dict | None = None, **kwargs: Any):
        try:
            notebook = read_submission(Path(filename))
        except NotGradable as problem:
            notebook = nbformat.v4.new_notebook(metadata={"cs231n": {"problem": str(problem)}})
        return self.from_notebook_node(notebook, resources=resources, **kwargs)


class PageExporter(HTMLExporter):
    """Writes feedback pages."""

    def from_notebook_node(self, nb: NotebookNode, resources: dict | None = None, **kwargs: Any):
        page, resources = upstream.page_without_parsing(self, nb, resources, **kwargs)
        return IMAGE_WITHOUT_TEXT.sub('<img alt="a plot that you handed in"', page), resources

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        try:
            return super().markdown2html(context, source)
        except Exception:  # such as a picture that was lost: one answer must not cost the student the whole page
            return f"<pre>{escape(source)}</pre>"
