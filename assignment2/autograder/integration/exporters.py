"""How nbgrader's converters read and write notebooks here, as nbconvert exporters."""

import re
from collections.abc import Callable
from html import escape
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter, NotebookExporter
from nbformat import NotebookNode
from traitlets import Bool

from autograder.core import upstream
from autograder.core.notebooks import new_notebook
from autograder.integration.policy import with_policy

IMAGE_WITHOUT_TEXT = re.compile(r"<img(?![^>]*\salt=)")


class SubmissionExporter(NotebookExporter):
    """Reads nothing: the first step of each conversion takes the notebook as `prepare` made it."""

    optimistic_validation = Bool(True, help="Validate once, not after every step: that would take as long as the steps")

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        convert: Callable[..., tuple[NotebookNode, dict[str, Any]]] = self.from_notebook_node
        return convert(new_notebook(), resources=resources, **kwargs)


class PageExporter(HTMLExporter):
    """Writes feedback pages."""

    def from_notebook_node(  # type: ignore[override]  # nbconvert's own HTML exporter returns a page too
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[str, dict[str, Any]]:
        page, resources = upstream.page_without_parsing(self, nb, resources, **kwargs)
        page = IMAGE_WITHOUT_TEXT.sub('<img alt="a plot that you handed in"', page)
        return with_policy(page), resources

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        try:
            html: str = super().markdown2html(context, source)
        except Exception:  # such as a picture that was lost: one answer must not cost the student the whole page
            html = f"<pre>{escape(source)}</pre>"
        return html
