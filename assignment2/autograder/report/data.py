"""Read a graded course folder as plain data: points from the gradebook, verdicts from `autograded/`."""

import ast
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode
from nbgrader.api import SubmittedAssignment
from tqdm import tqdm

from autograder.core.annotations import edition_of, repairs_of, status_of, verdicts_of
from autograder.core.errors import GraderError
from autograder.core.results import Repair, RepairKind, Status, Verdict
from autograder.course.assignment import Assignment
from autograder.course.cells import is_solution, name_of, tree_of
from autograder.course.key import keys
from autograder.integration.converters import load_config
from autograder.integration.gradebook import open_gradebook
from autograder.integration.penalties import Penalties
from autograder.integration.standings import standings
from autograder.submission.submitters import submitters


class Reason(StrEnum):
    """Why a person should look at a submission, the most important reason first."""

    NOT_GRADABLE = "not gradable"
    MISSING = "missing"
    CUT_SHORT = "cut short"
    SUSPICIOUS = "suspicious"
    CHANGED = "check cell changed"
    REPAIRED = "repaired"


class NothingGraded(GraderError):
    """There is nothing to report about."""


class Cell(NamedTuple):
    """A graded cell of the assignment: a check cell or a written answer."""

    notebook: str
    name: str
    points: float


class Remark(NamedTuple):
    """Something that a person should look at. notebook: "" for the whole submission."""

    reason: Reason
    notebook: str
    text: str


class Grade(NamedTuple):
    """The points of one cell. waiting: a written answer that nobody has graded yet."""

    points: float
    waiting: bool


@dataclass
class Notebook:
    """What is read from one autograded notebook.

    order: the names of the graded cells, in order
    verdicts: by check cell; empty if the submitted notebook was not gradable
    code: the student's solution cells in a normal form, "" if all of them are still empty
    edition: the name of the edition that it was handed out as, "" if that is not known
    """

    order: list[str] = field(default_factory=list)
    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    code: str = ""
    edition: str = ""


@dataclass
class StudentResult:
    """One student's work. grades: by cell; notebooks: those that could be read, by name; lms_id: the LMS's user id"""

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
        """Points before the penalty for lateness."""
        return sum(grade.points for grade in self.grades.values())

    @property
    def total(self) -> float:
        """Points after the penalty for lateness, at least 0."""
        return max(0.0, self.raw - self.penalty)

    @property
    def waiting(self) -> int:
        """The number of written answers that nobody has graded yet."""
        return sum(grade.waiting for grade in self.grades.values())

    @property
    def edition(self) -> str:
        """The names of the editions that the notebooks were handed out as."""
        return ", ".join(dict.fromkeys(each.edition for each in self.notebooks.values() if each.edition))

    @property
    def name(self) -> str:
        """Last name, first name; the id if the gradebook has no name."""
        return ", ".join(part for part in (self.last_name, self.first_name) if part) or self.student

    def points(self, cell: Cell) -> float:
        """Return the points of a cell, 0 if it has no grade."""
        return self.grades[cell].points if cell in self.grades else 0.0

    def verdicts(self, cell: Cell) -> list[Verdict]:
        """Return the verdicts on a check cell, [] if there are none."""
        notebook = self.notebooks.get(cell.notebook)
        return notebook.verdicts.get(cell.name, []) if notebook else []


@dataclass
class Course:
    """The graded class. assignment: its name; not_graded: students who handed in but are not in the gradebook."""

    assignment: str
    cells: list[Cell]
    submissions: list[StudentResult]
    not_graded: list[str]

    @property
    def maximum(self) -> float:
        """The points of all cells."""
        return sum(cell.points for cell in self.cells)

    @property
    def notebooks(self) -> dict[str, list[Cell]]:
        """The graded cells by notebook."""
        found: dict[str, list[Cell]] = {}
        for cell in self.cells:
            found.setdefault(cell.notebook, []).append(cell)
        return found


def read_course(assignment: Assignment) -> Course:
    """Read the graded submissions of an assignment.

    Raises NoCourse if it is not a course, BadKey if it has no readable key, NothingGraded if no submission is graded.
    """
    config = load_config(assignment)
    with open_gradebook(config) as gradebook:
        stubs = {name: key.stubs for name, key in keys(assignment).items()}
        notebooks = gradebook.find_assignment(assignment.name).notebooks
        submitted = gradebook.assignment_submissions(assignment.name)
        graded = [(n.name, cell) for n in notebooks for cell in (*n.grade_cells, *n.task_cells)]
        cells = {(notebook, cell.name): Cell(notebook, cell.name, cell.max_score) for notebook, cell in graded}
        bar = tqdm(submitted, desc="reading", unit="student", disable=not submitted)
        penalties, found = Penalties(config), standings(gradebook, assignment.name)
        late = {student: (each.seconds_late, penalties.of(student, each)) for student, each in found.items()}
        submissions = [submission_of(assignment, entry, cells, stubs, *late[entry.student_id]) for entry in bar]
    if not submissions:
        raise NothingGraded(f"no graded submission of {assignment.name}: run `autograder grade` first")
    submissions.sort(key=lambda submission: submission.student)
    handed_in = {name for name, problem in submitters(assignment).items() if not problem}
    not_graded = sorted(handed_in - {submission.student for submission in submissions})
    return Course(assignment.name, in_order(list(cells.values()), submissions), submissions, not_graded)


