"""How nbgrader's converters read and write notebooks here, as nbconvert exporters."""

import re
from html import escape
from typing import Any

import nbformat
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter, NotebookExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbformat import NotebookNode
from traitlets import Bool

IMAGE_WITHOUT_TEXT = re.compile(r"<img(?![^>]*\salt=)")


class SubmissionExporter(NotebookExporter):
    """Reads nothing: the first step of each conversion takes the notebook as `prepare` made it."""

    optimistic_validation = Bool(True, help="Validate once, not after every step: that would take as long as the steps")

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[Any, dict[str, Any]]:
        return self.from_notebook_node(nbformat.v4.new_notebook(), resources=resources, **kwargs)


class PageExporter(HTMLExporter):
    """Writes feedback pages in a third of the time: nbconvert's own exporter parses each page once more to give its
    images an alternative text."""

    def from_notebook_node(self, nb: NotebookNode, resources: dict | None = None, **kwargs: Any):
        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer="ipython3", parent=self))
        widgets = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
        self.register_filter("filter_data_type", widgets)
        page, resources = TemplateExporter.from_notebook_node(self, nb, self._init_resources(resources), **kwargs)
        return IMAGE_WITHOUT_TEXT.sub('<img alt="a plot that you handed in"', page), resources

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        try:
            return super().markdown2html(context, source)
        except Exception:  # such as a picture that was lost: one answer must not cost the student the whole page
            return f"<pre>{escape(source)}</pre>"
