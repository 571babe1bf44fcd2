"""Where notebooks are looked for, and when they go before other modules."""

import contextlib
import difflib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from pathlib import Path

from cs231n.notebook_import.loader import NotebookLoader, loader_of
from cs231n.shipped import notebooks

FOLDER_VARIABLE = "CS231N_NOTEBOOK_PATH"


class NotebookFinder(importlib.abc.MetaPathFinder):
    """Finds notebooks. It stands before Python's own finders, to go before a .py export of the same notebook."""

    def find_spec(self, fullname, path=None, target=None):
        parent, _, name = fullname.rpartition(".")
        if parent:
            # `from FullyConnectedNets import name` comes here only if the module, which passes for a package without
            # parts, has no such name: the place for a better message than "cannot import name".
            loader = loader_of(parent)
            if loader is not None:
                raise ImportError(loader.explain(name), name=parent, path=str(loader.path))
            return None
        notebook = _find_notebook(name)
        if notebook is None or (FOLDER_VARIABLE not in os.environ and _is_someone_elses(name, notebook)):
            return None
        loader = NotebookLoader(name, notebook)
        return importlib.util.spec_from_file_location(name, notebook, loader=loader, submodule_search_locations=[])


class MissingNotebookFinder(importlib.abc.MetaPathFinder):
    """Stands last: says what to do about an assignment's notebook that is missing, when nothing else has its name."""

    def find_spec(self, fullname, path=None, target=None):
        known = [name for names in notebooks().values() for name in names]
        close = difflib.get_close_matches(fullname, known, n=1, cutoff=0.85)
        if not close:
            return None
        hint = f"is it {close[0]}? " if close[0] != fullname else ""
        raise ModuleNotFoundError(f"there is no {fullname}.ipynb: {hint}{_advice(close[0])}", name=fullname)


def _advice(name):
    """Say how to get a notebook to where it is looked for."""
    folder = next(iter(_folders()), Path())
    if FOLDER_VARIABLE in os.environ:
        return f"Looked in {folder} ({FOLDER_VARIABLE} is set)"
    if copies := [path.name for path in sorted(folder.glob("*.ipynb")) if _is_copy(path.stem, name)]:
        return f"There is {' and '.join(copies)} in {folder}: rename the right one to {name}.ipynb"
    how = ", with the button Upload of the panel Files" if "google.colab" in sys.modules else ""
    return f"Put that notebook beside this one, into {folder}{how}"


def _is_copy(stem, name):
    """Whether a browser, a file manager or Jupyter may call a copy so: "Dropout (1)", "Dropout-Copy1"."""
    rest = stem.casefold().removeprefix(name.casefold())
    return stem.casefold().startswith(name.casefold()) and not rest.strip(" ()-_.0123456789").removeprefix("copy")


def _folders():
    """Where notebooks are looked for, the current folder first."""
    if FOLDER_VARIABLE in os.environ:
        return [Path(os.environ[FOLDER_VARIABLE]).absolute()]
    with contextlib.suppress(FileNotFoundError):  # somebody has deleted the current folder
        return list(dict.fromkeys(Path(entry).absolute() for entry in ["", *sys.path] if isinstance(entry, str)))
    return []


def _find_notebook(name):
    candidates = (folder / f"{name}.ipynb" for folder in _folders())
    return next((path for path in candidates if path.is_file()), None)


def _is_someone_elses(name, notebook):
    """Whether a module of this name exists that has nothing to do with the notebook."""
    if name in sys.stdlib_module_names:
        return True
    spec = importlib.machinery.PathFinder.find_spec(name)
    if spec is None or spec.origin is None:  # nothing, or a mere folder
        return False
    return Path(spec.origin) != notebook.with_suffix(".py")
