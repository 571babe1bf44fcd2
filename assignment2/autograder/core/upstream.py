"""Every patch of another library, and every use of its private parts, each with its reason.

Written for jsonschema 4.26, IPython 9.18, nbconvert 7.17, nbgrader 0.9.6 and SQLAlchemy 2.1. If a later version has
changed what is patched, the patch is left out and everything works as in the library: slower, or without the
improvement. tests/integration/test_upstream.py shows when that happens, and when a patch is no longer needed.

Libraries are imported where they are patched: a kernel imports this module, and must not import nbgrader.
"""

import ast
import glob
import importlib
import os
import re
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.core.files import Unusable, read_regular
from autograder.core.timestamps import MAX_TIMESTAMP_BYTES, TIMESTAMP, read_timestamp

if TYPE_CHECKING:
    from nbconvert.exporters import HTMLExporter
    from nbconvert.filters import Highlight2HTML
    from nbformat import NotebookNode

FORMGRADER = "nbgrader.server_extensions.formgrader.handlers"
# What IPython imports when it first needs it: imported earlier, it costs no time then.
KERNEL_MODULES = (
    "matplotlib_inline.backend_inline",
    "IPython.core.completerlib",
    "IPython.core.logger",
    "IPython.core.magics.execution",
    "IPython.core.oinspect",
    "asyncio",
    "bdb",
    "pygments.formatters.terminal256",
    "pygments.lexers.python",
    "pygments.styles.default",
    "stack_data",
)
# Where IPython's own syntax can be, and Python too; the last ones end a line for some and not for others.
PERHAPS_MAGIC = re.compile(r"^\s*[%!,;/]|=\s*[%!]|[?\r\v\f\x1c-\x1e\x85\u2028\u2029]", re.MULTILINE)


