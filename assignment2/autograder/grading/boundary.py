"""Contain the errors of one submission: each becomes that student's outcome, and the rest of the class is graded."""

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

# problems of the grader itself stop a run: its machine, its disk, its database
GRADERS_OWN = (GraderError, OSError, SQLAlchemyError, CancelledError)
MAX_REASON = 300  # characters


class Boundary:
    """Records what goes wrong with each submission.

    reasons: by student, "not gradable: ..."
    set_aside: by student, why the grader could not grade this one submission
    """

    def __init__(self, assignment: Assignment):
        self.assignment = assignment
        self.reasons: dict[str, str] = {}
        self.set_aside: dict[str, str] = {}

    @contextmanager
    def around(self, student: str, outcome: str = "not gradable") -> Iterator[None]:
        """Turn an exception into the student's outcome, except problems of the grader itself and Ctrl-C.

        An unexpected exception, such as a programming error in the grader, is reported by its type. Its traceback goes
        into the student's log.
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
            if trouble_of_machine(error):  # a problem of the grader itself, which nbgrader may have wrapped
                raise
            write_log(self.assignment, student, traceback.format_exc(), append=True)
            self._note(student, outcome, f"{type(error).__name__}: {error}, see logs/")

    def _note(self, student: str, outcome: str, reason: str) -> None:
        self.reasons[student] = f"{outcome}: {' '.join(reason.split())}"[:MAX_REASON]
