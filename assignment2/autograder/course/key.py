"""The key of one assignment: its notebooks in the forms that grading needs, and what a submission may import."""

import ast
import hashlib
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

from autograder.core.errors import GraderError
from autograder.core.notebooks import copied, new_notebook, read
from autograder.course.assignment import Assignment, nbgrader_options
from autograder.course.cells import grade_id, is_check, is_experiment, is_solution, name_of, source_tree
from autograder.course.editions import FILE as EDITIONS_FILE
from autograder.course.editions import Cells, Edition, cells_of, editions

SEED_FILE = "seed"  # in the folder of the proof


class BadKey(GraderError):
    """The key is missing, or one of its notebooks cannot be read."""


@dataclass(frozen=True)
class Key:
    """The instructor's version of one notebook; `load_key` makes it.

    name: the notebook's name without `.ipynb`
    version: changes with every file of the key, so that whatever is cached for a key is not used after a change
    """

    assignment: Assignment
    name: str
    version: str

    @cached_property
    def notebook(self) -> NotebookNode:
        """The source as it is, with solutions, hidden checks and marking schemes; raises BadKey if it is damaged."""
        path = self.assignment.source / f"{self.name}.ipynb"
        try:
            return read(path)
        except Exception as error:  # nbformat raises many kinds
            reason = " ".join(str(error).split())[:200]
            raise BadKey(f"{path} is not a readable notebook: {type(error).__name__} {reason}") from error

    @cached_property
    def seed(self) -> str:
        """The seed of the inputs of all checks during grading; raises BadKey if none was drawn yet."""
        path = self.assignment.proof / SEED_FILE
        try:
            return path.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            raise BadKey(f"{path}, the seed of all checks, is missing: `autograder release` draws one") from None

    @cached_property
    def template(self) -> NotebookNode:
        """The source with stubs for solutions, into which a submission's cells are put. It has the hidden checks."""
        return self._without(ClearSolutions, ClearOutput, ComputeChecksums)

    @cached_property
    def visible(self) -> NotebookNode:
        """The key as a student with all solutions right would have it: no hidden checks, no marking schemes."""
        return self._without(ClearHiddenTests, ClearMarkScheme, ClearOutput)

    @cached_property
    def handed_out(self) -> Cells:
        """The checksums of its cells in the form that students get."""
        hidden = (ClearSolutions, ClearOutput, ClearHiddenTests, ClearMarkScheme)
        return cells_of(self._without(*hidden, ComputeChecksums))

    @cached_property
    def earlier(self) -> list[Edition]:
        """The editions of the assignment that were handed out so far, newest last."""
        return editions(self.assignment.proof / EDITIONS_FILE)

    def _without(self, *preprocessors: type) -> NotebookNode:
        notebook, options = copied(self.notebook), nbgrader_options()
        try:
            for preprocessor in preprocessors:
                notebook, _ = preprocessor(config=options).preprocess(notebook, {})
        except RuntimeError as error:  # nbgrader's, about marks
            odd = [name_of(c) for c in self.notebook.cells if c.source.count("### BEGIN") != c.source.count("### END")]
            where = f"{self.name}, {', '.join(odd)}" if odd else self.name
            raise BadKey(f"{where}: {error}. Each ### BEGIN needs its ### END, in a cell of its kind") from error
        return notebook

    @cached_property
    def given(self) -> dict[str, str]:
        """The source of each cell as students get it, by name: stubs for solutions, no hidden checks."""
        pairs = zip(self.template.cells, self.visible.cells, strict=True)
        return {name_of(stub): (stub if is_solution(stub) else cell).source for stub, cell in pairs}

    @cached_property
    def stubs(self) -> dict[str, str]:
        """The source of each solution cell as students get it, by its id."""
        return {grade_id(cell) or "": cell.source for cell in self.template.cells if is_solution(cell)}

    @cached_property
    def weights(self) -> dict[str, str]:
        """The files of weights that check cells judge, by the cell's id."""
        found: dict[str, str] = {}
        for cell in filter(is_check, self.notebook.cells):
            for node in ast.walk(source_tree(cell)):
                match node:
                    case ast.Call(func=ast.Attribute(attr="model"), args=[ast.Constant(value=str(name)), *_]):
                        found[name_of(cell)] = name
        return found

    @cached_property
    def imports(self) -> list[str]:
        """The names of the notebooks that this one imports, directly or through others, earliest first."""
        found: list[str] = []
        for cell in self.notebook.cells:
            for node in ast.walk(source_tree(cell)) if cell.cell_type == "code" else []:
                if not isinstance(node, ast.ImportFrom) or node.module is None or node.module == self.name:
                    continue
                if (self.assignment.source / f"{node.module}.ipynb").exists():
                    found += [*load_key(self.assignment, node.module).imports, node.module]
        return list(dict.fromkeys(found))

    @cached_property
    def definitions(self) -> dict[str, str]:
        """The earlier notebooks, which a submission may import, by name: JSON text of a notebook with the code cells,
        without checks and experiments."""
        names = in_order(keys(self.assignment))
        earlier = names[: names.index(self.name)]
        return {name: nbformat.writes(load_key(self.assignment, name)._definitions()) for name in earlier}

    @cached_property
    def package(self) -> dict[str, str]:
        """The modules of the course's own package that the notebooks import, by path; {} if it has none."""
        return {
            path.relative_to(self.assignment.course).as_posix(): path.read_text(encoding="utf-8")
            for path in package_files(self.assignment)
        }

    def _definitions(self) -> NotebookNode:
        cells = [c for c in self.notebook.cells if c.cell_type == "code" and not is_experiment(c) and not is_check(c)]
        return new_notebook(cells=cells, metadata=self.notebook.metadata)


