"""Patches of other people's libraries: is what they patch still there, are they still needed, do they degrade?

A test that fails here after an upgrade says which patch in `autograder.core.upstream` to look at.
"""

import importlib.util
import inspect
import os
import subprocess
import sys
import warnings
from pathlib import Path
from unittest import mock

import nbformat
import pytest
from autograder.core import upstream
from IPython.core.inputtransformer2 import TransformerManager
from jinja2 import Environment, FileSystemLoader, TemplateNotFound
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import Highlight2HTML
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.server_extensions.formgrader import handlers

MAGIC = "%timeit x\n!ls\ny = 1\n"
PYTHON = "x = 1\nprint('%s' % x)\n"


def unpatched(method):
    """Return the library's own version of a method, whether it has been patched in this process or not."""
    return inspect.unwrap(method)


@pytest.fixture
def restored(monkeypatch):
    """Lets a test patch a class of a library: `restored(class, name)` undoes it afterwards."""

    def keep(owner, name):
        monkeypatch.setattr(owner, name, unpatched(getattr(owner, name)))

    return keep


class Library:
    """Stands for a class of somebody else's."""

    def method(self):
        return 1


def test_a_method_is_patched_once_and_only_where_it_exists():
    """Does patching twice do it once, and patching what is gone do nothing?"""
    with mock.patch.object(Library, "method", Library.method):
        for _ in range(2):
            upstream.patch_method(Library, "method", lambda original: lambda self: original(self) + 1)
            upstream.patch_method(Library, "gone", lambda original: pytest.fail("there is no such method"))
        assert Library().method() == 2
        assert not hasattr(Library, "gone")


@pytest.mark.parametrize(("first", "imported"), [("sys", True), ("autograder", False)])
def test_grammar_of_iris(first, imported):
    """Does jsonschema still import the grammar by itself, and neither miss nor import it after the grader?"""
    program = f"import {first}, sys, jsonschema, nbformat\nnbformat.validate(nbformat.v4.new_notebook())\n"
    program += "print(sys.modules.get('rfc3987_syntax') is not None)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(imported)


def test_ipython_transforms_plain_python_for_nothing():
    """Does IPython still look for its own syntax in plain Python, by the method that is patched?"""
    method = unpatched(TransformerManager.do_token_transforms)
    assert list(inspect.signature(method).parameters) == ["self", "lines"]
    manager = TransformerManager()
    with mock.patch.object(manager, "do_one_token_transform", wraps=manager.do_one_token_transform) as looked:
        assert method(manager, PYTHON.splitlines(keepends=True)) == PYTHON.splitlines(keepends=True)
    assert looked.called


CELLS = [PYTHON, MAGIC, "x = !ls\n", "def f(:\n", "x?\n", "a\0b\n", "%%bash\nls\n", "x = 1\r%who\n", "a = %pwd\n"]
CELLS += [
    ",f x\n",
    "/f x\n",
    ";f x y\n",
    "  !ls\n",
    "x = (1\n  % 2)\n",
    "for i in 1, 2:\n  %who\n",
    "\x0c%who\n",
    "x != 3\n",
]


@pytest.mark.parametrize("cell", CELLS)
def test_cells_are_transformed_as_ever(cell, restored):
    """Does a cell, whatever is in it, end as it does without the patch?"""
    restored(TransformerManager, "do_token_transforms")
    expected = TransformerManager().transform_cell(cell)
    upstream.transform_only_what_is_not_python()
    assert TransformerManager().transform_cell(cell) == expected


def test_plain_python_is_not_looked_through(restored):
    """Does the patch keep IPython's tokenizer away from plain Python, and only from that?"""
    restored(TransformerManager, "do_token_transforms")
    upstream.transform_only_what_is_not_python()
    manager = TransformerManager()
    with mock.patch.object(manager, "do_one_token_transform", return_value=(False, [])) as looked:
        manager.transform_cell(PYTHON)
        assert not looked.called
        manager.transform_cell("x = !ls\n")
        assert looked.called


@pytest.mark.parametrize("name", upstream.KERNEL_MODULES)
def test_preloaded_module_exists(name):
    """Is there still a module of this name to import before kernels start?"""
    assert importlib.util.find_spec(name) is not None


