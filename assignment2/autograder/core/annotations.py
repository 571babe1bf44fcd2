"""What the grader notes in the notebooks of `autograded/`: the one place that reads and writes `metadata["cs231n"]`.

Only notebooks that the grader wrote are read; nothing here is taken from what a student handed in.
"""

from dataclasses import asdict
from typing import Any

from nbformat import NotebookNode

from autograder.core.results import CheckKind, Repair, RepairKind, Status, Verdict

FIELD = "cs231n"


def note_repairs(notebook: NotebookNode, repairs: list[Repair]) -> None:
    _note(notebook, "repairs", [asdict(repair) for repair in repairs])


def repairs_of(notebook: NotebookNode) -> list[Repair]:
    found = _noted(notebook, "repairs", [])
    return [Repair(RepairKind(repair["kind"]), repair["cell"], repair["text"]) for repair in found]


def note_edition(notebook: NotebookNode, name: str) -> None:
    _note(notebook, "edition", name)


def edition_of(notebook: NotebookNode) -> str:
    """Return the name of the edition that a notebook was handed out as, "" if nothing was handed out."""
    return str(_noted(notebook, "edition", ""))


def note_status(cell: NotebookNode, status: Status) -> None:
    _note(cell, "status", status)


def status_of(cell: NotebookNode) -> Status | None:
    """Return how an executed cell ended, None if it was not executed (a text, an experiment, an empty cell)."""
    found = _noted(cell, "status", None)
    return None if found is None else Status(found)


def note_verdicts(cell: NotebookNode, verdicts: list[Verdict]) -> None:
    """Note verdicts, without what is as usual: there are more than a thousand in a submission."""
    usual = vars(Verdict("", Status.PASSED))
    noted = [{name: value for name, value in vars(verdict).items() if value != usual[name]} for verdict in verdicts]
    _note(cell, "verdicts", noted)


def verdicts_of(cell: NotebookNode) -> list[Verdict] | None:
    """Return the verdicts on a check cell, None if it was not judged."""
    found = _noted(cell, "verdicts", None)
    return None if found is None else [_verdict(noted) for noted in found]


def _verdict(noted: dict[str, Any]) -> Verdict:
    status, kind = Status(noted.get("status", Status.PASSED)), CheckKind(noted.get("kind", CheckKind.EQUAL))
    return Verdict(**{"check": "", **noted, "status": status, "kind": kind})


def _note(node: NotebookNode, name: str, value: object) -> None:
    node.metadata.setdefault(FIELD, {})[name] = value


def _noted(node: NotebookNode, name: str, default: object) -> Any:
    return node.metadata.get(FIELD, {}).get(name, default)
