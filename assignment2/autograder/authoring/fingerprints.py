"""Running the catalogue of misconceptions, and recording the fingerprints by which their wrong values are recognized.

Those of visible checks come with the package `cs231n`, so that students read the hints; those of all checks stay
beside the key, for the judge.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cs231n.checks import hints
from cs231n.checks.values import decode
from nbformat import NotebookNode
from tqdm import tqdm

from autograder.core.results import CheckKind
from autograder.course.assignment import ASSIGNMENT
from autograder.course.catalogue import FINGERPRINTS, catalogue, fingerprints_file
from autograder.course.cells import grade_id
from autograder.course.key import Key, keys
from autograder.execution.executions import Executions, executions_in
from autograder.judging.expected import Expected, expected_values, sent
from autograder.submission.preparation import make_job, merge

Fingerprints = dict[str, dict[str, list[list[Any]]]]  # by solution cell and check: [misconception, *fingerprint]


def record_fingerprints(course: Path) -> None:
    """Run the catalogue of a course and write its fingerprints; those of visible checks into the course's own copy of
    the package `cs231n`, where it has one."""
    sources = course / "source" / ASSIGNMENT
    executions = executions_in(course / "executions")
    visible: Fingerprints = {}
    everything: Fingerprints = {}
    texts: dict[str, str] = {}
    for name, key in keys(sources).items():
        seen, found = run_catalogue(key, executions, expected_values(key, executions))
        visible |= seen
        everything |= found
        texts |= {mistake.name: mistake.hint for mistake in catalogue(sources, name)}
    write_json(fingerprints_file(sources), everything)
    checks = course / "assignment2" / "cs231n" / "checks"
    if checks.is_dir():
        write_json(checks / FINGERPRINTS, {"cells": visible, "hints": texts})
    else:
        print(f"{course} has no package cs231n of its own: the hints that students read stay as they are")


def fingerprints_in(executed: NotebookNode, check_cell: str) -> dict[str, list[Any]]:
    """Return the fingerprint of every check that a cell sent, by check id; of the exception where one was raised."""
    cell = next(cell for cell in executed.cells if grade_id(cell) == check_cell)
    found: dict[str, list[Any]] = {}
    for message in sent(cell):
        if message["kind"] == CheckKind.ERROR:
            found[message["check"]] = hints.error_fingerprint(message["error"])
        elif message["kind"] != CheckKind.MODEL:
            values = {name: decode(value) for name, value in message["values"].items()}
            found[message["check"]] = hints.fingerprint(values)
    return found


def run_catalogue(key: Key, executions: Executions, expected: Expected) -> tuple[Fingerprints, Fingerprints]:
    """Run the catalogue of one notebook; returns the fingerprints of visible and of all checks, by cell and check.

    A check where a misconception gives the right values is no sign of it and left out.
    """
    right = merge(key.notebook, executions.results(make_job(key.notebook, key)))
    visible: Fingerprints = {}
    everything: Fingerprints = {}
    mistakes = catalogue(key.folder, key.name)
    grafted = [mistake.graft(key) for mistake in mistakes]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(executions.results, [make_job(notebook, key) for notebook in grafted])
        found = list(tqdm(results, total=len(mistakes), desc=key.name, unit="mistake"))
    for mistake, notebook, result in zip(mistakes, grafted, found, strict=True):
        executed = merge(notebook, result)
        check_cell = f"test_{mistake.cell}"
        seen = expected.visible[check_cell]
        seen_cases = {expected.checks[check_cell][check].get("case", "") for check in seen}
        good = fingerprints_in(right, check_cell)
        for check, fingerprint in fingerprints_in(executed, check_cell).items():
            if check in good and hints.same(good[check], fingerprint):
                continue
            entry = [mistake.name, *fingerprint]
            everything.setdefault(mistake.cell, {}).setdefault(check, []).append(entry)
            if check in seen or (check not in good and check in seen_cases):
                visible.setdefault(mistake.cell, {}).setdefault(check, []).append(entry)
    return visible, everything


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write JSON with one entry a line where it matters for reading a diff."""
    text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
