"""Compare what a submission's checks sent with what the key's checks sent.

Only the key decides what is checked, with which tolerance and weight; only values come from the submission. A check
fails if its value is missing, sent twice or malformed. Nothing passes by default.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from cs231n.checks import hints
from nbformat import NotebookNode

from autograder.core.annotations import status_of
from autograder.core.results import CheckKind, Status, Verdict
from autograder.course.catalogue import KnownMistakes
from autograder.course.cells import grade_id
from autograder.judging import told
from autograder.judging.expected import Expected
from autograder.judging.messages import Message, sent
from autograder.judging.values import Fingerprint, Found, error_fingerprint, failed, judge_values
from autograder.submission.markup import plain_text

COMPUTES_NOTHING = "counts only if a value of the same case is right"
MAX_TEXT = 500  # characters of a message, which may quote what a student wrote


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
        errors: dict[str, Message] = {}
        values: dict[str, list[Message]] = {}
        for message in sent(cell):
            if message.get("kind") == CheckKind.ERROR:
                errors[message.get("case", "")] = message
            else:
                values.setdefault(message["check"], []).append(message)
        verdicts: list[Verdict] = []
        fingerprints: dict[str, Fingerprint] = {}
        for check, expected in self.expected.checks[name].items():
            if expected["kind"] == CheckKind.MODEL:
                verdicts += self.networks(expected, folder)
                continue
            hidden = check not in self.expected.visible.get(name, ())
            weight = float(expected["weight"])
            verdict = Verdict(check, Status.PASSED, weight=weight, hidden=hidden, kind=CheckKind(expected["kind"]))
            got = values.get(check, [])
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
        """Count unchanged arguments, conditions and known values only in cases where a drawn value is right too.

        Code that computes nothing would also pass such checks.
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


def why_missing(cell: NotebookNode, expected: Message, errors: dict[str, Message], code: Sequence[str]) -> Found:
    """Return the status of a check that sent no value, and why.

    errors: the exceptions of the cell by their case; code: the sources of the student's cells
    """
    error = errors.get(expected.get("case", "")) or errors.get("")
    if error is not None:
        text = f"{error.get('error')}{error.get('where', '')}"
        if error.get("exception") == NotImplementedError.__name__:
            return Status.EMPTY, text, "a TODO block is still empty (run the cell to see which one)"
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
    missing = "the check cell sent no value for this check"
    return Status.NOT_REACHED, missing, missing


def score(verdicts: list[Verdict], points: float) -> float:
    """Return the points of a cell: the share of passed checks by weight, rounded to 0.01; 0 if nothing was checked."""
    total = sum(verdict.weight for verdict in verdicts)
    passed = sum(verdict.weight for verdict in verdicts if verdict.passed)
    return round(points * passed / total, 2) if total else 0.0
