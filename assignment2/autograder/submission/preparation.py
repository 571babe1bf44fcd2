"""Make the job for what a student handed in, or for the key, and put its results into the notebook."""

from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.core.annotations import note_edition, note_repairs, note_status, repairs_of
from autograder.core.notebooks import copied, new_notebook
from autograder.core.results import CellResult, Repair, RepairKind
from autograder.course.cells import is_check, is_executed, is_solution, name_of, points_of, withheld_modules
from autograder.course.editions import Edition, cells_of, changed_cells, older_edition, steps_in
from autograder.course.key import Key, load_key
from autograder.execution.job import CodeCell, ExecutionOptions, Job, Role, Runtime
from autograder.execution.kernel import sandbox
from autograder.submission.cleaning import clean_code, clean_submission
from autograder.submission.markup import plain_text
from autograder.submission.newer_python import remarks_on_syntax
from autograder.submission.parsing import parse_notebook
from autograder.submission.reading import NotGradable, Submission
from autograder.submission.sanitize import sanitize


@dataclass(frozen=True)
class Prepared:
    """One notebook of a submission, ready to be executed.

    notebook: sanitized and cleaned, with its repairs noted; key: the one that it is graded by
    """

    notebook: NotebookNode
    job: Job
    repairs: list[Repair]
    key: Key


def prepare(submission: Submission, key: Key, options: ExecutionOptions) -> Prepared:
    """Sanitize and clean one notebook of a submission, and make its job.

    If the notebook cannot be used, an untouched one takes its place, with a repair that says so.
    """
    edition = None
    try:
        submitted, problems = parse_notebook(submission.notebooks[key.name], key.name)
        edition = older_edition(key.name, cells_of(submitted), key.handed_out, key.earlier)
        key, remarks = key_of_edition(edition, key)
        problems += remarks
    except NotGradable as problem:
        submitted = new_notebook()
        problems = [Repair(RepairKind.NOT_GRADABLE, "", plain_text(str(problem)))]
    notebook, repairs = sanitize(submitted, key)
    repairs = [repair for repair in repairs if not is_of_edition(repair, edition, key)]
    repairs += remarks_on_syntax(notebook.cells, submitted.metadata.get("language_info", {}).get("version", ""))
    repairs += [
        Repair(RepairKind.FILE_MISSING, cell, f"{file} was not handed in")
        for cell, file in key.weights.items()
        if file not in submission.weights
    ]
    repairs = problems + (repairs + clean_submission(notebook, {name_of(cell) for cell in key.template.cells}))
    note_repairs(notebook, repairs)
    note_edition(notebook, edition.name if edition else key.earlier[-1].name if key.earlier else "")
    return Prepared(notebook, make_job(notebook, key, submission.modules, options), repairs, key)


def key_of_edition(edition: Edition | None, key: Key) -> tuple[Key, list[Repair]]:
    """Return the key that a notebook is graded by, with a remark if its edition is not the key as it is now.

    edition: that of the notebook, None if it is the key as it is now; key: as it is now
    If another edition was handed out since, the key is that of the notebook's edition. Raises NotGradable if the
    instructor does not accept that edition any more, its key was not kept, or its cells or points were others.
    """
    if edition is None:
        return key, []
    changed = ", ".join(steps_in(changed_cells(edition.notebooks[key.name], key.handed_out)))
    if edition == key.earlier[-1]:
        return key, [remark(edition, f"graded by the key as it is now, which differs in {changed}")]
    if not edition.accepted:
        raise refused(edition, "which is not accepted any more")
    own = load_key(key.assignment.of_edition(edition.name), key.name)
    if not own.assignment.source.is_dir():
        raise refused(edition, "whose key was not kept")
    if other := changed_cells(graded_cells(own), graded_cells(key)):
        raise refused(edition, f"which had other points or cells in {', '.join(steps_in(other))}")
    return own, [remark(edition, f"graded by the key of that edition; changed since then: {changed}")]


def remark(edition: Edition, text: str) -> Repair:
    """Return a remark on a notebook of an older edition."""
    return Repair(RepairKind.OLDER_EDITION, "", f"handed in as edition {edition.name}, {text}")


def is_of_edition(repair: Repair, edition: Edition | None, key: Key) -> bool:
    """Return whether a check cell differs because the key was changed, and not because the student changed it."""
    if edition is None or repair.kind is not RepairKind.CHECK_CHANGED:
        return False
    return repair.cell in changed_cells(edition.notebooks[key.name], key.handed_out)


def refused(edition: Edition, why: str) -> NotGradable:
    """Return the error for a notebook of an edition that is not graded."""
    return NotGradable(
        f"this is edition {edition.name} of the notebook, {why}: copy your work into the new one "
        "(python start.py --from OLD_FOLDER) and hand that in"
    )


def graded_cells(key: Key) -> dict[str, str]:
    """Return what the gradebook records about the cells of a key, as text, by name."""
    graded = {name_of(cell): bool(cell.metadata.get("nbgrader", {}).get("grade")) for cell in key.notebook.cells}
    return {
        name_of(cell): f"{cell.cell_type} {is_solution(cell)} {graded[name_of(cell)]} {points_of(cell)}"
        for cell in key.notebook.cells
        if is_solution(cell) or graded[name_of(cell)]
    }


def make_job(
    notebook: NotebookNode,
    key: Key,
    files: dict[str, str] | None = None,
    options: ExecutionOptions = ExecutionOptions(),  # noqa: B008 (it is frozen)
    *,
    seed: str | None = None,
) -> Job:
    """Return the job for a sanitized notebook, or for a form of the key, on this machine.

    files: the Python modules that were handed in with it, text by path; seed: that of the checks' inputs, by default
    the key's
    """
    sandboxed = not sandbox.unavailable() if options.sandboxed is None else options.sandboxed
    seed = key.seed if seed is None else seed
    cells = tuple(map(code_cell, filter(is_executed, notebook.cells)))
    runtime = Runtime.current(key.assignment.frameworks)
    return Job(cells, runtime, key.definitions, files or {}, options.limits, sandboxed, seed, key.package)


def code_cell(cell: NotebookNode) -> CodeCell:
    """Return a notebook's cell as a cell of a job."""
    if is_check(cell):
        return CodeCell(cell.source, Role.CHECK, withheld_modules(cell))
    return CodeCell(cell.source)


def merge(notebook: NotebookNode, results: list[CellResult]) -> NotebookNode:
    """Return a copy of the notebook with the outputs of its job, cleaned, and each executed cell's status noted."""
    notebook = copied(notebook)
    repairs = repairs_of(notebook)
    for cell, result in zip(filter(is_executed, notebook.cells), results, strict=True):
        repairs += put_result(cell, result)
    note_repairs(notebook, repairs)
    return notebook


def put_result(cell: NotebookNode, result: CellResult) -> list[Repair]:
    """Give a cell its outputs, cleaned, and note its status, in place; return what a person should know about."""
    cell.outputs = list(result.outputs)
    note_status(cell, result.status)
    return clean_code(cell)
