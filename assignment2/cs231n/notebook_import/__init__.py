"""Notebooks as modules: `from FullyConnectedNets import affine_forward` reads FullyConnectedNets.ipynb.

Importing this module turns this on. Only the definitions of an imported notebook are executed: functions, classes,
imports and constants, in whatever cell they are. Everything else is left out: experiments, check cells, magics, prints.

- Python searches for notebooks in the current folder and along sys.path; if the environment variable
  CS231N_NOTEBOOK_PATH names a folder, only there.
- A module of Python or an installed package of the same name comes first, but not a .py file next to the notebook: that
  may be an export of the notebook, and would run the experiments.
- After a change, save the notebook and run `importlib.reload(FullyConnectedNets)`, then the import cells again.
- Tracebacks show the lines of the notebook; a frame's file is called FullyConnectedNets.ipynb[affine_forward].

The parts, in the order in which an import uses them: `finder` finds a notebook, `definitions` selects what is executed,
`loader` executes it, `stale` tells whether it has changed since.

The library importnb is not used: it puts names into builtins and is no longer maintained.
"""

import sys
import warnings

from cs231n._shell import shell
from cs231n.notebook_import.definitions import Definitions, parse_definitions, read_definitions
from cs231n.notebook_import.finder import FOLDER_VARIABLE, MissingNotebookFinder, NotebookFinder
from cs231n.notebook_import.loader import NotebookLoader, NotebookWarning, imported, loader_of

__all__ = [
    "FOLDER_VARIABLE",
    "Definitions",
    "MissingNotebookFinder",
    "NotebookFinder",
    "NotebookLoader",
    "NotebookWarning",
    "install",
    "parse_definitions",
    "read_definitions",
    "warn_if_stale",
]


def warn_if_stale(*_):
    """Warn about each imported notebook whose definitions have changed on disk since. Runs before each cell."""
    for name in list(imported):
        loader = loader_of(name)
        if loader is not None and loader.snapshot.is_stale():
            text = f"{loader.path.name} has changed since it was imported here. {loader.advice()}"
            warnings.warn_explicit(text, NotebookWarning, loader.path.name, 0)


def install():
    """Turn the import of notebooks on; a second call changes nothing."""
    ours = {"NotebookFinder", "MissingNotebookFinder"}
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ not in ours]
    sys.meta_path.insert(0, NotebookFinder())
    sys.meta_path.append(MissingNotebookFinder())
    ipython = shell()
    if ipython is not None:
        for callback in list(ipython.events.callbacks["pre_run_cell"]):
            if getattr(callback, "__name__", "") == warn_if_stale.__name__:
                ipython.events.unregister("pre_run_cell", callback)
        ipython.events.register("pre_run_cell", warn_if_stale)


install()
