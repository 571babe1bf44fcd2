"""Sample submissions, made from the release, the key and the catalogue; each is named after what it shows."""

import contextlib
import io
from collections.abc import Callable
from pathlib import Path

import nbformat
import numpy as np
from cs231n.solver import Solver
from nbformat import NotebookNode
from threadpoolctl import threadpool_limits

from autograder.course.assignment import ASSIGNMENT
from autograder.course.catalogue import catalogue, solution
from autograder.course.cells import grade_id, is_experiment, is_solution
from autograder.course.key import Key, key_modules, keys

ON_TIME, TOO_LATE = "2026-01-31 20:00:00 UTC", "2026-02-02 09:30:00 UTC"
DUE = "2026-01-31 23:59:00 UTC"


def answered(release: NotebookNode, key: Key, skip: tuple[str, ...] = ()) -> NotebookNode:
    """Return the released notebook with the key's solutions in it, without the marks around them."""
    notebook = nbformat.from_dict(release)
    for cell in notebook.cells:
        if is_solution(cell) and grade_id(cell) not in skip:
            cell.source = without_marks(solution(key, grade_id(cell)).source)
    return notebook


def without_marks(source: str) -> str:
    return "\n".join(line for line in source.split("\n") if "### BEGIN" not in line and "### END" not in line)


def replace(notebook: NotebookNode, name: str, source: str) -> None:
    """Replace the source of one solution cell."""
    next(cell for cell in notebook.cells if grade_id(cell) == name).source = source


def common_mistakes(notebook: NotebookNode, key: Key) -> None:
    """Graft the first misconception of every second solution cell."""
    seen: list[str] = []
    for mistake in catalogue(key.folder, key.name):
        if mistake.cell not in seen:
            seen.append(mistake.cell)
            if len(seen) % 2 == 1:
                grafted = next(c for c in mistake.graft(key).cells if grade_id(c) == mistake.cell)
                replace(notebook, mistake.cell, without_marks(grafted.source))


def first_solutions(notebook: NotebookNode) -> list[str]:
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and is_solution(cell)]
    return [grade_id(cell) for cell in code if not is_experiment(cell)]


def syntax_error(notebook: NotebookNode, key: Key) -> None:
    name = first_solutions(notebook)[1]
    replace(notebook, name, solution(key, name).source.replace("):", ")", 1))


def never_ends(notebook: NotebookNode, key: Key) -> None:
    if key.imports:
        return  # in the first notebook only: each check that waits for the function takes the whole time of a cell
    name = first_solutions(notebook)[-1]
    source = without_marks(solution(key, name).source)
    body = source.replace("    return ", "    while True:\n        pass\n    return ", 1)
    replace(notebook, name, body)


def lost_metadata(notebook: NotebookNode, key: Key) -> None:
    for cell in notebook.cells:
        cell.metadata = {}


def nothing(notebook: NotebookNode, key: Key) -> None:
    pass


SPOIL: dict[str, Callable[[NotebookNode, Key], None]] = {
    "complete": nothing,
    "common-mistakes": common_mistakes,
    "syntax-error": syntax_error,
    "never-ends": never_ends,
    "lost-metadata": lost_metadata,
    "late": nothing,
}


def hand_in(course: Path) -> list[str]:
    """Write the samples to `submitted/` of a course whose release exists; returns their names."""
    course_keys = keys(course / "source" / ASSIGNMENT)
    weights = train_models(course)
    for name, spoil in SPOIL.items():
        folder = submission(course, name, TOO_LATE if name == "late" else ON_TIME)
        for key in course_keys.values():
            notebook = answered(released(course, key), key)
            spoil(notebook, key)
            nbformat.write(notebook, folder / f"{key.name}.ipynb")
        for file, content in weights.items():
            (folder / file).write_bytes(content)
    folder = submission(course, "untouched", ON_TIME)
    for key in course_keys.values():
        nbformat.write(released(course, key), folder / f"{key.name}.ipynb")
    folder = submission(course, "unreadable", ON_TIME)
    for key in course_keys.values():
        (folder / f"{key.name}.ipynb").write_text('{"cells": [', encoding="utf-8")
    return [*SPOIL, "untouched", "unreadable"]


def released(course: Path, key: Key) -> NotebookNode:
    return nbformat.read(course / "release" / ASSIGNMENT / f"{key.name}.ipynb", as_version=4)


def submission(course: Path, student: str, timestamp: str) -> Path:
    folder = course / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text(timestamp, encoding="utf-8")
    return folder


def train_models(course: Path) -> dict[str, bytes]:
    """Train the networks that the key hands in, by the key's own cells; returns their files of weights."""
    sources = course / "source" / ASSIGNMENT
    course_keys = keys(sources)
    folder = course / "training"
    folder.mkdir()
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()), threadpool_limits(1):
        for name, module in key_modules(sources).items():
            experiments = [c for c in course_keys[name].notebook.cells if is_experiment(c) and c.cell_type == "code"]
            training = [cell for cell in experiments if "save_model(" in cell.source]
            data = [cell for cell in experiments if "get_CIFAR10_data(" in cell.source]
            module.Solver = CoarseSolver
            for cell in data + training if training else []:
                exec(compile(cell.source, f"{name}[{cell.id}]", "exec"), vars(module))
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.npz"))}


class CoarseSolver(Solver):
    """Trains fully connected networks at a quarter of the cost: weights of the first layer stay equal in 2x2 pixels.

    Sums over such squares, halved, are an orthogonal projection: step sizes and regularisation mean what they did.
    """

    def __init__(self, model, data, **settings):
        self.shape = model.params["W1"].shape  # (3072, H)
        model.params["W1"] = coarse(model.params["W1"].T).reshape(self.shape[1], -1).T
        super().__init__(model, {k: coarse(v) if k.startswith("X") else v for k, v in data.items()}, **settings)

    def train(self):
        super().train()
        small = self.model.params["W1"].reshape(3, 16, 1, 16, 1, -1) / 2
        self.model.params["W1"] = np.broadcast_to(small, (3, 16, 2, 16, 2, self.shape[1])).reshape(self.shape)


def coarse(images: np.ndarray) -> np.ndarray:
    """Add up the four pixels of each 2x2 square and halve the sum: (N, 3072) or (N, 3, 32, 32) -> (N, 3, 16, 16)."""
    X = images.reshape(len(images), 3, 32, 32)
    return (X[..., ::2, ::2] + X[..., ::2, 1::2] + X[..., 1::2, ::2] + X[..., 1::2, 1::2]) / 2
