"""Find notebooks, and decide when they come before other modules."""

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
    """Finds notebooks. It is before Python's own finders, so that a notebook comes before a .py export of it."""

    def find_spec(self, fullname, path=None, target=None):
        parent, _, name = fullname.rpartition(".")
        if parent:
            # `from FullyConnectedNets import name` gets here only if the module, which looks like an empty package,
            # has no such name: this is the place for a better message than "cannot import name".
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
    """The last finder: says what to do about a missing notebook of an assignment if nothing else has its name."""

    def find_spec(self, fullname, path=None, target=None):
        known = [name for names in notebooks().values() for name in names]
        close = difflib.get_close_matches(fullname, known, n=1, cutoff=0.85)
        if not close:
            return None
        hint = f"is it {close[0]}? " if close[0] != fullname else ""
        raise ModuleNotFoundError(f"there is no {fullname}.ipynb: {hint}{_advice(close[0])}", name=fullname)


def _advice(name):
    """Return how to bring a notebook to where Python looks for it."""
    folder = next(iter(_folders()), Path())
    if FOLDER_VARIABLE in os.environ:
        return f"Looked in {folder} ({FOLDER_VARIABLE} is set)"
    if copies := [path.name for path in sorted(folder.glob("*.ipynb")) if _is_copy(path.stem, name)]:
        return f"There is {' and '.join(copies)} in {folder}: rename the right one to {name}.ipynb"
    how = ", with the button Upload of the panel Files" if "google.colab" in sys.modules else ""
    return f"Put that notebook next to this one, into {folder}{how}"


def _is_copy(stem, name):
    """Return whether a browser, a file manager or Jupyter may give a copy this name: "Dropout (1)", "Dropout-Copy1"."""
    rest = stem.casefold().removeprefix(name.casefold())
    return stem.casefold().startswith(name.casefold()) and not rest.strip(" ()-_.0123456789").removeprefix("copy")


def _folders():
    """Return the folders in which notebooks are looked for, the current folder first."""
    if FOLDER_VARIABLE in os.environ:
        return [Path(os.environ[FOLDER_VARIABLE]).absolute()]
    with contextlib.suppress(FileNotFoundError):  # somebody has deleted the current folder
        return list(dict.fromkeys(Path(entry).absolute() for entry in ["", *sys.path] if isinstance(entry, str)))
    return []


def _find_notebook(name):
    candidates = (folder / f"{name}.ipynb" for folder in _folders())
    return next((path for path in candidates if path.is_file()), None)


def _is_someone_elses(name, notebook):
    """Return whether a module with this name exists that has nothing to do with the notebook."""
    if name in sys.stdlib_module_names:
        return True
    spec = importlib.machinery.PathFinder.find_spec(name)
    if spec is None or spec.origin is None:  # nothing, or a mere folder
        return False
    return Path(spec.origin) != notebook.with_suffix(".py")
