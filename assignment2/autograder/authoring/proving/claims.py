"""The claims about one step of a key: each is a function that says how far the claim is true, and what to do."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from cs231n.checks.compare import difference
from cs231n.checks.values import decode
from nbformat import NotebookNode

from autograder.authoring.bench import Bench
from autograder.authoring.fingerprints import prints_of, start_mistakes
from autograder.authoring.mutants import judge, mutants_at, start
from autograder.authoring.reference_values import read_cells, recorded
from autograder.core.results import CheckKind, Verdict
from autograder.course.catalogue import BadCatalogue, KnownMistakes, Misconception
from autograder.course.solutions import one_step
from autograder.course.steps import foundations
from autograder.judging.expected import KeyFails
from autograder.judging.judge import score

FAILED = re.compile(r"^  ✗ (.*(?:\n {6,}.*)*)", re.MULTILINE)  # as `cs231n.checks.printing` prints it
MANY = 3  # checks that are named in a message; the others are counted


@dataclass
class Found:
    """How far a claim is true. said: a word for the table; problems: each says what is wrong, and what to do"""

    said: str
    problems: list[str] = field(default_factory=list)


def key_passes(bench: Bench) -> Found:
    """Claim: the key passes its own checks, when graded and in a session like a student's, and each case has a value
    that depends on its random inputs."""
    try:
        expected = bench.expected
    except KeyFails as failure:
        return Found("fails", [f"{failure}. Fix the solution or the check"])
    problems = [
        f"{verdict.check}: the key itself fails it: {verdict.message}"
        for verdict in lost(bench.verdicts(bench.form({})))
    ]
    checks = expected.checks[bench.check]
    cases = {message["case"] for message in checks.values() if message["kind"] != CheckKind.MODEL}
    telling = {checks[check]["case"] for check in expected.drawn[bench.check]}
    problems += [
        f"case {case}: no check in it depends on the case's random inputs, so the others count for nothing; "
        "add a check.equal, check.value or check.gradient of something computed from them"
        for case in sorted(cases - telling)
    ]
    if not cases:  # there is no file of weights here
        return Found("by its file", problems)
    problems += [
        f"a student with the key's solution would read: ✗ {' '.join(text.split())}. Fix the solution or the check"
        for text in FAILED.findall(bench.printed())
    ]
    return Found(f"{bench.points:g}", problems)


def release_earns_nothing(bench: Bench) -> Found:
    """Claim: the step as it is handed out, with its blocks empty, earns no points."""
    found = bench.verdicts(empty(bench))
    earned = score(found, bench.points)
    if not earned:
        return Found("0")
    checks = named([verdict.check for verdict in found if verdict.passed])
    return Found(
        f"{earned:g}", [f"the untouched notebook earns {earned:g} points by {checks}: they must need the solution"]
    )


def empty(bench: Bench) -> NotebookNode:
    """Return the step as it is handed out, with its hidden checks."""
    return one_step(bench.key.template, bench.step)


def mistakes_are_named(bench: Bench) -> Found:
    """Claim: the checks of its own step catch each misconception of the catalog, and give its own hint."""
    hints = {mistake.name: mistake.hint for mistake in bench.mistakes}
    known = KnownMistakes({bench.step: prints_of(bench)[0]}, hints)
    problems = [how_mistaken(bench, mistake, known) for mistake in bench.mistakes]
    return share([problem for problem in problems if problem], len(hints))


def how_mistaken(bench: Bench, mistake: Misconception, known: KnownMistakes) -> str:
    """Return what is wrong with one entry of the catalog, "" for nothing."""
    try:
        form = bench.form({bench.step: mistake.wrong(bench.key)})
    except BadCatalogue as problem:
        return f"{problem}. Make `old` a text that occurs once in the solution cell"
    failed = lost(bench.verdicts(form, known))
    if not failed:
        return f"misconception {mistake.name} is not caught: add a case in which it gives another result than the key"
    if mistake.hint not in {verdict.hint for verdict in failed}:
        others = named(sorted({verdict.mistake for verdict in failed if verdict.mistake}))
        why = f"{others} explains the same values" if others else "its failed checks fit other mistakes too"
        return f"misconception {mistake.name} is caught, but not named by its hint: {why}. Add another case"
    return ""


def variants_keep_points(bench: Bench) -> Found:
    """Claim: correct solutions that look different pass every check."""
    some = variants(bench)
    problems = []
    for name, cells in some.items():
        if checks := [f"{v.check} ({v.message})" for v in lost(bench.verdicts(bench.form(cells)))]:
            problems.append(f"the variant {name} is correct, but fails {named(checks)}: the check asks too much")
    return share(problems, len(some))


def variants(bench: Bench) -> dict[str, dict[str, str]]:
    """Return the variants of this step or of what its checks build on, by file, each with its solution cells."""
    below = {bench.step, *foundations(bench.key)[bench.check]}
    files = sorted((bench.key.assignment.proof / "variants" / bench.key.name).glob("*.py"))
    found = {path.name: read_cells(path) for path in files}
    return {name: cells for name, cells in found.items() if below & set(cells)}


def start_variants(bench: Bench) -> None:
    """Start to run the variants of a step."""
    for cells in variants(bench).values():
        bench.start(bench.job(bench.form(cells)))


def mutants_die(bench: Bench) -> Found:
    """Claim: each small change of the solution loses points in its own step."""
    outcomes = judge(bench, mutants_at(bench))
    problems = [
        f"no check notices the change {outcome.mutant.change} in the line `{outcome.mutant.line}`: add a case, or, "
        "if it makes no difference to any caller, an entry in equivalents/ with the reason"
        for outcome in outcomes
        if not outcome.caught
    ]
    return share(problems, len(outcomes))


def agrees_with_reference(bench: Bench) -> Found:
    """Claim: the key's values agree with those of an independent implementation, if there is one. If each case computes
    the right values itself, `key_passes` has compared the key with them in a session."""
    values = recorded(bench.key).get(bench.check)
    checks = bench.expected.checks[bench.check]
    compared = {check: message for check, message in checks.items() if message["kind"] == CheckKind.EQUAL}
    if values is None:
        if any(message["shipped"] for message in compared.values()):
            return Found("no independent reference")
        return Found("in the cases" if compared else "nothing to compare")
    if set(values) != set(compared):
        return Found("out of date", ["the reference values belong to other checks: run autograder reference"])
    problems = []
    for check, message in compared.items():
        wrong = difference(decode(message["values"]["value"]), values[check], message["tol"])
        if wrong:
            problems.append(f"{check} differs from the independent reference: {wrong}")
    return share(problems, len(compared))


@dataclass(frozen=True)
class Claim:
    """judge: says how far it is true; start: starts the executions for it, so that no core waits for another claim"""

    judge: Callable[[Bench], Found]
    start: Callable[[Bench], object] = lambda bench: None


CLAIMS = {
    "mistakes": Claim(mistakes_are_named, start_mistakes),
    "empty": Claim(release_earns_nothing, lambda bench: bench.start(bench.job(empty(bench)))),
    "variants": Claim(variants_keep_points, start_variants),
    "mutants": Claim(mutants_die, lambda bench: start(bench, mutants_at(bench))),
    "reference": Claim(agrees_with_reference),
}


def lost(verdicts: list[Verdict]) -> list[Verdict]:
    """Return the verdicts on checks that did not pass."""
    return [verdict for verdict in verdicts if not verdict.passed]


def share(problems: list[str], total: int) -> Found:
    """Return what was found about a claim with one problem for each of `total` parts that fails."""
    return Found(f"{total - len(problems)}/{total}" if total else "–", problems)


def named(words: list[str]) -> str:
    """Join words with commas; if there are many, name the first ones and count the others."""
    more = [f"{len(words) - MANY} more"] if len(words) > MANY else []
    return ", ".join([*words[:MANY], *more])
