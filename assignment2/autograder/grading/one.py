"""Grade one submission by itself, in a temporary course with the same key; the course itself keeps only executions."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from autograder.core.annotations import verdicts_of
from autograder.core.errors import GraderError
from autograder.core.notebooks import read
from autograder.core.results import Verdict
from autograder.course.assignment import CONFIGURATION, Assignment
from autograder.course.cells import is_check, name_of, points_of
from autograder.course.copying import copy_key
from autograder.course.held_out import copy_held_out
from autograder.grading.run import Options, grade
from autograder.submission import archive
from autograder.submission.folders import is_left_out
from autograder.submission.reading import MAX_WEIGHTS_BYTES

REGISTRY = "gradebook.db"
STUDENT = "one"
ENDINGS = (".ipynb", ".npz", ".py")
EXECUTIONS = "executions"


@dataclass(frozen=True)
class Cell:
    """A graded cell. points: earned by checks; None for a written answer, which a person grades"""

    notebook: str
    name: str
    points: float | None
    maximum: float
    verdicts: list[Verdict]


@dataclass(frozen=True)
class Graded:
    """One submission, graded. remarks: what the instructor should know about it"""

    cells: list[Cell]
    remarks: list[str]

    @property
    def points(self) -> float:
        """Return the points that checks gave."""
        return sum(cell.points or 0.0 for cell in self.cells)

    @property
    def maximum(self) -> float:
        """Return the points that checks can give at most."""
        return sum(cell.maximum for cell in self.cells if cell.points is not None)


def grade_one(assignment: Assignment, handed_in: Path, no_sandbox: bool = False) -> Graded:
    """Grade what one student handed in: a zip of `hand_in()`, a notebook, or a folder with notebooks and weights.

    Executions are stored in the course, as always. Its gradebook and its submissions do not change.
    Raises GraderError if `handed_in` is none of these, and whatever `autograder.grading.run.grade` raises.
    """
    with TemporaryDirectory() as scratch:
        copy = Path(scratch) / "course"
        copy.mkdir()
        make_scratch_course(assignment.course, copy)
        scratch_assignment = replace(assignment, course=copy.resolve())
        take(handed_in, scratch_assignment.submitted(STUDENT))
        outcome = grade(scratch_assignment, Options(workers=1, no_sandbox=no_sandbox, feedback=False))
        if outcome.set_aside:
            raise GraderError(outcome.set_aside[STUDENT])
        cells = [cell for path in sorted((copy / "autograded").rglob("*.ipynb")) for cell in cells_of(path)]
        return Graded(cells, outcome.rows[0].remarks)


def make_scratch_course(course: Path, folder: Path) -> None:
    """Make a course with the same key, configuration and seeds, and with its own gradebook."""
    if not (course / REGISTRY).exists() or not (course / CONFIGURATION).exists():
        raise GraderError(
            f"{course} is not a released course: run autograder release, or name the course with --course"
        )
    copy_key(course, folder)
    copy_held_out(course, folder)
    shutil.copy(course / REGISTRY, folder)
    (course / EXECUTIONS).mkdir(exist_ok=True)
    (folder / EXECUTIONS).symlink_to(course / EXECUTIONS)
    with (folder / CONFIGURATION).open("a", encoding="utf-8") as file:  # not the database of the class
        file.write(f"\nget_config().CourseDirectory.db_url = {f'sqlite:///{folder / REGISTRY}'!r}\n")


def take(handed_in: Path, target: Path) -> None:
    """Copy what was handed in to the folder that it is read from; raises GraderError if it has nothing to grade."""
    target.mkdir(parents=True)
    if handed_in.is_dir():
        for path in handed_in.iterdir():
            if path.suffix in ENDINGS and path.is_file() and not path.is_symlink():
                shutil.copy(path, target)
    elif handed_in.suffix == ".zip":
        unpack(handed_in, target)
    elif handed_in.is_file():
        shutil.copy(handed_in, target)
    if not any(target.iterdir()):
        raise GraderError(f"{handed_in} holds no notebook: name a zip of hand_in(), a notebook, or a folder of them")


def unpack(handed_in: Path, target: Path) -> None:
    """Unpack the notebooks, weights and Python files of a zip, whatever folders they are in."""
    try:
        with archive.opened(handed_in) as opened:
            for member in archive.members(opened):
                name = PurePosixPath(member.path).name
                if name.endswith(ENDINGS) and not is_left_out(name) and not member.problem:
                    (target / name).unlink(missing_ok=True)  # the last one of a name counts
                    member.copy_to(target / name, MAX_WEIGHTS_BYTES)
    except (archive.Refused, OSError) as error:
        raise GraderError(f"{handed_in} cannot be unpacked: {error}") from None


def cells_of(path: Path) -> list[Cell]:
    """Return the graded cells of a judged notebook."""
    found = []
    for cell in read(path).cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            points = float(cell.outputs[0].data["text/plain"]) if is_check(cell) else None
            verdicts = verdicts_of(cell) or []
            found.append(Cell(path.stem, name_of(cell).removeprefix("test_"), points, points_of(cell), verdicts))
    return found
