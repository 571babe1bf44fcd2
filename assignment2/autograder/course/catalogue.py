"""The catalogue of misconceptions: wrong implementations, each an edit of the key, with a hint in plain words.

It proves the checks (each entry must lose points in its own check cell and nowhere that does not depend on it) and
gives students the hint: what its checks send is recorded as fingerprints. Those of visible checks ship with
`cs231n.checks`; those of hidden checks stay in `source/`.
"""

import ast
import json
import os
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from cs231n.checks import hints
from cs231n.checks.values import decode
from nbformat import NotebookNode
from tqdm import tqdm

from autograder.course.key import Key, grade_id, is_check, is_experiment, is_solution, source_tree
from autograder.execution.executions import Executions
from autograder.judging.judge import ERROR, Reference, sent
from autograder.submission.preparation import make_job, merge

FINGERPRINTS = "fingerprints.json"


@dataclass(frozen=True)
class Misconception:
    """One wrong implementation.

    cell: id of the solution cell it is grafted into; edits: (text of the key, text instead), each text occurring once
    """

    name: str
    cell: str
    edits: tuple[tuple[str, str], ...]
    hint: str

    def graft(self, key: Key) -> NotebookNode:
        """Return the key with this mistake in it; raises ValueError where an edit does not fit the key any more."""
        source = solution(key, self.cell).source
        for old, new in self.edits:
            if source.count(old) != 1:
                raise ValueError(f"misconception {self.name}: occurs {source.count(old)} times in {self.cell}: {old}")
            source = source.replace(old, new)
        return with_solutions(key, {self.cell: source})


def catalogue(folder: Path, name: str) -> list[Misconception]:
    """Read the misconceptions of one notebook. folder: that of its source; the catalogue lies beside that folder."""
    path = folder.parent / "misconceptions" / f"{name}.toml"
    if not path.exists():
        return []
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("misconception", [])
    return [
        Misconception(e["name"], e["cell"], tuple(map(tuple, e.get("edits") or [(e["old"], e["new"])])), e["hint"])
        for e in entries
    ]


def solution(key: Key, name: str) -> NotebookNode:
    """Return the key's solution cell of this id; raises KeyError where there is none."""
    for cell in key.notebook.cells:
        if grade_id(cell) == name and is_solution(cell):
            return cell
    raise KeyError(f"{key.name} has no solution cell {name}")


def with_solutions(key: Key, sources: dict[str, str]) -> NotebookNode:
    """Return the key with other sources in some of its solution cells."""
    notebook = nbformat.from_dict(key.notebook)
    for cell in notebook.cells:
        if is_solution(cell) and grade_id(cell) in sources:
            cell.source = sources[grade_id(cell)]
    return notebook


def dependents(key: Key, cell: str) -> set[str]:
    """Return the check cells that depend on a solution cell, through the names that it defines."""
    uses = {}
    for node in (c for c in key.notebook.cells if c.cell_type == "code" and not is_experiment(c)):
        names = [n for n in ast.walk(source_tree(node)) if isinstance(n, ast.Name)]
        loaded = {n.id for n in names if isinstance(n.ctx, ast.Load)}
        body = source_tree(node).body
        defined = {n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        uses[grade_id(node) or node.id] = (defined, loaded, is_check(node))
    affected, names = {cell}, set(uses[cell][0])
    while True:
        more = {name for name, (_, loaded, _) in uses.items() if loaded & names} - affected
        if not more:
            return {name for name in affected if uses[name][2]}
        affected |= more
        names |= {name for cell in more if not uses[cell][2] for name in uses[cell][0]}


def prints_of(executed: NotebookNode, check_cell: str) -> dict[str, list]:
    """Return the fingerprint of every check that a cell sent, by check id; of the exception where one was raised."""
    cell = next(cell for cell in executed.cells if grade_id(cell) == check_cell)
    prints = {}
    for message in sent(cell):
        if message["kind"] == ERROR:
            prints[message["check"]] = hints.error_fingerprint(message["error"])
        elif message["kind"] != "model":
            values = {name: decode(value) for name, value in message["values"].items()}
            prints[message["check"]] = hints.fingerprint(values)
    return prints


def record(key: Key, executions: Executions, reference: Reference) -> tuple[dict, dict]:
    """Run the catalogue of one notebook; returns the fingerprints of visible and of all checks, by cell and check.

    A check where a misconception gives the right values is no sign of it and left out.
    """
    right = merge(key.notebook, executions.results(make_job(key.notebook, key)))
    visible: dict = {}
    everything: dict = {}
    mistakes = catalogue(key.folder, key.name)
    grafted = [mistake.graft(key) for mistake in mistakes]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(executions.results, [make_job(notebook, key) for notebook in grafted])
        found = list(tqdm(results, total=len(mistakes), desc=key.name, unit="mistake"))
    for mistake, notebook, result in zip(mistakes, grafted, found, strict=True):
        executed = merge(notebook, result)
        check_cell = f"test_{mistake.cell}"
        seen = reference.visible[check_cell]
        seen_cases = {reference.checks[check_cell][check].get("case", "") for check in seen}
        good = prints_of(right, check_cell)
        for check, print_ in prints_of(executed, check_cell).items():
            if check in good and hints.same(good[check], print_):
                continue
            entry = [mistake.name, *print_]
            everything.setdefault(mistake.cell, {}).setdefault(check, []).append(entry)
            if check in seen or (check not in good and check in seen_cases):
                visible.setdefault(mistake.cell, {}).setdefault(check, []).append(entry)
    return visible, everything


@cache
def known_mistakes(folder: Path, name: str) -> dict:
    """Return the fingerprints of all checks with the catalogue's hints, as the judge looks them up."""
    path = folder.parent / "misconceptions" / FINGERPRINTS
    cells = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {"cells": cells, "hints": {mistake.name: mistake.hint for mistake in catalogue(folder, name)}}
