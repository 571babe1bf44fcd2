"""What a worker does for one submission: everything but writing to the gradebook.

It lays out the judged notebooks in a folder, and returns plain data of limited size.
"""

import pickle
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from traitlets.config import Config

from autograder.core.errors import SubmissionError
from autograder.core.files import Unusable
from autograder.core.timestamps import read_timestamp
from autograder.core.upstream import time_zone
from autograder.evaluation.evaluate import Evaluation, evaluate, limited
from autograder.evaluation.rules import Rules
from autograder.execution.executions import NotExecuted
from autograder.execution.job import Job
from autograder.grading.changes import Statuses, differences, statuses
from autograder.grading.digests import digest_of_result
from autograder.grading.kept import keep, kept
from autograder.grading.logs import write_log
from autograder.grading.rows import remarks_in
from autograder.integration.converters import Transcript, convert_one, load_config
from autograder.integration.entering import Marks
from autograder.integration.entry import entry_of
from autograder.integration.laying_out import LayOut, laid_out
from autograder.submission.arrangement import arrange
from autograder.submission.reading import NotGradable, read_submission

MAX_BYTES = 128 * 2**20  # of the judged notebooks, and of an answer, pickled


class TooLarge(SubmissionError):
    """A submission whose judged notebooks are too large."""


@dataclass(frozen=True)
class Task:
    """One submission to evaluate.

    names: those of the assignment's notebooks; wanted: those of all files that it asks for
    digest: that of the course, from `digest_of_course`
    again: whether to judge even what would get the same result
    """

    student: str
    names: list[str]
    wanted: list[str]
    rules: Rules
    digest: str
    again: bool


@dataclass
class Answer:
    """The result of a task.

    remarks: what the instructor should know
    marks: what has to be entered; None if the result would be the earlier one, or if jobs lack outputs
    missing: the jobs whose outputs have to be in the store first
    changed: a line for each check whose status differs from the earlier result; None if there is no earlier result
    executed: the number of jobs that were executed for it
    """

    remarks: list[str]
    marks: Marks | None = None
    missing: list[Job] = field(default_factory=list)
    changed: list[str] | None = None
    executed: int = 0


def evaluated(task: Task) -> bytes:
    """Evaluate a submission; returns its Answer, pickled.

    Raises SubmissionError if the submission cannot be used or takes too much time or memory, GraderError for a problem
    of the grader.
    """
    with limited():
        packed = pickle.dumps(answer(task), pickle.HIGHEST_PROTOCOL)
    require_room(len(packed))
    return packed


def require_room(size: int) -> None:
    """Raise TooLarge for more bytes than are kept of one submission."""
    if size > MAX_BYTES:
        raise TooLarge(f"its notebooks have {size / 2**20:.0f} MB of text and pictures: clear their outputs")


def unpacked(packed: bytes) -> Answer:
    """Return the Answer that `evaluated` pickled."""
    found: Answer = pickle.loads(packed)
    return found


def answer(task: Task) -> Answer:
    """Read a submission, and evaluate its notebooks unless the result would be the earlier one."""
    folder = arrange(task.rules.assignment, task.student, task.wanted)
    submission = read_submission(folder, task.names)
    digest = digest_of_result(submission, task.digest)
    judged = task.rules.assignment.autograded(task.student)
    before, remarks = kept(judged)
    if digest == before and not task.again:
        return Answer(remarks)
    if not submission.notebooks:
        nothing = f"none of {', '.join(f'{name}.ipynb' for name in task.names)} was handed in"
        raise NotGradable("; ".join([nothing, *submission.remarks]))
    found = Answer(list(submission.remarks))
    executions = task.rules.executions()
    executed = executions.executed
    evaluations: dict[str, Evaluation] = {}
    for name in submission.notebooks:
        try:
            evaluations[name] = evaluate(submission, folder, name, task.rules)
        except NotExecuted as lacking:
            found.missing.append(lacking.job)
    found.executed = executions.executed - executed
    if not found.missing:
        finish(found, evaluations, folder, task)
        keep(laid_out(judged), digest, found.remarks)
    return found


def finish(found: Answer, evaluations: dict[str, Evaluation], folder: Path, task: Task) -> None:
    """Add the results of the notebooks to an answer, and lay the notebooks out. folder: that of the submission"""
    assignment, config = task.rules.assignment, load_config(task.rules.assignment)
    if before := statuses(assignment.autograded(task.student)):
        found.changed = differences(before, statuses_of(evaluations))
    time, remarks = time_and_remarks(folder, config)
    found.remarks = [*remarks, *found.remarks]
    for name, evaluation in sorted(evaluations.items()):
        found.remarks += [f"{name}: {text}" for text in remarks_in(evaluation.notebook)]
    entries = {name: entry_of(evaluation, config) for name, evaluation in sorted(evaluations.items())}
    require_room(sum(len(entry.text) for entry in entries.values()))
    scores = {name: entry.scores for name, entry in entries.items()}
    comments = {name: entry.comments for name, entry in entries.items()}
    found.marks = Marks(task.student, time, scores, comments)
    transcript = Transcript()
    try:
        convert_one(LayOut, config, task.student, list(entries), transcript, entries=entries)
    finally:
        write_log(assignment, task.student, transcript.text)


def statuses_of(evaluations: dict[str, Evaluation]) -> Statuses:
    """Return the status of every check of a submission. evaluations: by notebook"""
    return {
        (name, cell, verdict.check): verdict.status
        for name, evaluation in evaluations.items()
        for cell, verdicts in evaluation.verdicts.items()
        for verdict in verdicts
    }


def time_and_remarks(folder: Path, config: Config) -> tuple[datetime | None, list[str]]:
    """Return when a submission was handed in, None if that is unknown, and a remark if its time cannot be read."""
    try:
        return read_timestamp(folder, time_zone(config)), []
    except Unusable as problem:
        return None, [f"{problem}: whether it is late is unknown"]


def require_key(rules: Rules, name: str) -> None:
    """Execute the key of one notebook unless its outputs are stored; raises KeyFails if it fails its own checks."""
    rules.judge(rules.key(name))
