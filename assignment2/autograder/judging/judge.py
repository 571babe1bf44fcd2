"""Compare what a submission's checks sent out with what the key's checks sent out.

Only the key decides what is checked, with which tolerance and weight; from the submission come values and nothing
else. A value that is missing, sent twice or malformed fails. Nothing passes by default.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cs231n.checks import hints
from cs231n.checks.compare import told_difference, violation
from cs231n.checks.values import MalformedValue, decode
from nbformat import NotebookNode
from traitlets.log import get_logger

from autograder.core.annotations import status_of
from autograder.core.results import CheckKind, Status, Verdict
from autograder.course.catalogue import KnownMistakes
from autograder.course.cells import grade_id
from autograder.judging import told
from autograder.judging.expected import Expected, Message, sent
from autograder.submission.markup import plain_text

COMPUTES_NOTHING = "counts only where a value of the same case is right"
MAX_TEXT = 500  # characters of a message, which may quote what a student wrote
Fingerprint = list[Any]  # see `cs231n.checks.hints`
Found = tuple[Status, str, str]  # the status of a check, its message, and what its student is told


class CheckJudge:
    """Judges the check cells of one notebook of one submission.

    networks: judges a model check: (the key's message, the submission's folder) -> verdicts
    """

    def __init__(self, expected: Expected, networks: Callable[[Message, Path], list[Verdict]], known: KnownMistakes):
        self.expected, self.networks, self.known = expected, networks, known

    def cell(self, cell: NotebookNode, folder: Path, code: Sequence[str] = ()) -> list[Verdict]:
        """Return the verdicts of an executed check cell, in the order of the key.

        code: the sources of the student's cells, from which the line of an exception is shown
        """
        name = grade_id(cell) or ""
        theirs = list(sent(cell))
        errors = {m.get("case", ""): m for m in theirs if m.get("kind") == CheckKind.ERROR}
        verdicts: list[Verdict] = []
        fingerprints: dict[str, Fingerprint] = {}
        for check, expected in self.expected.checks[name].items():
            if expected["kind"] == CheckKind.MODEL:
                verdicts += self.networks(expected, folder)
                continue
            hidden = check not in self.expected.visible.get(name, ())
            weight = float(expected["weight"])
            verdict = Verdict(check, Status.PASSED, weight=weight, hidden=hidden, kind=CheckKind(expected["kind"]))
            got = [m for m in theirs if m["check"] == check and m.get("kind") != CheckKind.ERROR]
            if len(got) == 1:
                (verdict.status, verdict.message, verdict.told), fingerprint = judge_values(got[0], expected)
                fingerprints |= {} if verdict.passed else {check: fingerprint}
            elif got:
                verdict.status, verdict.message, verdict.told = failed("was sent more than once")
            else:
                verdict.status, verdict.message, verdict.told = why_missing(cell, expected, errors, code)
            verdicts.append(verdict)
        fingerprints |= {case: error_fingerprint(error) for case, error in errors.items()}
        self._name_mistakes(name, verdicts, fingerprints)
        self._withhold(name, verdicts)
        for verdict in verdicts:
            verdict.message = plain_text(verdict.message)[:MAX_TEXT]
        return verdicts

    def _withhold(self, cell: str, verdicts: list[Verdict]) -> None:
        """Let arguments that are unchanged, conditions and known values count only where a case has right values too.

        Code that computes nothing satisfies them as well.
        """
        checks, drawn = self.expected.checks[cell], self.expected.drawn[cell]
        right = {checks[v.check]["case"] for v in verdicts if v.passed and v.check in drawn}
        for verdict in verdicts:
            known = verdict.check in checks and verdict.check not in drawn
            if verdict.passed and known and checks[verdict.check]["case"] not in right:
                verdict.status, verdict.message, verdict.told = failed(COMPUTES_NOTHING)

    def _name_mistakes(self, cell: str, verdicts: list[Verdict], fingerprints: dict[str, Fingerprint]) -> None:
        known = self.known.fingerprints.get(cell.removeprefix("test_"), {})
        names = hints.recognize(fingerprints, known)
        for verdict in verdicts:
            case = self.expected.checks[cell].get(verdict.check, {}).get("case")
            if not verdict.passed:
                verdict.mistake = names.get(verdict.check) or names.get(case) or ""
                verdict.hint = self.known.hints.get(verdict.mistake, "")


def error_fingerprint(error: Message) -> Fingerprint:
    found: Fingerprint = hints.error_text_fingerprint(error.get("error", ""), error.get("source", ""))
    return found


def failed(message: str, told: str | None = None) -> Found:
    """Return a failure. told: what its student is told, where that is not the whole message"""
    return Status.FAILED, message, message if told is None else told


def why_missing(cell: NotebookNode, expected: Message, errors: dict[str, Message], code: Sequence[str]) -> Found:
    """Return the status of a check that sent no value, and why.

    errors: the exceptions of the cell by their case; code: the sources of the student's cells
    """
    error = errors.get(expected.get("case", "")) or errors.get("")
    if error is not None:
        text = f"{error.get('error')}{error.get('where', '')}"
        if error.get("exception") == NotImplementedError.__name__:
            return Status.EMPTY, text, "a TODO block is still empty (run the cell yourself to read which one)"
        words = told.undefined(error.get("error", ""), cell.source, code)
        exception = told.exception(error.get("exception"), error.get("line"), error.get("source"), code)
        return Status.ERROR, text, words or exception
    ended = status_of(cell) or Status.NOT_REACHED
    if ended is not Status.DONE:
        return ended, "", ""
    raised = next((output for output in cell.outputs if output.output_type == "error"), None)
    if raised is not None:
        text = f"{raised.get('ename')}: {raised.get('evalue')}"
        return Status.ERROR, text, told.exception(raised.get("ename"), None, None, code)
    missing = "the check cell sent no value for it"
    return Status.NOT_REACHED, missing, missing


def judge_values(got: Message, expected: Message) -> tuple[Found, Fingerprint]:
    """Compare one check's values with the key's; returns what was found, and the fingerprint of wrong values.

    Whatever values raise that nobody has foreseen costs their check; the traceback is in the student's log.
    """
    try:
        return compared(got, expected)
    except (MalformedValue, KeyError) as error:
        return failed(f"a malformed value: {error}", "a malformed value"), []
    except Exception as error:
        get_logger().exception("the values of %s cannot be judged", expected["check"])
        text = "values that cannot be judged"
        return failed(f"{text}: {type(error).__name__} {error}", text), []


def compared(got: Message, expected: Message) -> tuple[Found, Fingerprint]:
    values = got.get("values")
    if not isinstance(values, dict):
        raise MalformedValue("there are none")
    theirs = {name: decode(values[name]) for name in expected["values"]}
    ours = {name: decode(value) for name, value in expected["values"].items()}
    if expected["kind"] == CheckKind.HOLDS:
        names = {**theirs, **{name: decode(value) for name, value in expected["given"].items()}}
        message = violation(expected["expression"], names)
        words = told.violated(expected["expression"], names) if message else ""
    else:
        tol = expected["tol"]
        messages = {name: told_difference(theirs[name], value, tol) for name, value in ours.items()}
        wrong = [name for name, text in messages.items() if text]
        message = in_one(messages)
        words = in_one({name: told.wrong_value(theirs[name], ours[name], tol) for name in wrong})
        if message and expected["kind"] == CheckKind.UNCHANGED:
            message = words = f"{', '.join(wrong)} modified in place: work on a copy"
    if not message:
        return (Status.PASSED, "", ""), []
    return failed(message, words), hints.fingerprint(theirs, {} if expected["kind"] == CheckKind.HOLDS else ours)


def in_one(messages: dict[str, str]) -> str:
    """Return the messages about the values of one check in one."""
    return "; ".join(text if name == "value" else f"{name} {text}" for name, text in messages.items() if text)


def score(verdicts: list[Verdict], points: float) -> float:
    """Return the points of a cell: its share of passed checks by weight, 0 where nothing was checked."""
    total = sum(verdict.weight for verdict in verdicts)
    passed = sum(verdict.weight for verdict in verdicts if verdict.passed)
    return round(points * passed / total, 2) if total else 0.0
