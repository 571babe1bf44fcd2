"""Compare what a submission's checks sent out with what the key's checks sent out.

Only the key decides what is checked, with which tolerance and weight; from the submission come values and nothing
else. A value that is missing, sent twice or malformed fails. Nothing passes by default.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cs231n.checks import hints
from cs231n.checks.compare import difference, violation
from cs231n.checks.values import MIME_TYPE, MalformedValue, decode
from nbformat import NotebookNode

from autograder.core.results import Status
from autograder.course.key import Key, grade_id, is_check
from autograder.execution.executions import Executions
from autograder.submission.preparation import make_job, merge

PASSED, FAILED, ERROR = "passed", "failed", "error"


@dataclass
class Verdict:
    """The judge's word on one check: its status, what to tell the reader, and the hint where the mistake is known.

    kind: what the check compares: "equal" (values), "holds" (a condition), "unchanged" (arguments), "model" (accuracy)
    mistake: the misconception's name in the catalogue
    """

    check: str
    status: str
    message: str = ""
    hint: str = ""
    weight: float = 1.0
    hidden: bool = False
    kind: str = ""
    mistake: str = ""


@dataclass(frozen=True)
class Reference:
    """What the key's own check cells sent: for each cell, its checks in order, and which of them students see."""

    checks: dict[str, dict[str, dict]]
    visible: dict[str, set[str]]


def reference(key: Key, executions: Executions) -> Reference:
    """Execute the key, once with and once without its hidden checks; raises ValueError where it sends nothing."""
    checks = sent_by_cell(key.notebook, key, executions)
    visible = sent_by_cell(key.visible, key, executions)
    for cell, messages in checks.items():
        failed = [message["error"] for message in messages if message["kind"] == ERROR]
        if failed or not messages:
            reason = failed[0] if failed else "it sends no values"
            raise ValueError(f"the key does not pass its own check cell {cell} of {key.name}: {reason}")
        repeated = {m["check"] for m in messages if sum(m["check"] == other["check"] for other in messages) > 1}
        if repeated:
            raise ValueError(f"{cell} of {key.name} has several checks named {', '.join(sorted(repeated))}")
    return Reference(
        {cell: {m["check"]: m for m in messages} for cell, messages in checks.items()},
        {cell: {m["check"] for m in messages} for cell, messages in visible.items()},
    )


def sent_by_cell(notebook: NotebookNode, key: Key, executions: Executions) -> dict[str, list[dict]]:
    job = make_job(notebook, key)
    return sent_in(merge(notebook, executions.results(job)))


def sent_in(executed: NotebookNode) -> dict[str, list[dict]]:
    """Return what each check cell of an executed notebook sent out."""
    return {grade_id(cell): list(sent(cell)) for cell in executed.cells if is_check(cell)}


def sent(cell: NotebookNode) -> Iterable[dict]:
    """Yield what a check cell sent out, malformed messages left out: whoever sends them has sent nothing."""
    for output in cell.outputs:
        data = output.get("data")
        bundle = data.get(MIME_TYPE) if isinstance(data, dict) else None
        messages = bundle.get("checks") if isinstance(bundle, dict) else None
        for message in messages if isinstance(messages, list) else ():
            if isinstance(message, dict) and isinstance(message.get("check"), str):
                yield message


class Judge:
    """Judges the cells of one notebook of one submission.

    models: function of (a model check's message of the key, the submission's folder) -> list of verdicts
    known: fingerprints and hints of the catalogue, hidden checks included
    """

    def __init__(self, reference: Reference, models, known: dict):
        self.reference, self.models, self.known = reference, models, known

    def cell(self, cell: NotebookNode, folder: Path) -> list[Verdict]:
        """Return the verdicts of an executed check cell, in the order of the key."""
        name = grade_id(cell)
        theirs = list(sent(cell))
        errors = {m.get("case", ""): m for m in theirs if m.get("kind") == ERROR}
        verdicts, prints = [], {}
        for check, expected in self.reference.checks[name].items():
            if expected["kind"] == "model":
                verdicts += self.models(expected, folder)
                continue
            hidden = check not in self.reference.visible.get(name, ())
            verdict = Verdict(check, PASSED, weight=float(expected["weight"]), hidden=hidden, kind=expected["kind"])
            got = [m for m in theirs if m["check"] == check and m.get("kind") != ERROR]
            if len(got) == 1:
                verdict.status, verdict.message, print_ = judge_values(got[0], expected)
                prints |= {check: print_} if print_ else {}
            elif got:
                verdict.status, verdict.message = FAILED, "was sent more than once"
            else:
                verdict.status, verdict.message = self._why_missing(cell, expected, errors)
            verdicts.append(verdict)
        prints |= {case: hints.error_fingerprint(str(error.get("error"))) for case, error in errors.items()}
        self._name_mistakes(name, verdicts, prints)
        return verdicts

    def _why_missing(self, cell: NotebookNode, expected: dict, errors: dict) -> tuple[str, str]:
        error = errors.get(expected.get("case", "")) or errors.get("")
        if error is not None:
            return ERROR, f"{error.get('error')}{error.get('where', '')}"[:500]
        status = cell.metadata.get("cs231n", {}).get("status", Status.NOT_REACHED)
        if status != Status.DONE:
            return status, ""
        raised = next((output for output in cell.outputs if output.output_type == "error"), None)
        if raised is not None:
            return ERROR, f"{raised.get('ename')}: {raised.get('evalue')}"[:500]
        return Status.NOT_REACHED, "the check cell sent no value for it"

    def _name_mistakes(self, cell: str, verdicts: list[Verdict], prints: dict[str, list]) -> None:
        names = hints.recognise(prints, self.known["cells"].get(cell.removeprefix("test_"), {}))
        for verdict in verdicts:
            case = self.reference.checks[cell].get(verdict.check, {}).get("case")
            if verdict.status != PASSED:
                verdict.mistake = names.get(verdict.check) or names.get(case) or ""
                verdict.hint = self.known["hints"].get(verdict.mistake, "")


def judge_values(got: dict, expected: dict) -> tuple[str, str, list]:
    """Compare one check's values with the key's; returns the status, and of wrong values message and fingerprint."""
    try:
        theirs = {name: decode(got["values"][name]) for name in expected["values"]}
    except (MalformedValue, KeyError, TypeError) as error:
        return FAILED, f"a malformed value: {error}", []
    ours = {name: decode(value) for name, value in expected["values"].items()}
    if expected["kind"] == "holds":
        given = {name: decode(value) for name, value in expected["given"].items()}
        message = violation(expected["expression"], {**theirs, **given})
    else:
        messages = {name: difference(theirs[name], value, expected["tol"]) for name, value in ours.items()}
        wrong = [(name, message) for name, message in messages.items() if message]
        message = "; ".join(text if name == "value" else f"{name} {text}" for name, text in wrong)
        if message and expected["kind"] == "unchanged":
            message = f"{', '.join(name for name, _ in wrong)} modified in place: work on a copy"
    return (FAILED, message, hints.fingerprint(theirs)) if message else (PASSED, "", [])


def score(verdicts: list[Verdict], points: float) -> float:
    """Return the points of a cell: its share of passed checks by weight, 0 where nothing was checked."""
    total = sum(verdict.weight for verdict in verdicts)
    passed = sum(verdict.weight for verdict in verdicts if verdict.status == PASSED)
    return round(points * passed / total, 2) if total else 0.0
