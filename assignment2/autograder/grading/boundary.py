"""Where the trouble of one submission ends: it becomes its student's own outcome, and the class goes on."""

import traceback
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from autograder.core.errors import GraderError, NotGraded, SubmissionError
from autograder.core.trouble import trouble_of_machine
from autograder.course.assignment import Assignment
from autograder.grading.logs import write_log
from autograder.integration.converters import ConversionFailed

# the grader's own trouble stops a run: its machine, its disk, its database
GRADERS_OWN = (GraderError, OSError, SQLAlchemyError, CancelledError)
MAX_REASON = 300  # characters


class Boundary:
    """Keeps what goes wrong with each submission.

    reasons: by student, "not gradable: ..."; set_aside: by student, the grader's trouble with this one submission
    """

    def __init__(self, assignment: Assignment):
        self.assignment = assignment
        self.reasons: dict[str, str] = {}
        self.set_aside: dict[str, str] = {}

    @contextmanager
    def around(self, student: str, outcome: str = "not gradable") -> Iterator[None]:
        """Let whatever is raised become the student's outcome, except the grader's own trouble and Ctrl-C.

        What nobody has foreseen, a programming error of the grader's included, is named by its type, and its traceback
        is in the student's log.
        """
        try:
            yield
        except (SubmissionError, ConversionFailed) as problem:
            self._note(student, outcome, str(problem))
        except NotGraded as problem:
            self.set_aside[student] = str(problem)
        except GRADERS_OWN:
            raise
        except Exception as error:  # RecursionError and MemoryError included
            if trouble_of_machine(error):  # of the grader's own too, where nbgrader has wrapped it
                raise
            write_log(self.assignment, student, traceback.format_exc(), append=True)
            self._note(student, outcome, f"{type(error).__name__}: {error}, see logs/")

    def _note(self, student: str, outcome: str, reason: str) -> None:
        self.reasons[student] = f"{outcome}: {' '.join(reason.split())}"[:MAX_REASON]
