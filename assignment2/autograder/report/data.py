"""What a graded course folder holds, as plain data: points from the gradebook, verdicts from `autograded/`."""

import ast
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from tqdm import tqdm

from autograder.course.key import ASSIGNMENT, STUB, grade_id, is_solution, source_tree
from autograder.integration.converters import course_directory, load_config
from autograder.judging.judge import Verdict

# Why a person should look at a submission, what matters most first.
NOT_GRADABLE, MISSING, CUT_SHORT = "not gradable", "missing", "cut short"
SUSPICIOUS, CHANGED, REPAIRED = "suspicious", "check cell changed", "repaired"
REASONS = (NOT_GRADABLE, MISSING, CUT_SHORT, SUSPICIOUS, CHANGED, REPAIRED)


class Cell(NamedTuple):
    """A graded cell of the assignment: a check cell or a written answer."""

    notebook: str
    name: str
    points: float


class Remark(NamedTuple):
    """Something that a person should look at. reason: one of REASONS; notebook: "" for the whole submission."""

    reason: str
    notebook: str
    text: str


class Grade(NamedTuple):
    """The points of one cell. waiting: a written answer that nobody has graded yet."""

    points: float
    waiting: bool


@dataclass
class Notebook:
    """What is read from one autograded notebook.

    order: the graded cells as they follow each other
    verdicts: by check cell; empty where the submitted notebook was not gradable
    code: the student's solution cells in one normal form, "" where all of them are still empty
    """

    order: list[str] = field(default_factory=list)
    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    code: str = ""


@dataclass
class Submission:
    """One student's work. grades: by cell; notebooks: by name, those that could be read; lms_id: the user id there."""

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_id: str = ""
    late_seconds: float = 0.0
    penalty: float = 0.0
    grades: dict[Cell, Grade] = field(default_factory=dict)
    notebooks: dict[str, Notebook] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def raw(self) -> float:
        """Points before the penalty for being late."""
        return sum(grade.points for grade in self.grades.values())

    @property
    def total(self) -> float:
        return max(0.0, self.raw - self.penalty)

    @property
    def waiting(self) -> int:
        """How many written answers nobody has graded yet."""
        return sum(grade.waiting for grade in self.grades.values())

    @property
    def name(self) -> str:
        """Last name, first name; the id where the gradebook has no name."""
        return ", ".join(part for part in (self.last_name, self.first_name) if part) or self.student

    def points(self, cell: Cell) -> float:
        return self.grades[cell].points if cell in self.grades else 0.0

    def verdicts(self, cell: Cell) -> list[Verdict]:
        notebook = self.notebooks.get(cell.notebook)
        return notebook.verdicts.get(cell.name, []) if notebook else []


@dataclass
class Course:
    """The graded class. not_graded: students who handed in but are not in the gradebook."""

    cells: list[Cell]
    submissions: list[Submission]
    not_graded: list[str]

    @property
    def maximum(self) -> float:
        return sum(cell.points for cell in self.cells)

    @property
    def notebooks(self) -> dict[str, list[Cell]]:
        """The graded cells by notebook."""
        found: dict[str, list[Cell]] = {}
        for cell in self.cells:
            found.setdefault(cell.notebook, []).append(cell)
        return found


def read_course(folder: Path) -> Course:
    """Read a course folder; raises FileNotFoundError where there is none, or no graded submission in it."""
    nothing = f"no graded submission in {folder}: run `autograder grade` first"
    directory = course_directory(load_config(folder))
    if not any((folder / "autograded").glob(f"*/{ASSIGNMENT}")):
        raise FileNotFoundError(nothing)  # before the gradebook is opened, which would make an empty one
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        try:
            notebooks = gradebook.find_assignment(ASSIGNMENT).notebooks
            submitted = gradebook.assignment_submissions(ASSIGNMENT)
        except MissingEntry:
            raise FileNotFoundError(nothing) from None
        graded = [(n.name, cell) for n in notebooks for cell in (*n.grade_cells, *n.task_cells)]
        cells = {(notebook, cell.name): Cell(notebook, cell.name, cell.max_score) for notebook, cell in graded}
        submissions = [submission_of(folder, s, cells) for s in tqdm(submitted, desc="reading", unit="student")]
    if not submissions:
        raise FileNotFoundError(nothing)
    submissions.sort(key=lambda submission: submission.student)
    handed_in = {path.parent.name for path in (folder / "submitted").glob(f"*/{ASSIGNMENT}")}
    not_graded = sorted(handed_in - {submission.student for submission in submissions})
    return Course(in_order(list(cells.values()), submissions), submissions, not_graded)