def in_order(cells: list[Cell], submissions: list[StudentResult]) -> list[Cell]:
    """Return cells in the order of the notebooks, which the gradebook does not know."""
    order = {name: notebook.order for submission in submissions for name, notebook in submission.notebooks.items()}

    def place(cell: Cell) -> tuple[str, int]:
        names = order.get(cell.notebook, [])
        return cell.notebook, names.index(cell.name) if cell.name in names else len(names)

    return sorted(cells, key=place)


def submission_of(
    assignment: Assignment,
    entry: SubmittedAssignment,
    cells: dict[tuple[str, str], Cell],
    stubs: dict[str, dict[str, str]],
    late_seconds: float,
    penalties: dict[str, float | None],
) -> StudentResult:
    """Return what the gradebook and the autograded notebooks say about one student.

    stubs: the sources of the solution cells in the release, by notebook and cell
    penalties: those for lateness, by notebook
    """
    student = entry.student
    submission = StudentResult(
        student.id, student.first_name or "", student.last_name or "", student.email or "", student.lms_user_id or "",
        late_seconds=late_seconds, penalty=sum(penalty or 0.0 for penalty in penalties.values()),
    )  # fmt: skip
    for notebook in sorted(entry.notebooks, key=lambda notebook: notebook.name):
        for grade in notebook.grades:
            submission.grades[cells[notebook.name, grade.name]] = Grade(grade.score, grade.needs_manual_grade)
        path = assignment.autograded(student.id) / f"{notebook.name}.ipynb"
        try:
            found = read_judged(path, stubs.get(notebook.name, {}))
        except FileNotFoundError:
            submission.remarks.append(Remark(Reason.MISSING, notebook.name, "was not handed in"))
        except Exception as error:  # a malformed file may raise anything, and must not stop the report
            reason = f"the autograded notebook cannot be read: {type(error).__name__} {error}"[:200]
            submission.remarks.append(Remark(Reason.NOT_GRADABLE, notebook.name, reason))
        else:
            submission.notebooks[notebook.name] = found
            submission.remarks += found.remarks
    return submission


def read_judged(path: Path, stubs: dict[str, str]) -> Notebook:
    """Read an autograded notebook; raises any exception if it is damaged."""
    judged = nbformat.v4.reads(path.read_text(encoding="utf-8"))  # the grader's: validating takes six times as long
    found = Notebook(
        order=[name_of(cell) for cell in judged.cells if cell.metadata.get("nbgrader", {}).get("grade")],
        remarks=[remark_on(repair, path.stem) for repair in repairs_of(judged)],
        edition=edition_of(judged),
    )
    if any(remark.reason is Reason.NOT_GRADABLE for remark in found.remarks):
        return found
    for cell in judged.cells:
        status, verdicts = status_of(cell), verdicts_of(cell)
        if status not in (None, Status.DONE):
            found.remarks.append(Remark(Reason.CUT_SHORT, path.stem, f"{name_of(cell)} {status}"))
        if verdicts is not None:
            found.verdicts[name_of(cell)] = verdicts
    found.code = code_of(judged, stubs)
    return found


REASON_OF_REPAIR = {
    RepairKind.NOT_GRADABLE: Reason.NOT_GRADABLE,
    RepairKind.CHECK_CHANGED: Reason.CHANGED,
}


def remark_on(repair: Repair, notebook: str) -> Remark:
    """Return the remark on a repair."""
    reason = REASON_OF_REPAIR.get(repair.kind, Reason.REPAIRED)
    return Remark(reason, notebook, repair.text if reason is Reason.NOT_GRADABLE else str(repair))


def code_of(notebook: NotebookNode, stubs: dict[str, str]) -> str:
    """Return the solution cells that were filled in, without comments and formatting.

    stubs: the sources of the cells in the release
    """
    solutions = [cell for cell in notebook.cells if cell.cell_type == "code" and is_solution(cell)]
    code = {name_of(cell): normalized(cell.source) for cell in solutions}
    filled = {name: text for name, text in code.items() if text != normalized(stubs.get(name, ""))}
    return "\n".join(f"# {name}\n{text}" for name, text in filled.items())


def normalized(source: str) -> str:
    """Return the source of a code cell without comments and formatting, or unchanged if it is nested too deeply."""
    try:
        return ast.unparse(tree_of(source))
    except RecursionError:  # such as a sum of a thousand terms
        return source
