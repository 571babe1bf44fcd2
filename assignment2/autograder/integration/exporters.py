"""The nbconvert exporters by which nbgrader's converters read and write notebooks here."""

import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from nbconvert.exporters import Exporter, HTMLExporter, NotebookExporter
from nbconvert.filters.markdown_mistune import MarkdownWithMath
from nbformat import NotebookNode
from traitlets import Bool, Float, Integer
from traitlets.config import Config

from autograder.core import upstream
from autograder.core.errors import SubmissionError
from autograder.core.notebooks import new_notebook
from autograder.core.time_limit import TookTooLong, time_limit
from autograder.integration.formulas import Renderer, mathml
from autograder.integration.plain_page import plain_page
from autograder.integration.policy import with_policy
from autograder.integration.recent import RecentHighlight, rendered, templates

TEMPLATE, TEMPLATES = "feedback_page", Path(__file__).with_name("templates")
COLORED = "k[ncd]?|ow|nb|bp|s[12daie]?|m[if]|n[fcd]|c[1hm]"  # classes of highlighted code that the page has a color for
PLAIN_SPAN = re.compile(rf'<span class="(?!(?:{COLORED})")[a-z]\w?">([^<]*)</span>')
IMAGE_WITHOUT_TEXT = re.compile(r"<img(?![^<>]*\salt=)")  # never past the next tag: that would take quadratic time


class SubmissionExporter(NotebookExporter):
    """Reads nothing: the first step of each conversion takes the notebook from its evaluation."""

    optimistic_validation = Bool(True, help="Validate once, not after every step: that would take as long as the steps")

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        convert: Callable[..., tuple[NotebookNode, dict[str, Any]]] = self.from_notebook_node
        return convert(new_notebook(), resources=resources, **kwargs)


class NoPage(SubmissionError):
    """Not even a plain page can be written within the time limit."""


class PageExporter(HTMLExporter):
    """Writes feedback pages, and a plain one if a page takes too long or gets too large."""

    page_seconds = Float(15.0, help="Seconds of processor time for one page; most take one.").tag(config=True)
    page_characters = Integer(2**25, help="Largest length of one page, in characters.").tag(config=True)

    def from_notebook_node(  # type: ignore[override]  # nbconvert's own HTML exporter returns a page too
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[str, dict[str, Any]]:
        slow = f"writing it took more than {self.page_seconds:g} s"
        try:
            with time_limit(self.page_seconds):
                register: Callable[..., object] = self.register_filter
                register("mathml", mathml)
                page, resources_of_page = upstream.page_without_parsing(self, RecentHighlight, nb, resources, **kwargs)
                page = PLAIN_SPAN.sub(r"\1", page)  # most of what highlighting writes
                page = with_policy(IMAGE_WITHOUT_TEXT.sub('<img alt="a plot that you handed in"', page))
            if len(page) <= self.page_characters:
                return page, resources_of_page
            reason = f"it would be longer than {self.page_characters:,} characters"
        except TookTooLong:
            reason = slow
        except (RecursionError, MemoryError) as error:
            reason = f"writing it ended with a {type(error).__name__}"
        try:
            with time_limit(self.page_seconds):
                return self._plain(nb, resources, reason, **kwargs)
        except TookTooLong:
            raise NoPage(f"{slow}, and so did writing a plain one") from None

    def _plain(self, nb: NotebookNode, resources: Any, reason: str, **kwargs: Any) -> tuple[str, dict[str, Any]]:
        prepared, resources = Exporter.from_notebook_node(self, nb, resources, **kwargs)  # runs the preprocessors
        resources["output_extension"] = self.file_extension
        return with_policy(plain_page(prepared, resources["nbgrader"], reason)), resources

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        try:
            attachments = context.get("cell", {}).get("attachments", {})
            if attachments:
                return html_of(source, attachments)
            return rendered.get(source, lambda: html_of(source, {}))
        except Exception:  # such as for a lost picture: one answer must not cost the student the whole page
            return f"<pre>{escape(source)}</pre>"

    def _create_environment(self) -> Environment:
        environment: Environment = super()._create_environment()  # type: ignore[no-untyped-call]
        environment.bytecode_cache = templates
        return environment


def html_of(source: str, attachments: dict[str, Any]) -> str:
    """Return Markdown as HTML, with formulas as MathML."""
    renderer = Renderer(escape=False, attachments=attachments, exclude_anchor_links=True)
    html: str = MarkdownWithMath(renderer=renderer).render(source)
    return html


def page_seconds(config: Config) -> float:
    """Return the seconds of processor time that a course allows for one page."""
    exporter: Callable[..., PageExporter] = PageExporter
    seconds: float = exporter(config=config).page_seconds
    return seconds
