"""Delete executions that have not been used for some days."""

import time
from pathlib import Path

from autograder.execution.store import Store
from autograder.grading.lock import only_grader
from autograder.integration.converters import read_config
from autograder.integration.steps import store_of

SECONDS_OF_A_DAY = 86400


def clean(course: Path, days: int) -> tuple[int, int]:
    """Delete the executions of a course that have not been used for `days` days.

    Returns the numbers of bytes deleted and left. Raises CourseIsBusy while the course is being graded.
    """
    store = Store(store_of(read_config(course), course))
    with only_grader(course):
        deleted = store.clean(time.time() - days * SECONDS_OF_A_DAY)
    return deleted, store.size()