def test_preloading_skips_what_is_gone(monkeypatch):
    """Does a module that is gone not keep kernels from starting?"""
    monkeypatch.setattr(upstream, "KERNEL_MODULES", ("no_such_module", "json.no_such_module", "json.tool"))
    monkeypatch.delitem(sys.modules, "json.tool", raising=False)
    upstream.preload_kernels()
    assert "json.tool" in sys.modules


def page(exporter):
    picture = nbformat.v4.new_output("display_data", {"image/png": "iVBORw0KGgo="})
    cells = [nbformat.v4.new_code_cell("x = 1", outputs=[picture])]
    return upstream.page_without_parsing(exporter, Highlight2HTML, nbformat.v4.new_notebook(cells=cells), None)[0]


def test_nbconvert_parses_its_pages():
    """Does nbconvert still parse each page once more, have what leaves that out, and is it left out?"""
    own, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("<img>")]))
    assert 'alt="No description has been provided for this image"' in own
    assert list(inspect.signature(HTMLExporter._init_resources).parameters) == ["self", "resources"]
    exporter = HTMLExporter()
    assert "No description" not in page(exporter)
    assert isinstance(exporter._nb_metadata, dict)


def test_a_page_is_written_where_nbconvert_has_changed(monkeypatch):
    """Without nbconvert's private methods, does the page come out as nbconvert writes it?"""

    class Changed(HTMLExporter):
        def __getattribute__(self, name):
            if name == "_nb_metadata" and changed:
                raise AttributeError(name)
            return super().__getattribute__(name)

        from_notebook_node = mock.Mock(return_value=("own", None))

    changed = True
    with mock.patch.object(HTMLExporter, "from_notebook_node", return_value=("nbconvert's own page", None)):
        assert page(Changed()) == "nbconvert's own page"


@pytest.fixture
def converter(tmp_path):
    """nbgrader's autograde over a class of two students, of whom one has a folder called like a pattern, and a link."""
    for student in ("a [1]", "a 1"):
        folder = tmp_path / "submitted" / student / "assignment2"
        folder.mkdir(parents=True)
        (folder / "Toy.ipynb").write_text("{}")
        (folder / "notes.txt").symlink_to("/etc/passwd")
        (folder / "timestamp.txt").write_text("2026-01-31 20:00:00 UTC")
    course = CourseDirectory(root=str(tmp_path), assignment_id="assignment2", student_id="*")
    return Autograde(coursedir=course)


def owners(converter):
    """Return whose notebook is taken for each student."""
    return {Path(folder).parent.name: Path(found).parents[1].name for folder, [found] in converter.assignments.items()}


def test_nbgrader_takes_names_for_patterns(converter):
    """Does nbgrader still take, for a student whose folder is called like a pattern, somebody else's notebook?"""
    unpatched(BaseConverter.init_notebooks)(converter)
    assert set(owners(converter).values()) == {"a 1"}


def test_names_are_no_patterns(converter, restored):
    """With the patch, has everybody their own notebook, whether all are asked for, or one, or one who is not there?"""
    restored(BaseConverter, "init_notebooks")
    upstream.take_names_as_they_are()
    converter.init_notebooks()
    assert owners(converter) == {"a [1]": "a [1]", "a 1": "a 1"}
    converter.coursedir.student_id = "a [1]"
    converter.init_notebooks()
    assert owners(converter) == {"a [1]": "a [1]"}
    converter.coursedir.student_id = "b"
    with pytest.raises(NbGraderException):
        converter.init_notebooks()


def test_nbgrader_follows_links(converter, tmp_path):
    """Does nbgrader still copy what a link in a submission points to?"""
    unpatched(BaseConverter.init_assignment)(converter, "assignment2", "a 1")
    assert "root" in (tmp_path / "autograded" / "a 1" / "assignment2" / "notes.txt").read_text()


