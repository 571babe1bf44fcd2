"""Read what the gradebook holds of a whole class in one query: nbgrader needs several for each student."""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nbgrader.api import Assignment, Grade, Gradebook, Notebook, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import func, select


@dataclass(frozen=True)
class Part:
    """One notebook of a submission. id: that of its row; points: by checks and by people; penalty: None for none"""

    id: str
    points: float
    penalty: float | None


@dataclass(frozen=True)
class Standing:
    """One submission. time: when it was handed in, None if that is unknown; parts: its notebooks, by name"""

    time: datetime | None
    seconds_late: float
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def points(self) -> float:
        """Return the points of all notebooks, before penalties."""
        return math.fsum(part.points for part in self.parts.values())

    @property
    def penalty(self) -> float:
        """Return the penalties of all notebooks together."""
        return math.fsum(part.penalty or 0.0 for part in self.parts.values())


def standings(gradebook: Gradebook, assignment: str) -> dict[str, Standing]:
    """Return the submissions of an assignment by student."""
    submission = (SubmittedAssignment.student_id, SubmittedAssignment.timestamp, SubmittedAssignment.extension)
    part = (Notebook.name, SubmittedNotebook.id, SubmittedNotebook.late_submission_penalty)
    query = (
        select(*submission, Assignment.duedate, *part, func.coalesce(func.sum(Grade.score), 0.0))
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .outerjoin(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .where(Assignment.name == assignment)
        .group_by(*submission, Assignment.duedate, *part)
        .order_by(Notebook.name)
    )
    found: dict[str, Standing] = {}
    for student, time, extension, due, name, row, penalty, points in gradebook.db.execute(query):
        standing = found.setdefault(student, Standing(time, seconds_late(time, due, extension)))
        standing.parts[name] = Part(row, points, penalty)
    return found


def seconds_late(time: datetime | None, due: datetime | None, extension: timedelta | None) -> float:
    """Return how late a submission is; 0 if it is in time, or if one of both times is unknown."""
    if time is None or due is None:
        return 0.0
    return max(0.0, (time - due - (extension or timedelta())).total_seconds())
