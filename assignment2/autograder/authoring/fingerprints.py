"""Running the catalog of misconceptions, and recording the fingerprints by which their wrong values are recognized.

Those of visible checks come with the package `cs231n`, so that students read the hints; those of all checks stay
beside the key, for the judge.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cs231n import shipped
from nbformat import NotebookNode
from tqdm import tqdm

from autograder.core.notebooks import copied
from autograder.core.results import CheckKind
from autograder.course.assignment import Assignment
from autograder.course.catalogue import FINGERPRINTS, catalogue, fingerprints_file
from autograder.course.cells import grade_id, is_check
from autograder.course.key import Key, keys, some_keys
from autograder.execution.executions import Executions, executions_in
from autograder.judging.expected import PUBLIC_SEED, expected_values, sent_by_cell, shipped_values
from autograder.judging.messages import Message, sent_in
from autograder.judging.values import error_fingerprint, judge_values
from autograder.submission.preparation import make_job, merge

VALUES = "values.json"
SHIPPED = ".shipped"  # in the folder of proofs
Fingerprints = dict[str, dict[str, list[list[Any]]]]  # by solution cell and check: [misconception, *fingerprint]


def record_fingerprints(assignment: Assignment, names: list[str]) -> None:
    """Run the catalog of an assignment and write its fingerprints; those of visible checks to what ships with it.

    names: of notebooks, all where the list is empty; what is recorded of the others stays
    """
    executions, wanted = executions_in(assignment.course / "executions"), some_keys(assignment, names)
    package = shipped_folder(assignment)
    everything: Fingerprints = read_json(fingerprints_file(assignment)) if names else {}
    known = read_json(package / FINGERPRINTS) if names and (package / FINGERPRINTS).exists() else {"cells": {}}
    visible: Fingerprints = known["cells"]
    texts: dict[str, str] = {}
    for name in keys(assignment):
        texts |= {mistake.name: mistake.hint for mistake in catalogue(assignment, name)}
    for key in wanted.values():
        seen = {cell.removeprefix("test_"): checks for cell, checks in expected_values(key, executions).visible.items()}
        everything |= run_catalogue(key, executions, key.seed)
        for cell, checks in run_catalogue(key, executions, PUBLIC_SEED).items():
            cases = {check.rpartition("/")[0] for check in seen[cell]}  # where an exception stands for the case
            visible[cell] = {check: found for check, found in checks.items() if check in seen[cell] | cases | {""}}
    fingerprints_file(assignment).parent.mkdir(parents=True, exist_ok=True)
    write_json(fingerprints_file(assignment), everything)
    write_json(package / FINGERPRINTS, {"cells": visible, "hints": texts})


def record_values(assignment: Assignment) -> None:
    """Write the right values of visible checks to what ships with an assignment."""
    write_json(shipped_folder(assignment) / VALUES, values_of(assignment))


def values_of(assignment: Assignment, hidden: bool = False) -> dict[str, dict[str, Any]]:
    """Return the right values of visible checks, by cell and check, as they come with the package.

    hidden: those of hidden checks too
    """
    executions = executions_in(assignment.course / "executions")
    values: dict[str, dict[str, Any]] = {}
    for key in keys(assignment).values():
        values |= shipped_values(key, executions, hidden)
    return {cell: checks for cell, checks in values.items() if checks}


def shipped_folder(assignment: Assignment) -> Path:
    """Return the folder of what comes with an assignment for its students, see `cs231n.shipped`; makes it.

    It is in the course's own copy of the package `cs231n`, where it has one, and beside the proof else.
    """
    package = assignment.course / "assignment2" / "cs231n"
    folders = package / shipped.FOLDER.name if package.is_dir() else assignment.proof.parent / SHIPPED
    folder = folders / assignment.name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run_catalogue(key: Key, executions: Executions, seed: str) -> Fingerprints:
    """Run each misconception's own check cell on the inputs of a seed; returns fingerprints by cell and check.

    A check where a misconception gives the right values is no sign of it and left out.
    """
    mistakes = catalogue(key.assignment, key.name)
    notebooks = [one_step(mistake.graft(key), mistake.cell) for mistake in mistakes]
    right = sent_by_cell(key.notebook, key, executions, seed)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [make_job(notebook, key, seed=seed) for notebook in notebooks]
        results = list(tqdm(pool.map(executions.results, jobs), total=len(jobs), desc=key.name, unit="mistake"))
    found: Fingerprints = {}
    for mistake, notebook, result in zip(mistakes, notebooks, results, strict=True):
        name = f"test_{mistake.cell}"
        sent = sent_in(merge(notebook, result))[name]
        for check, fingerprint in fingerprints_of(sent, right[name]).items():
            found.setdefault(mistake.cell, {}).setdefault(check, []).append([mistake.name, *fingerprint])
    return found


def one_step(notebook: NotebookNode, cell: str) -> NotebookNode:
    """Return a notebook without the check cells of other steps."""
    notebook = copied(notebook)
    notebook.cells = [c for c in notebook.cells if not is_check(c) or grade_id(c) == f"test_{cell}"]
    return notebook


def fingerprints_of(sent: list[Message], right: list[Message]) -> dict[str, list[Any]]:
    """Return the fingerprints of what a check cell sent where it is wrong; of exceptions too."""
    good = {message["check"]: message for message in right}
    found: dict[str, list[Any]] = {}
    for message in sent:
        check, kind = message["check"], message["kind"]
        if kind == CheckKind.ERROR:
            found[check] = error_fingerprint(message)
        elif kind != CheckKind.MODEL and check in good:
            _, found[check] = judge_values(message, good[check])
    return {check: fingerprint for check, fingerprint in found.items() if fingerprint}


def read_json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def write_json(path: Path, data: dict[str, Any]) -> None:
    path.write_text(json_text(data), encoding="utf-8")


def json_text(data: dict[str, Any]) -> str:
    """Return JSON with one entry a line where it matters for reading a diff."""
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
