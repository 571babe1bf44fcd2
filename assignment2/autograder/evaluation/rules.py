"""The rules by which a course has its submissions evaluated."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from autograder.course.assignment import Assignment
from autograder.course.catalogue import known_mistakes
from autograder.course.key import Key, load_key
from autograder.execution.executions import Executions, executions_in
from autograder.execution.job import ExecutionOptions, Runtime
from autograder.judging.expected import Expected, expected_values
from autograder.judging.judge import CheckJudge
from autograder.judging.networks import NetworkJudge


@dataclass(frozen=True)
class Rules:
    """How a course has its submissions evaluated: plain data, which can be sent to another process.

    store: the folder of the executions; seed: that of the held-out images
    remote: whether only what is in the store may be used, because a cluster executes
    """

    assignment: Assignment
    store: Path
    options: ExecutionOptions
    seed: int
    remote: bool = False

    def key(self, name: str) -> Key:
        """Return the key of a notebook."""
        return load_key(self.assignment, name)

    def executions(self) -> Executions:
        """Return the executions of the course."""
        return executions_in(self.store, self.remote)

    def judge(self, key: Key) -> CheckJudge:
        """Return the judge of a notebook; raises KeyFails if the key does not pass its own checks."""
        networks = NetworkJudge(key, self.seed)
        return CheckJudge(expected_of(key, self.executions()), networks, known_mistakes(key))


def expected_of(key: Key, executions: Executions) -> Expected:
    """Return what the judge expects; executes the key if this machine, as it is now, has not done so yet."""
    return _expected_of(key, executions, repr(Runtime.current(key.assignment.frameworks)))


@lru_cache(maxsize=16)
def _expected_of(key: Key, executions: Executions, runtime: str) -> Expected:
    return expected_values(key, executions)
