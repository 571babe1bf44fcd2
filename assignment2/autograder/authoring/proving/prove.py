"""Prove an assignment: every claim about every step, if something has changed since the last proof."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest
from pathlib import Path

import cs231n
from tqdm import tqdm

from autograder.authoring.bench import Bench, benches
from autograder.authoring.fingerprints import Prints, Record, prints_of, read_json, write_json
from autograder.authoring.mutants import equivalents
from autograder.authoring.proving.belonging import strays
from autograder.authoring.proving.claims import CLAIMS, Claim, Found, key_passes, variants
from autograder.authoring.proving.leaks import leaks
from autograder.authoring.proving.texts import names_that_are_gone, unwritten, wrong_points
from autograder.authoring.reference_values import recorded
from autograder.course.assignment import Assignment
from autograder.course.cells import points_of
from autograder.course.key import keys, some_keys
from autograder.course.solutions import one_step
from autograder.execution.executions import executions_in
from autograder.grading.digests import code_of_the_grader, digest_of_files
from autograder.judging.expected import PUBLIC_SEED

KEY = "points"  # the claim that all others need


@dataclass(frozen=True)
class Row:
    """What was found about one step.

    found: by claim; prints: the fingerprints of its misconceptions
    unchanged: whether nothing has changed since a proof without problems, whose result is repeated here
    """

    notebook: str
    check: str
    found: dict[str, Found]
    prints: tuple[Prints, Prints] | None = None
    unchanged: bool = False

    @property
    def problems(self) -> list[str]:
        """What is wrong with the step."""
        return [problem for found in self.found.values() for problem in found.problems]


@dataclass(frozen=True)
class Proof:
    """The result. rows: one for each step; elsewhere: (where, problem) about texts, files and the whole assignment;
    unwritten: (notebook, place) where a text of the author is still missing"""

    rows: list[Row]
    elsewhere: list[tuple[str, str]]
    unwritten: list[tuple[str, str]] = field(default_factory=list)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """(where, problem) of everything that is wrong."""
        return [
            *((f"{row.notebook}, {row.check}", text) for row in self.rows for text in row.problems),
            *self.elsewhere,
        ]


def prove(assignment: Assignment, names: list[str], everything: bool = False) -> Proof:
    """Prove an assignment, and record the fingerprints of its misconceptions.

    names: those of notebooks, all if the list is empty; everything: prove unchanged steps too
    """
    executions = assignment.course / "executions"
    wanted, record = some_keys(assignment, names), Record(assignment)
    last = LastProof(executions / "proofs" / f"{assignment.name}.json", record)
    elsewhere = list(about_the_whole(assignment))
    with benches(wanted, executions_in(executions)) as steps:
        rows = {bench: None if everything else last.row(bench) for bench in steps}
        todo = [bench for bench, row in rows.items() if row is None]
        for bench, following in zip_longest(tqdm(todo, "proving", unit="step", disable=not todo), todo[1:]):
            rows[bench] = row = prove_step(bench, following)
            if row.prints:
                record.put(bench.step, *row.prints)
        record.write()
        to_write = [(key.name, text) for key in wanted.values() for text in unwritten(key)]
        proof = Proof([row for row in rows.values() if row], elsewhere, to_write)
        last.write({bench: row for bench, row in rows.items() if row})
    return proof


def prove_step(bench: Bench, following: Bench | None = None, claims: dict[str, Claim] = CLAIMS) -> Row:
    """Try claims about one step; if the key fails its own checks, no other claim is tried.

    following: the next step, whose jobs start before those of this step end, so that no core waits
    """
    for each in [bench, following] if following else [bench]:
        for claim in claims.values():
            claim.start(each)
    found = {KEY: key_passes(bench)}
    if found[KEY].problems:
        return Row(bench.key.name, bench.check, found)
    found |= {name: claim.judge(bench) for name, claim in claims.items()}
    bench.started.clear()
    return Row(bench.key.name, bench.check, found, prints_of(bench))


def about_the_whole(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """Yield (where, problem) about texts, files and what students get."""
    found, given = keys(assignment), [Path(cs231n.__file__).parent]
    given += [assignment.course / assignment.package] if assignment.package else []
    together = sum(points_of(cell) for key in found.values() for cell in key.notebook.cells)
    for key in found.values():
        yield from ((key.name, problem) for problem in wrong_points(key, together))
    yield from names_that_are_gone(assignment, found)
    yield from strays(assignment, found)
    yield from leaks(found, given)


class LastProof:
    """What was proved without a problem the last time, with the hash of all that it depends on."""

    def __init__(self, path: Path, record: Record):
        self.path, self.record = path, record
        self.rows = read_json(path)

    def row(self, bench: Bench) -> Row | None:
        """Return the row of a step that has not changed since then, None for any other step."""
        found = self.rows.get(f"{bench.key.name}/{bench.step}")
        if not found or found["digest"] != self.digest(bench):
            return None
        claims = {claim: Found(said) for claim, said in found["said"].items()}
        return Row(bench.key.name, bench.check, claims, unchanged=True)

    def write(self, rows: dict[Bench, Row]) -> None:
        """Record the rows without problems, and delete what is recorded for the other steps among these."""
        for bench, row in rows.items():
            said = {claim: found.said for claim, found in row.found.items()}
            entry = {"digest": self.digest(bench), "said": said} if not row.problems else None
            self.rows[f"{bench.key.name}/{bench.step}"] = entry
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.path, {name: entry for name, entry in self.rows.items() if entry})

    def digest(self, bench: Bench) -> str:
        """Return the hash of all that the claims about a step depend on."""
        key = bench.key
        forms = [(bench.form({}), key.seed), (one_step(key.visible, bench.step), PUBLIC_SEED)]
        forms.append((one_step(key.template, bench.step), key.seed))
        parts = [
            [bench.job(form, seed).address for form, seed in forms],
            bench.points,
            bench.mistakes,
            variants(bench),
            sorted(known for known in equivalents(key) if known[0] == bench.step),
            [(check, value.tolist()) for check, value in recorded(key).get(bench.check, {}).items()],
            code(),
        ]
        recorded_prints = json.dumps(self.record.of(bench.step), sort_keys=True)
        return hashlib.sha256(f"{parts} {recorded_prints}".encode()).hexdigest()


@cache
def code() -> str:
    """Return the hash of the grader's code."""
    return digest_of_files(code_of_the_grader(), "")