def load_key(assignment: Assignment, name: str) -> Key:
    """Return the key of one notebook: the same object, parsed once, as long as no file of the key changes."""
    return _same_key(assignment, name, version_of(assignment))


_same_key = lru_cache(maxsize=64)(Key)


def version_of(assignment: Assignment) -> str:
    """Return a text that differs after any notebook of the key, or any file that proves it, has changed."""
    beside = assignment.proof
    files = [*assignment.source.glob("*.ipynb"), *beside.glob("*/*.toml"), *beside.glob("*/*.json")]
    files += [*beside.glob(SEED_FILE), *beside.glob(EDITIONS_FILE), *package_files(assignment)]
    stats = [(str(path), path.stat()) for path in sorted(files)]
    return hashlib.sha256(repr([(path, s.st_mtime_ns, s.st_size) for path, s in stats]).encode()).hexdigest()


def package_files(assignment: Assignment) -> list[Path]:
    """Return the Python files of the course's own package that an assignment's notebooks import, if there is one."""
    return sorted((assignment.course / assignment.package).rglob("*.py")) if assignment.package else []


def keys(assignment: Assignment) -> dict[str, Key]:
    """Return the keys of all notebooks of an assignment, by name; raises BadKey if there is none."""
    folder = assignment.source
    if not any(folder.glob("*.ipynb")):
        raise BadKey(f"there is no notebook in {folder}: name the course folder with --course FOLDER")
    return {path.stem: load_key(assignment, path.stem) for path in sorted(folder.glob("*.ipynb"))}


def some_keys(assignment: Assignment, names: list[str]) -> dict[str, Key]:
    """Return the keys of these notebooks, or of all if the list is empty; raises BadKey for an unknown name."""
    found = keys(assignment)
    if unknown := set(names) - set(found):
        raise BadKey(f"there is no notebook {', '.join(sorted(unknown))}: choose among {', '.join(found)}")
    return {name: key for name, key in found.items() if not names or name in names}


def in_order(found: dict[str, Key]) -> list[str]:
    """Return the names of notebooks in the order of the course: first what others import, then the order in which
    students work on them."""
    return sorted(found, key=lambda name: (len(found[name].imports), *place(found[name])))


def place(key: Key) -> tuple[int, int, str]:
    """Return the sort key of a notebook in the order in which students work on them: first those that the settings
    list, then the others, each after what it imports."""
    order = list(key.assignment.hours)
    return order.index(key.name) if key.name in order else len(order), len(key.imports), key.name


def files_asked_for(found: dict[str, Key]) -> list[str]:
    """Return the names of the files that an assignment asks for: its notebooks, and the weights of networks."""
    weights = [name for key in found.values() for name in key.weights.values()]
    return [*(f"{name}.ipynb" for name in found), *weights]


def key_modules(assignment: Assignment) -> dict[str, ModuleType]:
    """Import the definitions of the key's notebooks into this process, first those that others import."""
    ordered = in_order(keys(assignment))
    # no notebook stays in sys.modules: another course may have others of the same name
    before = {name: sys.modules.pop(name) for name in ordered if name in sys.modules}
    try:
        places = [str(assignment.course), *sys.path] if assignment.package else sys.path
        notebooks = {cs231n.notebook_import.FOLDER_VARIABLE: str(assignment.source)}
        with mock.patch.dict(os.environ, notebooks), mock.patch.object(sys, "path", places):
            return {name: importlib.import_module(name) for name in ordered}
    finally:
        for name in ordered:
            sys.modules.pop(name, None)
        sys.modules.update(before)