def in_order(cells: list[Cell], submissions: list[Submission]) -> list[Cell]:
    """Sort cells as the notebooks have them; the gradebook does not know their order."""
    order = {name: notebook.order for submission in submissions for name, notebook in submission.notebooks.items()}

    def place(cell: Cell) -> tuple[str, int]:
        names = order.get(cell.notebook, [])
        return cell.notebook, names.index(cell.name) if cell.name in names else len(names)

    return sorted(cells, key=place)


def submission_of(folder: Path, entry: SubmittedAssignment, cells: dict[tuple[str, str], Cell]) -> Submission:
    """Put together what the gradebook and the autograded notebooks say about one student."""
    student = entry.student
    submission = Submission(
        student.id, student.first_name or "", student.last_name or "", student.email or "", student.lms_user_id or "",
        late_seconds=entry.total_seconds_late, penalty=entry.late_submission_penalty,
    )  # fmt: skip
    for notebook in sorted(entry.notebooks, key=lambda notebook: notebook.name):
        for grade in notebook.grades:
            submission.grades[cells[notebook.name, grade.name]] = Grade(grade.score, grade.needs_manual_grade)
        path = folder / "autograded" / student.id / ASSIGNMENT / f"{notebook.name}.ipynb"
        try:
            found = read_notebook(path)
        except FileNotFoundError:
            submission.remarks.append(Remark(MISSING, notebook.name, "was not handed in"))
        except Exception as error:  # malformed files raise many kinds, and none of them may stop the report
            reason = f"the autograded notebook cannot be read: {type(error).__name__} {error}"[:200]
            submission.remarks.append(Remark(NOT_GRADABLE, notebook.name, reason))
        else:
            submission.notebooks[notebook.name] = found
            submission.remarks += found.remarks
    return submission


def read_notebook(path: Path) -> Notebook:
    """Read an autograded notebook; raises whatever its damage leads to."""
    judged = nbformat.v4.reads(path.read_text(encoding="utf-8"))  # not validated: six times as fast, and it is ours
    repairs = judged.metadata.get("cs231n", {}).get("repairs", [])
    found = Notebook(
        order=[grade_id(cell) for cell in judged.cells if cell.metadata.get("nbgrader", {}).get("grade")],
        remarks=[Remark(reason_of(text), path.stem, text.removeprefix("not gradable: ")) for text in repairs],
    )
    if any(remark.reason == NOT_GRADABLE for remark in found.remarks):
        return found
    for cell in judged.cells:
        name, ours = grade_id(cell) or cell.get("id", ""), cell.metadata.get("cs231n", {})
        if ours.get("status", "done") != "done":
            found.remarks.append(Remark(CUT_SHORT, path.stem, f"{name} {ours['status']}"))
        if "verdicts" in ours:
            found.verdicts[name] = [Verdict(**verdict) for verdict in ours["verdicts"]]
    found.code = code_of(judged)
    return found


def reason_of(repair: str) -> str:
    """Return which of REASONS a line of the sanitiser's repairs is."""
    if repair.startswith("not gradable"):
        return NOT_GRADABLE
    return CHANGED if "the check cell was changed" in repair else REPAIRED


def code_of(notebook: NotebookNode) -> str:
    """Return the solution cells that were filled in, without comments and formatting."""
    empty = STUB.splitlines()[-1]
    filled = [c for c in notebook.cells if c.cell_type == "code" and is_solution(c) and empty not in c.source]
    return "\n".join(f"# {grade_id(cell)}\n{ast.unparse(source_tree(cell))}" for cell in filled)
