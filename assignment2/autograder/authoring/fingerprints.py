"""Run the catalog of misconceptions, and record the fingerprints by which their wrong values are recognized.

Those of visible checks come with the package `cs231n`, so that students read the hints. Those of all checks stay with
the key, for the judge.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from cs231n import shipped
from cs231n.checks.hints import same
from nbformat import NotebookNode
from tqdm import tqdm

from autograder.authoring.bench import Bench, benches
from autograder.core.results import CheckKind
from autograder.course.assignment import Assignment
from autograder.course.catalogue import FINGERPRINTS, Misconception, catalogue, fingerprints_file
from autograder.course.key import keys, some_keys
from autograder.execution.executions import executions_in
from autograder.judging.expected import PUBLIC_SEED, shipped_values
from autograder.judging.messages import Message
from autograder.judging.values import error_fingerprint, judge_values

VALUES = "values.json"
SHIPPED = ".shipped"  # in the folder of proofs
Prints = dict[str, list[list[Any]]]  # by check: [misconception, *fingerprint]
Fingerprints = dict[str, Prints]  # by solution cell


class Record:
    """The recorded fingerprints of an assignment: of all checks for the judge, of visible ones for students.

    A recorded fingerprint stays if it differs from the new one only by rounding, so that a file changes only if a
    mistake or a check did.
    """

    def __init__(self, assignment: Assignment):
        self.assignment = assignment
        self.file, self.visible_file = fingerprints_file(assignment), shipped_folder(assignment) / FINGERPRINTS
        self.everything: Fingerprints = read_json(self.file)
        self.visible: Fingerprints = read_json(self.visible_file).get("cells", {})

    def of(self, step: str) -> list[Prints]:
        """Return what is recorded for a step: of all checks, and of visible ones."""
        return [self.everything.get(step, {}), self.visible.get(step, {})]

    def put(self, step: str, everything: Prints, visible: Prints) -> None:
        """Record the fingerprints of a step: of all checks, and of visible ones."""
        for record, found in ((self.everything, everything), (self.visible, visible)):
            record[step] = kept_where_same(record.get(step, {}), found)

    def write(self) -> None:
        """Write both files, without what is recorded for steps that are gone."""
        found = keys(self.assignment)
        mistakes = [mistake for name in found for mistake in catalogue(self.assignment, name)]
        steps = {mistake.cell for mistake in mistakes}
        for record in (self.everything, self.visible):
            for step in [step for step in record if step not in steps or not record[step]]:
                del record[step]
        hints = {mistake.name: mistake.hint for mistake in mistakes}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.file, self.everything)
        write_json(self.visible_file, {"cells": self.visible, "hints": hints})


def kept_where_same(recorded: Prints, found: Prints) -> Prints:
    """Return what was found, but keep the recorded entries that differ from it only by rounding."""
    before = {(check, entry[0]): entry for check, entries in recorded.items() for entry in entries}

    def kept(check: str, entry: list[Any]) -> list[Any]:
        old = before.get((check, entry[0]), [])
        return old if same(old[1:], entry[1:]) else entry

    return {check: [kept(check, entry) for entry in entries] for check, entries in found.items()}


def record_fingerprints(assignment: Assignment, names: list[str]) -> None:
    """Run the catalog of an assignment and write its fingerprints: of all checks, and of visible ones for students.

    names: those of notebooks, all if the list is empty; what is recorded for the others stays
    """
    record = Record(assignment)
    with benches(some_keys(assignment, names), executions_in(assignment.course / "executions")) as found:
        for bench in tqdm(found, unit="step"):
            record.put(bench.step, *prints_of(bench))
    record.write()


@lru_cache(maxsize=2)
def prints_of(bench: Bench) -> tuple[Prints, Prints]:
    """Run the misconceptions of a step; returns their fingerprints for the judge, and those for students.

    A check in which a misconception gives the right values is left out.
    """
    seen = bench.expected.visible.get(bench.check, set())
    seen |= {check.rpartition("/")[0] for check in seen} | {""}  # an exception has the name of its case, or none
    start_mistakes(bench)
    everything, public = (prints_on(bench, seed) for seed in (bench.key.seed, PUBLIC_SEED))
    return everything, {check: entries for check, entries in public.items() if check in seen}


def start_mistakes(bench: Bench) -> None:
    """Start to run those misconceptions of a step that fit the key."""
    for seed in (bench.key.seed, PUBLIC_SEED):
        for form in mistaken_forms(bench).values():
            bench.start(bench.job(form, seed))


def mistaken_forms(bench: Bench) -> dict[Misconception, NotebookNode]:
    """Return the forms of a step with each misconception that fits the key."""
    return {each: bench.form({bench.step: each.wrong(bench.key)}) for each in bench.mistakes if each.fits(bench.key)}


def prints_on(bench: Bench, seed: str) -> Prints:
    """Return the fingerprints of a step's misconceptions, by check, on the inputs of a seed."""
    right = bench.sent(bench.form({}), seed)
    found: Prints = {}
    for mistake, form in mistaken_forms(bench).items():
        for check, fingerprint in fingerprints_of(bench.sent(form, seed), right).items():
            found.setdefault(check, []).append([mistake.name, *fingerprint])
    return found


def record_values(assignment: Assignment) -> None:
    """Write the right values of visible checks to the folder that comes with an assignment."""
    write_json(shipped_folder(assignment) / VALUES, values_of(assignment))


def values_of(assignment: Assignment, hidden: bool = False) -> dict[str, dict[str, Any]]:
    """Return the right values of visible checks, by cell and check, as they come with the package.

    hidden: include those of hidden checks
    """
    executions = executions_in(assignment.course / "executions")
    values: dict[str, dict[str, Any]] = {}
    for key in keys(assignment).values():
        values |= shipped_values(key, executions, hidden)
    return {cell: checks for cell, checks in values.items() if checks}


def shipped_folder(assignment: Assignment) -> Path:
    """Return the folder of what comes with an assignment for its students, see `cs231n.shipped`; makes it.

    It is in the course's own copy of the package `cs231n`, if the course has one, else next to the proof.
    """
    package = assignment.course / "assignment2" / "cs231n"
    folders = package / shipped.FOLDER.name if package.is_dir() else assignment.proof.parent / SHIPPED
    folder = folders / assignment.name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def fingerprints_of(sent: list[Message], right: list[Message]) -> dict[str, list[Any]]:
    """Return the fingerprints of the wrong values and the exceptions that a check cell sent, by check."""
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
    """Return the content of a JSON file, {} if there is none yet."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write a JSON file as `json_text` formats it."""
    path.write_text(json_text(data), encoding="utf-8")


def json_text(data: dict[str, Any]) -> str:
    """Return JSON with one entry on each line and sorted names, so that changes are easy to read."""
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
