"""Set the penalties for late submissions by their current points: nbgrader sets penalties when it grades, and manual
grading changes the points afterwards."""

import math

from nbgrader.api import Gradebook, SubmittedNotebook
from nbgrader.plugins import BasePlugin
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import update
from traitlets import Float
from traitlets.config import Config

from autograder.integration.standings import Standing, standings

SECONDS_OF_A_DAY = 86400


class PerDay(BasePlugin):
    """Takes a share of the points for each day that has begun, such as `late = 0.1` in `course.toml`."""

    share = Float(0.0, help="The share of a notebook's points that a day costs, from 0 to 1.").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float:
        """Return the points that a notebook loses; other plugins may return None."""
        return score * min(1.0, self.share * math.ceil(total_seconds_late / SECONDS_OF_A_DAY))


class Penalties:
    """The penalties that a course's configuration, or its own plugin, sets."""

    def __init__(self, config: Config):
        step = AssignLatePenalties(config=config)
        step.init_plugin()
        self.plugin = step.plugin_inst

    def of(self, student: str, standing: Standing) -> dict[str, float | None]:
        """Return the penalty of each notebook of a submission, at most its points; None if there is none.

        What a person has entered for a late submission stays if the plugin returns None.
        """
        late = standing.seconds_late
        if late <= 0:
            return dict.fromkeys(standing.parts)
        found: dict[str, float | None] = {}
        for name, part in standing.parts.items():
            penalty = self.plugin.late_submission_penalty(student, part.points, late)
            found[name] = part.penalty if penalty is None else min(max(0.0, penalty), part.points)
        return found


def renew_penalties(gradebook: Gradebook, config: Config) -> None:
    """Compute the penalties of all submissions of a configuration's assignment again, and write those that differ."""
    penalties = Penalties(config)
    changed = [
        {"id": part.id, "late_submission_penalty": current[name]}
        for student, standing in standings(gradebook, config.CourseDirectory.assignment_id).items()
        for current in [penalties.of(student, standing)]
        for name, part in standing.parts.items()
        if part.penalty != current[name]
    ]
    if changed:
        gradebook.db.execute(update(SubmittedNotebook), changed)
    gradebook.db.commit()
