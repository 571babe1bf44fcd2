"""Enter points and comments: the same rows as nbgrader's autograde, for many submissions in one transaction.

nbgrader opens the gradebook a dozen times for each submission, and makes and looks up each row separately.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    SolutionCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from nbgrader.preprocessors import AssignLatePenalties, LimitOutput, SaveAutoGrades
from sqlalchemy import Connection, bindparam, insert, select, update
from traitlets.config import Config

from autograder.core.errors import GraderError
from autograder.integration.exchange import KeepForExchange
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


@dataclass(frozen=True)
class Marks:
    """What has to be entered for a submission.

    time: when it was handed in; None if that is unknown, and then a time that is in the gradebook stays
    scores: by notebook and cell, None if a person has to give one; comments: by notebook and cell
    """

    student: str
    time: datetime | None
    scores: dict[str, dict[str, float | None]]
    comments: dict[str, dict[str, str | None]]

    def grade(self, notebook: str, cell: str, by_hand: float | None = None) -> dict[str, Any]:
        """Return the columns of a grade. by_hand: points that a person entered

        A notebook that was not handed in gets no points, and nothing in it has to be graded by a person.
        """
        if notebook not in self.scores:
            return {"auto_score": 0.0, "needs_manual_grade": False}
        score = self.scores[notebook][cell]
        return {"auto_score": score, "needs_manual_grade": by_hand is not None or score is None}

    def comment(self, notebook: str, cell: str) -> dict[str, Any]:
        """Return the columns of a comment."""
        return {"auto_comment": self.comments.get(notebook, {}).get(cell)}


class Ledger:
    """Enters marks of one assignment into the gradebook. What people entered there stays.

    `renew_penalties` sets the penalties of the whole class afterwards.
    """

    def __init__(self, gradebook: Gradebook, assignment: str):
        """gradebook: open; assignment: its name"""
        self._engine = gradebook.engine
        self._id = gradebook.find_assignment(assignment).id
        notebooks = select(Notebook.name, Notebook.id).where(Notebook.assignment_id == self._id)
        self._notebooks: dict[str, str] = dict(list(gradebook.db.execute(notebooks)))
        cells = select(Notebook.name, BaseCell.name, BaseCell.id, BaseCell.type).join(Notebook)
        self._cells = list(gradebook.db.execute(cells.where(Notebook.assignment_id == self._id)))

    def enter(self, batch: Sequence[Marks]) -> None:
        """Write the marks of several submissions: those of all, or none if an exception is raised."""
        there = select(SubmittedAssignment.student_id).where(
            SubmittedAssignment.assignment_id == self._id,
            SubmittedAssignment.student_id.in_([marks.student for marks in batch]),
        )
        with self._engine.begin() as connection:
            again = set(connection.scalars(there))
            if new := [marks for marks in batch if marks.student not in again]:
                self._add(connection, new)
            if again:
                self._change(connection, {marks.student: marks for marks in batch if marks.student in again})

    def _add(self, connection: Connection, batch: list[Marks]) -> None:
        """Add the rows of new submissions, and of new students."""
        students = [marks.student for marks in batch]
        known = set(connection.scalars(select(Student.id).where(Student.id.in_(students))))
        submissions, notebooks, grades, comments = [], [], [], []
        for marks in batch:
            submission, parts = new_uuid(), {name: new_uuid() for name in self._notebooks}
            submissions.append(
                {"id": submission, "assignment_id": self._id, "student_id": marks.student, "timestamp": marks.time}
            )
            notebooks += [
                {"id": part, "assignment_id": submission, "notebook_id": self._notebooks[name]}
                for name, part in parts.items()
            ]
            for notebook, name, cell, kind in self._cells:
                place = {"notebook_id": parts[notebook], "cell_id": cell}
                if kind != SolutionCell.__name__:  # a task cell has both
                    grades.append(place | marks.grade(notebook, name))
                if kind != GradeCell.__name__:
                    comments.append(place | marks.comment(notebook, name))
        add(connection, Student, [{"id": student} for student in students if student not in known])
        add(connection, SubmittedAssignment, submissions)
        add(connection, SubmittedNotebook, notebooks)
        add(connection, Grade, grades)
        add(connection, Comment, comments)

    def _change(self, connection: Connection, batch: dict[str, Marks]) -> None:
        """Change the rows of submissions that are there already. batch: by student"""
        which = {"assignment": self._id, "students": list(batch)}
        query = rows_of(Grade, Grade.id, Grade.manual_score, Grade.auto_score, Grade.needs_manual_grade, **which)
        grades, comments = [], []
        for student, notebook, cell, row, by_hand, *before in connection.execute(query):
            grade = batch[student].grade(notebook, cell, by_hand)
            if before != list(grade.values()):
                grades.append({"row": row, **grade})
        query = rows_of(Comment, Comment.id, Comment.auto_comment, **which)
        for student, notebook, cell, row, before in connection.execute(query):
            comment = batch[student].comment(notebook, cell)
            if notebook in batch[student].comments and before != comment["auto_comment"]:
                comments.append({"row": row, **comment})
        change(connection, Grade, grades)
        change(connection, Comment, comments)
        times = [{"student": marks.student, "timestamp": marks.time} for marks in batch.values() if marks.time]
        if times:
            theirs = SubmittedAssignment.student_id == bindparam("student")
            ours = SubmittedAssignment.assignment_id == self._id
            connection.execute(update(SubmittedAssignment).where(ours, theirs), times)


def add(connection: Connection, kind: type[Any], rows: list[dict[str, Any]]) -> None:
    """Add rows to a table."""
    if rows:
        connection.execute(insert(kind), rows)


def change(connection: Connection, kind: type[Any], rows: list[dict[str, Any]]) -> None:
    """Change rows of a table. rows: the new columns, and as "row" the id"""
    if rows:
        connection.execute(update(kind).where(kind.id == bindparam("row")), rows)
