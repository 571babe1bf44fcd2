"""`progress()`: show what is done, what fails, what is still empty, and what is missing."""

import sys
import time
from pathlib import Path

from cs231n.kit.handed_out import notebooks_for
from cs231n.kit.notebooks import Folder, Notebook, Step, read_folder
from cs231n.verdicts import recall

HANDED_OUT_BEFORE = time.mktime((2021, 1, 1, 0, 0, 0, 0, 0, -1))  # files in a hand-out's zip are dated 2020
NOTE = "These are the points that a step is worth. Hidden checks and a reader decide when your work is graded."


def progress(folder: str | Path = ".") -> None:
    """Print a table of all steps of the notebooks in a folder, as they were last saved.

    A verdict is from the last run of the check cell: after a change, run that cell again.
    """
    path = Path(folder)
    print("\n".join([*lines_about(read_folder(path, notebooks_for(path)), recall(path)), *stale_imports(), NOTE]))


def lines_about(folder: Folder, verdicts: dict[str, dict]) -> list[str]:
    """Return the table. verdicts: see `cs231n.verdicts`"""
    lines = []
    for notebook in folder.notebooks:
        states = {step.name: state_of(step, verdicts.get(step.name)) for step in notebook.steps.values()}
        width = max(map(len, states))
        lines.append(f"{notebook.path.name}, {saved(notebook.path)}")
        for step in notebook.steps.values():
            points = f"{step.points:g}" if step.points else "–"
            lines.append(f"  {step.name:{width}}  {points:>4}  {states[step.name]}")
        lines += [f"  {problem}" for problem in missing_weights(notebook)]
        lines.append("")
    lines += [f"{text}: open it in JupyterLab and save it again" for text in folder.unreadable.values()]
    lines += [f"{name}.ipynb is not in this folder" for name in folder.missing]
    return lines or [f"There is no notebook with steps in {folder.path.absolute()}."]


def state_of(step: Step, verdict: dict | None) -> str:
    """Return the state of a step in words. verdict: that of its check cell, None if the cell has not been run"""
    if step.is_answer:
        return "unanswered" if step.is_empty else "answered"
    if step.is_empty:
        return "still empty"
    if not step.is_checked:
        return "written"
    if verdict is None:
        return "not checked yet: run its check cell"
    failed, checks = verdict["failed"], verdict["checks"]
    return f"✗ {failed} of {checks} visible checks fail" if failed else "✓ all visible checks pass"


def missing_weights(notebook: Notebook) -> list[str]:
    """Return a line for each file of weights that is not next to its notebook."""
    missing = [name for name in notebook.weights if not (notebook.path.parent / name).exists()]
    return [f"{name} is missing: run the cell that saves it" for name in missing]


def stale_imports() -> list[str]:
    """Return a line for each notebook that has changed on disk since this kernel imported it."""
    if "cs231n.notebook_import" not in sys.modules:  # importing it would turn on that notebooks import each other
        return []
    from cs231n.notebook_import import loader_of

    loaders = [loader for name in list(sys.modules) if (loader := loader_of(name)) is not None]
    stale = [loader for loader in loaders if loader.snapshot.is_stale()]
    return [f"{loader.path.name} has changed since it was imported here. {loader.advice()}" for loader in stale]


def saved(path: Path) -> str:
    """Return when a file was saved: "saved just now", "saved 5 minutes ago", "as it was handed out"."""
    written = path.stat().st_mtime
    if written < HANDED_OUT_BEFORE:
        return "as it was handed out"
    seconds = max(0.0, time.time() - written)
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if number := int(seconds // length):
            return f"saved {number} {unit}{'s' if number > 1 else ''} ago"
    return "saved just now"
