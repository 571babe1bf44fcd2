"""Write what a worker has prepared: the same rows and files as nbgrader's autograde, in a fraction of its time.

nbgrader opens the gradebook a dozen times for each submission, looks up each cell separately and converts each notebook
twice.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.api import Comment, Grade, Gradebook
from nbgrader.preprocessors import AssignLatePenalties, LimitOutput, SaveAutoGrades
from traitlets.config import Config

from autograder.core.errors import GraderError
from autograder.integration.converters import AutogradeOne
from autograder.integration.entry import Entry
from autograder.integration.exchange import KeepForExchange, keep_for_exchange
from autograder.integration.gradebook import rows_of
from autograder.integration.steps import ExecuteFromStore, Judge, Sanitize

SANITIZE = [Sanitize, KeepForExchange]  # what nbgrader's autograde does for a course
AUTOGRADE = [ExecuteFromStore, Judge, LimitOutput, SaveAutoGrades, AssignLatePenalties]


class OtherSteps(GraderError):
    """A course configures steps that only nbgrader runs."""


def require_our_steps(config: Config) -> None:
    """Raise OtherSteps if nbgrader's autograde would run other steps than the ones whose results are entered here."""
    if (config.Autograde.sanitize_preprocessors, config.Autograde.autograde_preprocessors) != (SANITIZE, AUTOGRADE):
        raise OtherSteps("c.Autograde names preprocessors of your own, which only `nbgrader autograde` runs: use it")


class EnterOne(AutogradeOne):
    """nbgrader's autograde of one evaluated submission: nbgrader itself handles folders, hooks and permissions."""

    def __init__(self, *, entries: Mapping[str, Entry], gradebook: Gradebook, **options: Any):
        """entries: what to write, by notebook; gradebook: open"""
        self.entries, self.gradebook = entries, gradebook
        super().__init__(**options)

    def start(self) -> None:
        self.init_notebooks()
        self.convert_notebooks()

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        source = self._format_source(assignment_id, student_id)
        time = self.coursedir.get_existing_timestamp(source)
        enter(self.gradebook, assignment_id, student_id, time, self.entries)
        target = Path(self._format_dest(assignment_id, student_id))
        before = self.coursedir.format_path(self.coursedir.submitted_directory, student_id, assignment_id)
        keep_for_exchange(Path(before), target)

    def convert_single_notebook(self, notebook_filename: str) -> None:
        name = Path(notebook_filename).stem
        for repair in self.entries[name].repairs:
            self.log.warning("%s: %s: %s", self.coursedir.student_id, name, repair)
        folder = Path(self._format_dest(self.coursedir.assignment_id, self.coursedir.student_id))
        (folder / f"{name}.ipynb").write_text(self.entries[name].text, encoding="utf-8")


def enter(
    gradebook: Gradebook, assignment: str, student: str, time: datetime | None, entries: Mapping[str, Entry]
) -> None:
    """Write the points and comments of one submission as nbgrader's autograde does. What people entered stays.

    time: when it was handed in; None if that is unknown, and then a time that is in the gradebook stays
    `renew_penalties` sets the penalties of the whole class afterwards.
    """
    gradebook.update_or_create_student(student)
    known = {} if time is None else {"timestamp": time}
    submission = gradebook.update_or_create_submission(assignment, student, **known)
    for notebook, cell, grade in rows_of(gradebook, Grade, submission):
        grade.auto_score = entries[notebook].scores[cell] if notebook in entries else 0.0
        by_hand = grade.manual_score is not None or grade.auto_score is None
        grade.needs_manual_grade = notebook in entries and by_hand
    for notebook, cell, comment in rows_of(gradebook, Comment, submission):
        if notebook in entries:
            comment.auto_comment = entries[notebook].comments[cell]
    gradebook.db.commit()