def test_only_the_time_is_copied(converter, tmp_path, restored):
    """With the patch, is nothing of a submission copied but its time, and of a release everything as ever?"""
    restored(BaseConverter, "init_assignment")
    upstream.copy_only_the_time()
    BaseConverter.init_assignment(converter, "assignment2", "a 1")
    assert [path.name for path in (tmp_path / "autograded" / "a 1" / "assignment2").iterdir()] == ["timestamp.txt"]
    (tmp_path / "source" / "assignment2").mkdir(parents=True)
    (tmp_path / "source" / "assignment2" / "picture.png").write_bytes(b"")
    release = GenerateAssignment(coursedir=converter.coursedir)
    BaseConverter.init_assignment(release, "assignment2", ".")
    assert [path.name for path in (tmp_path / "release" / "assignment2").iterdir()] == ["picture.png"]


@pytest.fixture
def garbled(tmp_path):
    (tmp_path / "timestamp.txt").write_text("the day before yesterday", encoding="utf-8")
    return tmp_path


def test_nbgrader_gives_up_over_a_garbled_timestamp(garbled):
    """Does nbgrader still stop over a timestamp that it cannot read?"""
    method = unpatched(CourseDirectory.get_existing_timestamp)
    assert list(inspect.signature(method).parameters) == ["self", "dest_path"]
    with pytest.raises((AttributeError, SystemExit)):  # it means to exit, and has no method to do so
        method(CourseDirectory(), str(garbled))


def test_a_garbled_timestamp_counts_as_none(garbled, restored):
    """With the patch, is a garbled timestamp none, and a good one what it says?"""
    restored(CourseDirectory, "get_existing_timestamp")
    upstream.forgive_garbled_timestamps()
    assert CourseDirectory().get_existing_timestamp(str(garbled)) is None
    (garbled / "timestamp.txt").write_bytes(b"\xff\xfe\x00")
    assert CourseDirectory().get_existing_timestamp(str(garbled)) is None
    (garbled / "timestamp.txt").write_text("2026-01-31 20:00:00 UTC", encoding="utf-8")
    assert CourseDirectory().get_existing_timestamp(dest_path=str(garbled)).year == 2026


def test_nbgrader_starts_alembic_by_name(monkeypatch):
    """Does nbgrader still start `alembic` from PATH, and is it found there without a virtual environment?"""
    from nbgrader import api

    assert "['alembic'" in inspect.getsource(api.get_alembic_version)
    monkeypatch.setenv("PATH", "/nowhere")
    for _ in range(2):
        upstream.put_scripts_on_path()
    assert os.environ["PATH"].endswith(f"{os.pathsep}/nowhere")
    assert os.environ["PATH"].count(os.pathsep) == 1
    assert api.get_alembic_version()


def test_warnings_of_sqlalchemy_are_silent():
    """Is SQLAlchemy's warning hidden, and no other?"""
    from sqlalchemy.exc import SAWarning

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        upstream.silence_sqlalchemy()
        warnings.warn("a row is not in the session yet", SAWarning, stacklevel=1)
        warnings.warn("something else", UserWarning, stacklevel=1)
    assert [str(each.message) for each in heard] == ["something else"]


def test_patch_of_a_module_that_is_gone_is_left_out():
    """Are patches whose module upstream has removed left out, and the others applied?"""
    applied = []

    def gone():
        raise ImportError("no such module any more")

    upstream.apply(gone, lambda: applied.append("the other"))
    assert applied == ["the other"]


def test_formgrader_leaves_people_out():
    """Do formgrader's templates still have no language, and the page of a lost notebook and of a wrong address fail?"""
    own = Path(handlers.template_path)
    environment = Environment(loader=FileSystemLoader(own))
    assert "lang=" not in (own / "base.tpl").read_text() + (own / "formgrade" / "index.html.j2").read_text()
    with pytest.raises(TemplateNotFound):
        environment.get_template("formgrade_404.tpl").render(resources={})
    assert not inspect.iscoroutinefunction(unpatched(handlers.Template404.prepare))  # as that of a Jupyter handler is


def test_formgrader_is_built_as_it_was(monkeypatch):
    """Is there everything that `change_formgrader` patches, and is nothing patched where some of it is gone?"""
    assert upstream.can_change_formgrader()
    monkeypatch.delattr(handlers, "Template404")
    monkeypatch.setattr(handlers.SubmissionHandler, "write", lambda handler, chunk: None)
    upstream.change_formgrader(str, lambda page, root: "", Path())
    assert not hasattr(handlers.SubmissionHandler.write, "patched_here")
