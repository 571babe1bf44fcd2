"""What a worker does for one submission: everything but writing. It returns plain data of limited size."""

import pickle
from dataclasses import dataclass, field

from autograder.core.errors import SubmissionError
from autograder.course.key import files_asked_for
from autograder.evaluation.evaluate import Evaluation, evaluate, limited
from autograder.evaluation.rules import Rules
from autograder.execution.executions import NotExecuted
from autograder.execution.job import Job
from autograder.grading.changes import Statuses, statuses
from autograder.grading.digests import digest_of_result
from autograder.grading.rows import remarks_in
from autograder.integration.converters import load_config
from autograder.integration.entry import Entry, entry_of
from autograder.submission.arrangement import arrange
from autograder.submission.reading import NotGradable, read_submission

MAX_BYTES = 128 * 2**20  # of an answer, pickled


class TooLarge(SubmissionError):
    """A submission whose judged notebooks are too large."""


@dataclass(frozen=True)
class Task:
    """One submission to evaluate.

    names: those of the assignment's notebooks; digest: that of the course, from `digest_of_course`
    known: the digest of the result that is in the gradebook, "" for none
    """

    student: str
    names: list[str]
    rules: Rules
    digest: str
    known: str


@dataclass
class Answer:
    """The result of a task.

    digest: that of everything that the result depends on; remarks: what the instructor should know
    entries: what has to be written, by notebook; none if the result would be the known one, or if jobs lack outputs
    missing: the jobs whose outputs have to be in the store first
    before, statuses: the status of every check in the earlier result and in the new one
    executed: the number of jobs that were executed for it
    """

    digest: str
    remarks: list[str]
    entries: dict[str, Entry] = field(default_factory=dict)
    missing: list[Job] = field(default_factory=list)
    before: Statuses = field(default_factory=dict)
    statuses: Statuses = field(default_factory=dict)
    executed: int = 0


def evaluated(task: Task) -> bytes:
    """Evaluate a submission; returns its Answer, pickled.

    Raises SubmissionError if the submission cannot be used or takes too much time or memory, GraderError for a problem
    of the grader.
    """
    with limited():
        packed = pickle.dumps(answer(task), pickle.HIGHEST_PROTOCOL)
    if len(packed) > MAX_BYTES:
        raise TooLarge(f"its notebooks have {len(packed) / 2**20:.0f} MB of text and pictures: clear their outputs")
    return packed


def unpacked(packed: bytes) -> Answer:
    """Return the Answer that `evaluated` pickled."""
    found: Answer = pickle.loads(packed)
    return found


def answer(task: Task) -> Answer:
    """Read a submission, and evaluate its notebooks unless the result would be the known one."""
    wanted = files_asked_for({name: task.rules.key(name) for name in task.names})
    folder = arrange(task.rules.assignment, task.student, wanted)
    submission = read_submission(folder, task.names)
    found = Answer(digest_of_result(submission, task.digest), list(submission.remarks))
    if found.digest == task.known:
        return found
    if not submission.notebooks:
        nothing = f"none of {', '.join(f'{name}.ipynb' for name in task.names)} was handed in"
        raise NotGradable("; ".join([nothing, *submission.remarks]))
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
        fill_in(found, evaluations, task)
    return found


def fill_in(found: Answer, evaluations: dict[str, Evaluation], task: Task) -> None:
    """Add the results of the notebooks to an answer, in the form that is written."""
    config = load_config(task.rules.assignment)
    found.before = statuses(task.rules.assignment.autograded(task.student))
    found.statuses = {
        (name, cell, verdict.check): verdict.status
        for name, evaluation in evaluations.items()
        for cell, verdicts in evaluation.verdicts.items()
        for verdict in verdicts
    }
    for name, evaluation in sorted(evaluations.items()):
        found.remarks += [f"{name}: {text}" for text in remarks_in(evaluation.notebook)]
        found.entries[name] = entry_of(evaluation, config)


def require_key(rules: Rules, name: str) -> None:
    """Execute the key of one notebook unless its outputs are stored; raises KeyFails if it fails its own checks."""
    rules.judge(rules.key(name))
