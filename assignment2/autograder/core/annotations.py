"""What the grader notes in the notebooks of `autograded/`: nothing else reads and writes `metadata["cs231n"]`.

It reads only notebooks that the grader wrote, so nothing here comes from what a student handed in.
"""

from dataclasses import asdict
from typing import Any

from nbformat import NotebookNode

from autograder.core.results import CheckKind, Repair, RepairKind, Status, Verdict

FIELD = "cs231n"


def note_repairs(notebook: NotebookNode, repairs: list[Repair]) -> None:
    """Note what was repaired in a notebook."""
    _note(notebook, "repairs", [asdict(repair) for repair in repairs])


def repairs_of(notebook: NotebookNode) -> list[Repair]:
    """Return what was repaired in a notebook."""
    found = _noted(notebook, "repairs", [])
    return [Repair(RepairKind(repair["kind"]), repair["cell"], repair["text"]) for repair in found]


def note_edition(notebook: NotebookNode, name: str) -> None:
    """Note the name of the edition that a notebook was handed out as."""
    _note(notebook, "edition", name)


def edition_of(notebook: NotebookNode) -> str:
    """Return the name of the edition that a notebook was handed out as, "" if nothing was handed out."""
    return str(_noted(notebook, "edition", ""))


def note_status(cell: NotebookNode, status: Status) -> None:
    """Note how an executed cell ended."""
    _note(cell, "status", status)


def status_of(cell: NotebookNode) -> Status | None:
    """Return how an executed cell ended, None if it was not executed (a text, an experiment, an empty cell)."""
    found = _noted(cell, "status", None)
    return None if found is None else Status(found)


def note_verdicts(cell: NotebookNode, verdicts: list[Verdict]) -> None:
    """Note verdicts, except fields with their default values: a submission has more than a thousand verdicts."""
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
