"""Build a hand-out as a JupyterLite site: notebooks that run in the browser, from a folder of static files."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbformat import NotebookNode

from autograder.authoring.hand_out import hand_out
from autograder.authoring.wheel import STUDENTS
from autograder.core.errors import GraderError
from autograder.core.notebooks import read
from autograder.course.assignment import Assignment

INSTALL = f"# In the browser, the package has to be installed each time.\n%pip install -q {STUDENTS}"
PYODIDE_KERNEL = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
KERNEL = "@jupyterlite/pyodide-kernel-extension"
BUILD = "from jupyterlite_core.app import main; main()"
NOTEBOOKS = "Work through the notebooks"  # from here on, the page of a hand-out is true of browsers too
PAGE = """\
Everything here runs in your browser; nothing is installed. Your files are kept by this browser and nowhere else:
download what `kit.hand_in()` writes, and your notebooks now and then. Experiments take few images here. Train the
networks that you hand in on a computer, or in Colab.

"""


def jupyterlite(assignment: Assignment, into: Path, pyodide: Path | None = None) -> None:
    """Release an assignment, and build a site of its hand-out in a folder that is empty or has an earlier site.

    pyodide: the folder of a Pyodide distribution to serve with the site; without it, browsers load one from its CDN
    Raises GraderError if JupyterLite is not installed, the folder contains anything else, or the build fails.
    """
    if not all(map(importlib.util.find_spec, ("jupyterlite_core", "jupyterlite_pyodide_kernel"))):
        raise GraderError("JupyterLite is not installed here: pip install 'cs231n-autograder[lite]'")
    if into.exists() and any(into.iterdir()) and not (into / "jupyter-lite.json").exists():
        raise GraderError(f"{into} is not empty and not a JupyterLite site: name another folder with --into")
    with TemporaryDirectory() as scratch:
        folder, _ = hand_out(assignment, Path(scratch) / "hand_out")
        contents = Path(scratch) / "contents"
        contents.mkdir()
        (contents / "README.md").write_text(page_in_browser((folder / "README.md").read_text("utf-8")), "utf-8")
        for path in folder.glob("*.ipynb"):
            nbformat.write(in_browser(read(path)), contents / path.name)
        site = Path(scratch) / "site"
        if pyodide:
            shutil.copytree(pyodide, site / "static" / "pyodide")
        else:
            site.mkdir()
        wheels = [f"--piplite-wheels={path}" for path in folder.glob("*.whl")]
        build(site, [f"--contents={contents}", f"--output-dir={into}", *wheels])


def in_browser(notebook: NotebookNode) -> NotebookNode:
    """Return a handed-out notebook with the browser's kernel, and a first cell that installs the package in it."""
    notebook.cells[0].source = INSTALL
    notebook.metadata.kernelspec = PYODIDE_KERNEL
    return notebook


def page_in_browser(page: str) -> str:
    """Return the page of a hand-out without what only concerns computers: the set-up, and the notes at its end."""
    title = page.partition("\n")[0]
    return f"{title}\n\n{PAGE}{page[page.index(NOTEBOOKS) :]}".partition("\n- **")[0]


def build(folder: Path, options: list[str]) -> None:
    """Have JupyterLite build a site in a folder; raises GraderError, with its output, if it fails."""
    kernel = Path(sys.prefix, "share", "jupyter", "labextensions", KERNEL)
    parts = ["--apps=lab", "--no-sourcemaps", "--ignore-sys-prefix"]  # without nbgrader's extensions
    command = [
        sys.executable,
        "-c",
        BUILD,
        "build",
        *parts,
        f"--LiteBuildConfig.federated_extensions={kernel}",
        *options,
    ]
    run = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode:
        problem = GraderError("JupyterLite could not build the site")
        problem.log = run.stdout
        raise problem
