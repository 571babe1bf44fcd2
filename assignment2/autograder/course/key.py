"""The key of one assignment: its notebooks, what a submission may import, and the values that the judge expects."""

import ast
import importlib
import os
import sys
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import ModuleType
from unittest import mock

import cs231n.notebook_import
import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearOutput, ClearSolutions, ComputeChecksums
from traitlets.config import Config

ASSIGNMENT = "assignment2"
STUB = '# YOUR CODE HERE\nraise NotImplementedError("this TODO block is still empty")'


def nbgrader_options() -> Config:
    """Return the options of nbgrader that the release and the judge must agree on."""
    options = Config()
    options.ClearSolutions.code_stub = {"python": STUB}
    options.ClearSolutions.text_stub = "YOUR ANSWER HERE"
    options.ClearMarkScheme.enforce_metadata = False  # the marking scheme stands in the question's own cell
    return options


def grade_id(cell: NotebookNode) -> str | None:
    """Return the id that nbgrader knows a cell by, None for the other cells."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def is_experiment(cell: NotebookNode) -> bool:
    """Tell whether a cell trains or plots: grading skips it and keeps the outputs that the student submitted."""
    return "experiment" in cell.metadata.get("tags", [])


def is_solution(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_check(cell: NotebookNode) -> bool:
    """Tell whether a cell is a check cell: graded by the judge."""
    return cell.cell_type == "code" and bool(cell.metadata.get("nbgrader", {}).get("grade"))


def withheld_modules(cell: NotebookNode) -> tuple[str, ...]:
    """Return the modules that a check cell has to do without: one tag `without:cs231n.fast_layers` for each."""
    tags = cell.metadata.get("tags", [])
    return tuple(sorted(tag.removeprefix("without:") for tag in tags if tag.startswith("without:")))


def source_tree(cell: NotebookNode) -> ast.Module:
    """Parse a code cell without its lines of IPython syntax; an empty tree where it is not Python."""
    lines = [line for line in cell.source.split("\n") if not line.lstrip().startswith(("%", "!", "?"))]
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError):  # ValueError: null bytes
        return ast.Module([], [])


@dataclass(frozen=True)
class Key:
    """The instructor's version of one notebook.

    folder: the folder of the sources (`source/assignment2`); name: the notebook's name without `.ipynb`
    changed: when the folder's sources were last changed, so that keys of different versions are not equal
    """

    folder: Path
    name: str
    changed: int = 0

    @cached_property
    def notebook(self) -> NotebookNode:
        """The source as it is: solutions, hidden checks and marking schemes included."""
        return nbformat.read(self.folder / f"{self.name}.ipynb", as_version=4)

    @cached_property
    def template(self) -> NotebookNode:
        """The source with stubs for solutions: what a submission's cells are put into. Hidden checks are in it."""
        return self._without(ClearSolutions, ClearOutput, ComputeChecksums)

    @cached_property
    def visible(self) -> NotebookNode:
        """The key as a student with all solutions right would have it: no hidden checks, no marking schemes."""
        return self._without(ClearHiddenTests, ClearMarkScheme, ClearOutput)

    def _without(self, *preprocessors: type) -> NotebookNode:
        notebook, options = nbformat.from_dict(self.notebook), nbgrader_options()
        for preprocessor in preprocessors:
            notebook, _ = preprocessor(config=options).preprocess(notebook, {})
        return notebook

    @cached_property
    def imports(self) -> list[str]:
        """The names of the notebooks that this one imports, those that they import included, earliest first."""
        found: list[str] = []
        for cell in self.notebook.cells:
            for node in ast.walk(source_tree(cell)) if cell.cell_type == "code" else []:
                if not isinstance(node, ast.ImportFrom) or node.module == self.name:
                    continue
                if (self.folder / f"{node.module}.ipynb").exists():
                    found += [*Key(self.folder, node.module).imports, node.module]
        return list(dict.fromkeys(found))

    @cached_property
    def definitions(self) -> dict[str, str]:
        """For each imported notebook, its solution and import cells as one notebook without checks (JSON text)."""
        return {name: nbformat.writes(Key(self.folder, name)._definitions()) for name in self.imports}

    def _definitions(self) -> NotebookNode:
        cells = [c for c in self.notebook.cells if c.cell_type == "code" and not is_experiment(c) and not is_check(c)]
        return nbformat.v4.new_notebook(cells=cells, metadata=self.notebook.metadata)


def load_key(folder: Path, name: str) -> Key:
    """Return the key of one notebook: the same object, parsed once, as long as no source in the folder changes."""
    changed = max((path.stat().st_mtime_ns for path in folder.glob("*.ipynb")), default=0)
    return _same_key(folder.resolve(), name, changed)


_same_key = lru_cache(maxsize=64)(Key)


def keys(folder: Path) -> dict[str, Key]:
    """Return the keys of all notebooks in a folder of sources, by name."""
    return {path.stem: load_key(folder, path.stem) for path in sorted(folder.glob("*.ipynb"))}


def key_modules(folder: Path) -> dict[str, ModuleType]:
    """Import the definitions of the key's notebooks into this process, those that others import first."""
    found = keys(folder)
    ordered = sorted(found, key=lambda name: len(found[name].imports))
    # leaves no notebook in sys.modules: another course has others of the same name
    before = {name: sys.modules.pop(name) for name in ordered if name in sys.modules}
    try:
        with mock.patch.dict(os.environ, {cs231n.notebook_import.FOLDER_VARIABLE: str(folder)}):
            return {name: importlib.import_module(name) for name in ordered}
    finally:
        for name in ordered:
            sys.modules.pop(name, None)
        sys.modules.update(before)
