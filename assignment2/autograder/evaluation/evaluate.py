"""Evaluate what a student handed in: prepare, execute and judge it, and follow mistakes through.

How much time and memory that takes depends on what is in the files. So `autograder grade` calls this in a worker with
limits. Plain nbgrader calls it in its own process.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from nbformat import NotebookNode

from autograder.core.errors import SubmissionError
from autograder.core.time_limit import TookTooLong, time_limit
from autograder.course.assignment import Assignment
from autograder.course.cells import is_check, name_of
from autograder.course.key import Key
from autograder.evaluation.follow_through import Verdicts, count, second_run
from autograder.evaluation.rules import Rules
from autograder.execution.executions import Executions
from autograder.execution.job import Job
from autograder.execution.kernel.sandbox import require_hidden
from autograder.judging.judge import CheckJudge
from autograder.judging.messages import is_sent
from autograder.submission.preparation import merge, prepare
from autograder.submission.reading import Submission

SECONDS = 120.0  # of processor time for all notebooks of a submission, without kernels; most take less than 1 s


class TooMuch(SubmissionError):
    """A submission that took more time or memory than is allowed for one."""


@dataclass(frozen=True)
class Evaluation:
    """The result of one notebook.

    notebook: sanitized, cleaned and executed, with repairs and statuses noted, without what its checks sent
    verdicts: those on each of its check cells, by the cell's name
    """

    notebook: NotebookNode
    verdicts: Verdicts


@contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """Raise TooMuch if a block takes more processor time than this, or more memory than this process may have."""
    try:
        with without_collections(), time_limit(seconds):
            yield
    except TookTooLong:
        raise TooMuch(f"reading and judging it took more than {seconds:.0f} s of processor time") from None
    except MemoryError:
        raise TooMuch("reading and judging it took more memory than is allowed") from None


@contextmanager
def without_collections() -> Iterator[None]:
    """Look for no cycles of objects in a block: a submission is a hundred thousand objects and hardly any cycle, and to
    look at all that this process has takes as long as to judge a notebook."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def evaluate(submission: Submission, folder: Path, name: str, rules: Rules) -> Evaluation:
    """Evaluate one notebook of a submission.

    folder: the submission's, with its files of weights
    Raises what executing raises, NotExecuted included; DataSetMissing if the images to measure a network on are not
    on this machine.
    """
    executions = rules.executions()
    prepared = prepare(submission, rules.key(name), rules.options)
    judge = rules.judge(prepared.key)
    if prepared.job.sandboxed:
        require_hidden_key(rules.assignment)
    notebook = merge(prepared.notebook, executions.results(prepared.job))
    verdicts = verdicts_on(notebook, prepared.job, prepared.key, judge, executions, folder)
    for cell in filter(is_check, notebook.cells):
        cell.outputs = [output for output in cell.outputs if not is_sent(output)]
    return Evaluation(notebook, verdicts)


@lru_cache(maxsize=16)  # once in a process: nobody moves a course while it is graded
def require_hidden_key(assignment: Assignment) -> None:
    """Raise NoSandbox if a sandbox would show the key."""
    require_hidden(assignment.source)
    require_hidden(assignment.proof)


def verdicts_on(
    notebook: NotebookNode, job: Job, key: Key, judge: CheckJudge, executions: Executions, folder: Path
) -> Verdicts:
    """Judge the check cells of an executed notebook, and follow its mistakes through. job: the one that was executed"""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code" and not is_check(cell)]
    verdicts = {name_of(cell): judge.cell(cell, folder, code) for cell in notebook.cells if is_check(cell)}
    again = second_run(key, notebook, verdicts)
    if again.cells:
        for cell in again.executed(notebook, executions.results(replace(job, cells=again.cells))):
            count(verdicts, name_of(cell), judge.cell(cell, folder, code), again.instead[name_of(cell)])
    return verdicts
