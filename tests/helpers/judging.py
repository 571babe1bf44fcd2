"""Executing and judging one notebook, without a course around it."""

from autograder.course.catalogue import known_mistakes
from autograder.course.cells import grade_id, is_check
from autograder.evaluation.evaluate import verdicts_on
from autograder.judging.judge import CheckJudge
from autograder.submission.preparation import make_job, merge


def judge_notebook(notebook, key, executions, expected):
    """Return the executed notebook and the verdicts of each check cell that is not about a file of weights."""
    executed = merge(notebook, executions.results(make_job(notebook, key)))
    judge = CheckJudge(expected, lambda message, folder: [], known_mistakes(key))
    verdicts = {grade_id(cell): judge.cell(cell, key.assignment.source) for cell in executed.cells if is_check(cell)}
    return executed, verdicts


def follow_notebook_through(notebook, key, executions, expected):
    """Return the verdicts of each check cell as when grading: what fails only for an earlier step's sake counts."""
    job = make_job(notebook, key)
    executed = merge(notebook, executions.results(job))
    judge = CheckJudge(expected, lambda message, folder: [], known_mistakes(key))
    return verdicts_on(executed, job, key, judge, executions, key.assignment.source)
