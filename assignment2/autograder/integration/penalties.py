"""Penalties for being late, from the points as they are now: nbgrader sets them when it grades, and marking by hand
changes the points afterwards."""

from nbgrader.api import Gradebook, SubmittedAssignment
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from autograder.course.assignment import ASSIGNMENT


class Penalties:
    """The penalties that a course's configuration, or its own plugin, asks for."""

    def __init__(self, config: Config):
        step = AssignLatePenalties(config=config)
        step.init_plugin()
        self.plugin = step.plugin_inst

    def of(self, submission: SubmittedAssignment) -> dict[str, float | None]:
        """Return the penalty of each notebook of a submission, at most its points; None if there is none.

        What a person has entered for a late submission stays where the configuration asks for none.
        """
        late, student = submission.total_seconds_late, submission.student.id
        if late <= 0:
            return dict.fromkeys(notebook.name for notebook in submission.notebooks)
        found: dict[str, float | None] = {}
        for notebook in submission.notebooks:
            penalty = self.plugin.late_submission_penalty(student, notebook.score, late)
            capped = None if penalty is None else min(max(0.0, penalty), notebook.score)
            found[notebook.name] = notebook.late_submission_penalty if capped is None else capped
        return found


def renew_penalties(gradebook: Gradebook, config: Config) -> None:
    """Set the penalties of all submissions again."""
    penalties = Penalties(config)
    for submission in gradebook.assignment_submissions(ASSIGNMENT):
        current = penalties.of(submission)
        for notebook in submission.notebooks:
            if notebook.late_submission_penalty != current[notebook.name]:
                notebook.late_submission_penalty = current[notebook.name]
    gradebook.db.commit()
