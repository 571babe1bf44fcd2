"""Record independent reference values: run the check cells with other implementations in place of the solutions.

In `proof/<assignment>/reference/`, `<Notebook>.py` contains the implementations and `<Notebook>.json` the values that
they gave. They may use PyTorch (the extra `reference`); comparing the key with the record does not need it.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from cs231n.checks.values import decode

from autograder.core.errors import GraderError
from autograder.core.results import CheckKind
from autograder.course.assignment import Assignment
from autograder.course.cells import is_solution, name_of
from autograder.course.key import Key, some_keys
from autograder.course.solutions import with_solutions
from autograder.execution.job import CodeCell, ExecutionOptions, Limits
from autograder.execution.worker import process_worker
from autograder.judging.messages import sent_in
from autograder.submission.preparation import make_job, merge

OPTIONS = ExecutionOptions(Limits(cell_seconds=120, memory_bytes=2**33))


def read_cells(path: Path) -> dict[str, str]:
    """Return the solution cells in a file, by id: each starts with a line `# %% <id of the solution cell>`."""
    parts = re.split(r"(?m)^# %% *(\w+) *\n", path.read_text(encoding="utf-8"))
    return {name: source.strip("\n") for name, source in zip(parts[1::2], parts[2::2], strict=True)}


def record(assignment: Assignment, names: list[str]) -> None:
    """Run the check cells of notebooks with the independent implementations, and write what they sent.

    names: those of the notebooks, all if the list is empty; those without implementations are skipped
    Raises GraderError if an implementation fails.
    """
    for name, key in some_keys(assignment, names).items():
        implementations = assignment.proof / "reference" / f"{name}.py"
        if not implementations.exists():
            continue
        cells = read_cells(implementations)
        notebook = with_solutions(key, cells)
        job = make_job(notebook, key, options=OPTIONS)
        job = replace(job, cells=tuple(map(with_everything, job.cells)))  # PyTorch is withheld from some
        executed = merge(notebook, process_worker().execute(job))
        found = {}
        for cell, messages in sent_in(executed).items():
            if cell in the_keys_own(key, cells):
                continue
            errors = [f"{m['check']}: {m['error']}{m['where']}" for m in messages if m["kind"] == CheckKind.ERROR]
            if errors:
                raise GraderError(f"{implementations.name} fails in {cell}: {errors[0]}")
            found[cell] = {
                m["check"]: plain(decode(m["values"]["value"])) for m in messages if m["kind"] == CheckKind.EQUAL
            }
        text = json.dumps(found, indent=0, sort_keys=True)
        implementations.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


def the_keys_own(key: Key, implemented: Iterable[str]) -> set[str]:
    """Return the check cells whose steps have no other implementation: the key cannot be compared with itself."""
    written = {name_of(cell) for cell in key.notebook.cells if is_solution(cell)}
    return {f"test_{name}" for name in written - set(implemented)}


def with_everything(cell: CodeCell) -> CodeCell:
    """Return a cell that withholds no module."""
    return replace(cell, withheld=())


def plain(value: np.ndarray) -> dict[str, Any]:
    """Return an array as readable JSON: dtype, shape, and entries to 12 significant digits."""
    return {
        "dtype": str(value.dtype),
        "shape": list(value.shape),
        "entries": " ".join(f"{entry:.12g}" for entry in value.ravel()),
    }


def recorded(key: Key) -> dict[str, dict[str, np.ndarray]]:
    """Return the recorded values of one notebook by check cell and check, {} if there is none."""
    path = key.assignment.proof / "reference" / f"{key.name}.json"
    cells = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {cell: {check: array(value) for check, value in checks.items()} for cell, checks in cells.items()}


def array(value: dict[str, Any]) -> np.ndarray:
    """Return the array that `plain` has written."""
    entries = np.array([float(entry) for entry in value["entries"].split()])
    return entries.astype(value["dtype"]).reshape(value["shape"])
