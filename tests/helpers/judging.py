"""Executing and judging one notebook, without a course around it."""

from autograder.course.catalogue import known_mistakes
from autograder.course.cells import grade_id, is_check
from autograder.judging.judge import CheckJudge
from autograder.submission.preparation import make_job, merge


def judge_notebook(notebook, key, executions, expected):
    """Return the executed notebook and the verdicts of each check cell that is not about a file of weights."""
    executed = merge(notebook, executions.results(make_job(notebook, key)))
    judge = CheckJudge(expected, lambda message, folder: [], known_mistakes(key))
    verdicts = {grade_id(cell): judge.cell(cell, key.folder) for cell in executed.cells if is_check(cell)}
    return executed, verdicts
