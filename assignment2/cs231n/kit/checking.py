"""Run the steps and check cells of notebooks without a front end, as grading does, with the visible checks."""

import contextlib
import linecache
import os
from pathlib import Path

from cs231n.kit.handed_out import notebooks_for
from cs231n.kit.notebooks import Notebook, graded, read_folder, text_of


def check(folder: Path) -> list[str]:
    """Run all cells except experiments of the notebooks in a folder, as they were last saved, and print the verdicts.

    Returns the names of the steps whose check cells fail. It runs your code in this process: use it for
    your own work only.
    Raises ValueError if there is no notebook with steps.
    """
    import cs231n.notebook_import  # noqa: F401  lets notebooks import each other

    os.environ.setdefault("MPLBACKEND", "Agg")  # there is no front end to show pictures
    found = read_folder(folder, notebooks_for(folder))
    if not found.notebooks:
        raise ValueError(f"there is no notebook with steps in {folder.absolute()}")
    with contextlib.chdir(folder):
        return [step for notebook in found.notebooks for step in run(notebook)]


def run(notebook: Notebook) -> list[str]:
    """Run the cells of one notebook and return the names of the steps that fail; other errors are printed."""
    print(f"-- {notebook.path.name}")
    names: dict = {"__name__": "__main__"}
    failing = []
    for number, cell in enumerate(notebook.cells, start=1):
        about = graded(cell)
        if cell["cell_type"] != "code" or "experiment" in cell.get("metadata", {}).get("tags", []):
            continue
        label = about.get("grade_id") or f"cell {number}"
        source, file = text_of(cell), f"{notebook.path.name}[{label}]"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)  # for tracebacks
        try:
            exec(compile(source, file, "exec"), names)
        except Exception as error:
            if about.get("grade"):
                failing.append(label.removeprefix("test_"))
            else:
                print(f"{label}: {type(error).__name__}: {error}")
    return failing