def patch_method(owner: type, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Replace a method by what `make` returns for it, once; does nothing if there is no such method."""
    original = getattr(owner, name, None)
    if callable(original) and not hasattr(original, "patched_here"):
        replacement: Any = wraps(original)(make(original))
        replacement.patched_here = True
        setattr(owner, name, replacement)


def apply(*patches: Callable[[], None]) -> None:
    """Apply patches, except those whose module no longer exists."""
    for patch in patches:
        with suppress(ImportError):
            patch()


# -- jsonschema


def skip_grammar_of_iris() -> None:
    """Keep jsonschema, which nbformat uses, from compiling a grammar of internationalized addresses. Nothing here needs
    it, and it takes seconds in every process."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # importing it raises ImportError


# -- IPython


def preload_kernels() -> None:
    """Import what kernels import at their start; a module that no longer exists is not needed."""
    for module in KERNEL_MODULES:
        with suppress(ImportError):
            importlib.import_module(module)


def transform_only_what_is_not_python() -> None:
    """Skip IPython's search for its own syntax in plain Python, which it would not change. It searches twice in every
    cell, with a tokenizer written in Python, which takes longer than most cells run."""
    from IPython.core.inputtransformer2 import TransformerManager

    def make(transform: Callable[..., list[str]]) -> Callable[..., list[str]]:
        return lambda manager, lines: transform(manager, lines) if may_have_magic("".join(lines)) else lines

    patch_method(TransformerManager, "do_token_transforms", make)


def may_have_magic(source: str) -> bool:
    """Return whether a cell may contain IPython's own syntax: not if nothing looks like it, or if it is Python."""
    if not PERHAPS_MAGIC.search(source):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # running the cell shows them
        try:
            ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return True
    return False


# -- nbconvert


def page_without_parsing(
    exporter: "HTMLExporter",
    highlight: "type[Highlight2HTML]",
    notebook: "NotebookNode",
    resources: Any,
    **options: Any,
) -> tuple[str, Any]:
    """Write a notebook as a page in a third of the time: nbconvert's own exporter parses each page once more, to give
    its images an alternative text and its cells a place in the tab order. If another version of nbconvert does not
    allow leaving that out, its exporter is used.

    highlight: the filter for code
    """
    from nbconvert.exporters import HTMLExporter, TemplateExporter
    from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter

    if not all(hasattr(exporter, name) for name in ("_nb_metadata", "_init_resources")):
        return HTMLExporter.from_notebook_node(exporter, notebook, resources, **options)
    exporter.register_filter("highlight_code", highlight(pygments_lexer="ipython3", parent=exporter))
    widgets = WidgetsDataTypeFilter(notebook_metadata=exporter._nb_metadata, parent=exporter, resources=resources)
    exporter.register_filter("filter_data_type", widgets)
    return TemplateExporter.from_notebook_node(exporter, notebook, exporter._init_resources(resources), **options)


# -- nbgrader


def patch_nbgrader() -> None:
    """Patch nbgrader in this process. A course's `nbgrader_config.py` does so, and thus patches nbgrader's commands."""
    apply(
        take_names_as_they_are,
        copy_only_the_time,
        forgive_garbled_timestamps,
        put_scripts_on_path,
        silence_sqlalchemy,
    )


def take_names_as_they_are() -> None:
    """Let nbgrader find the notebooks of a student whose folder has `[`, `?` or `*` in its name: it treats the names of
    folders as patterns, so it finds no notebooks, or those of everybody else."""
    from nbgrader.converters.base import BaseConverter

    def make(find: Callable[..., None]) -> Callable[..., None]:
        def init_notebooks(converter: Any) -> None:
            course = converter.coursedir
            wanted = converter._format_source(course.assignment_id, course.student_id)
            folders = [wanted] if course.student_id != "*" and os.path.isdir(wanted) else glob.glob(wanted)
            names = f"{course.notebook_id}.ipynb"
            found = {folder: glob.glob(os.path.join(glob.escape(folder), names)) for folder in folders}
            converter.assignments = {folder: notebooks for folder, notebooks in found.items() if notebooks}
            converter.notebooks = []
            if not converter.assignments:
                find(converter)  # says what is missing

        return init_notebooks

    patch_method(BaseConverter, "init_notebooks", make)


def copy_only_the_time() -> None:
    """Keep nbgrader from copying the files next to a submission's notebooks: it follows links, so the copy, and the
    feedback, would contain whatever they point to on the grader's disk. Only the time of the submission is copied, by
    which nbgrader tells whether a submission is newer than its grade."""
    from nbgrader.converters import Autograde, GenerateFeedback
    from nbgrader.converters.base import BaseConverter

    def make(copy: Callable[..., None]) -> Callable[..., None]:
        def init_assignment(converter: Any, assignment: str, student: str) -> None:
            if not isinstance(converter, Autograde | GenerateFeedback):
                copy(converter, assignment, student)
                return
            source, copied = (
                Path(of(assignment, student)) for of in (converter._format_source, converter._format_dest)
            )
            copied.mkdir(parents=True, exist_ok=True)
            with suppress(Unusable):
                (copied / TIMESTAMP).write_bytes(read_regular(source / TIMESTAMP, MAX_TIMESTAMP_BYTES))

        return init_assignment

    patch_method(BaseConverter, "init_assignment", make)


def forgive_garbled_timestamps() -> None:
    """Read `timestamp.txt` strictly, and treat an unreadable one as missing. nbgrader gives up on the submission, which
    loses all points, waits forever if the file is a pipe, and reads "PST" as UTC and "-0800" as 800 seconds."""
    from nbgrader.coursedir import CourseDirectory

    def make(read: Callable[..., Any]) -> Callable[..., Any]:
        def get_existing_timestamp(directory: Any, dest_path: str) -> Any:
            try:
                return read_timestamp(Path(dest_path), time_zone(directory.config))
            except Unusable:
                return None

        return get_existing_timestamp

    patch_method(CourseDirectory, "get_existing_timestamp", make)


def time_zone(config: Any) -> str:
    """Return the time zone that nbgrader's exchange writes timestamps in, as a course configures it."""
    zone: str = config.get("Exchange", {}).get("timezone", "UTC")
    return zone


def put_scripts_on_path() -> None:
    """Let nbgrader find the command `alembic`, which it runs by name, even if no virtual environment is activated."""
    scripts = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    if scripts not in path.split(os.pathsep):
        os.environ["PATH"] = scripts + os.pathsep + path


def silence_sqlalchemy() -> None:
    """Hide SQLAlchemy's warnings about rows that nbgrader uses just before it adds them."""
    from sqlalchemy.exc import SAWarning

    warnings.filterwarnings("ignore", category=SAWarning)


def change_formgrader(change: Callable[[str], str], policy: Callable[[str, str], str], templates: Path) -> None:
    """Change what formgrader sends, which nbgrader has no setting for: its pages lack a language, names of controls
    and contrast, and that of a submission a Content-Security-Policy.

    change: what makes another page of a page
    policy: function of (the page of a submission, host and path of formgrader)
    templates: folder of those that replace nbgrader's of the same name

    Does nothing outside a Jupyter server, which imports formgrader before it reads the configuration of a course.
    """
    handlers = sys.modules.get(FORMGRADER)
    if handlers is None or not can_change_formgrader():
        return
    every = handlers.BaseHandler

    def changing(write: Callable[..., None]) -> Callable[..., None]:
        return lambda handler, chunk: write(handler, change(chunk) if is_page(chunk) else chunk)

    def changing_with_policy(write: Callable[..., None]) -> Callable[..., None]:
        def write_page(handler: Any, chunk: Any) -> None:
            if is_page(chunk):
                chunk = change(chunk)
                added = policy(chunk, f"{handler.request.host}{handler.base_url}/formgrader")
                handler.set_header("Content-Security-Policy", f"{handler.content_security_policy}; {added}")
            write(handler, chunk)

        return write_page

    def rendering(render: Callable[..., str]) -> Callable[..., str]:
        def render_template(handler: Any, name: str, **names: Any) -> str:
            from jinja2 import ChoiceLoader, FileSystemLoader

            environment = handler.settings["nbgrader_jinja2_env"]
            if not isinstance(environment.loader, ChoiceLoader):
                environment.loader = ChoiceLoader([FileSystemLoader(templates), environment.loader])
            return render(handler, name, **names)

        return render_template

    def preparing(prepare: Callable[..., None]) -> Callable[..., Any]:
        async def prepare_as_others(handler: Any) -> None:
            await every.prepare(handler)  # finds out who asks; the page of an error is empty without
            prepare(handler)

        return prepare_as_others

    patch_method(handlers.SubmissionHandler, "write", changing_with_policy)  # first: it inherits the next one
    patch_method(every, "write", changing)
    patch_method(every, "render", rendering)
    patch_method(handlers.Template404, "prepare", preparing)


def is_page(chunk: object) -> bool:
    """Return whether what a handler writes is a page, not the data of a script."""
    return isinstance(chunk, str) and chunk.lstrip()[:9].lower() == "<!doctype"


def can_change_formgrader() -> bool:
    """Return whether formgrader is built as `change_formgrader` expects."""
    try:
        handlers = importlib.import_module(FORMGRADER)
        changed = (handlers.SubmissionHandler, handlers.BaseHandler, handlers.Template404)
    except (ImportError, AttributeError):
        return False
    used = ("write", "render", "prepare", "base_url", "content_security_policy")
    return all(hasattr(owner, name) for owner in changed for name in used)
