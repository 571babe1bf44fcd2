"""The results of executing and judging a submission: the types in which facts are passed between the folders."""

from dataclasses import dataclass, field
from enum import StrEnum

from nbformat import NotebookNode


class Status(StrEnum):
    """How a cell or a check ended. A check takes the status of its cell if the cell ended before it sent a value."""

    # of a cell: it ended by itself, it was cut short by one of FAULTS, or its turn never came
    DONE = "done"
    TIMED_OUT = "timed out"
    KILLED = "killed"
    TOO_MUCH_OUTPUT = "too much output"
    OUT_OF_MEMORY = "out of memory"
    TOO_MANY_PROCESSES = "too many processes"
    BROKEN_MESSAGES = "broken messages"
    NOT_REACHED = "not reached"
    # of a check
    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    EMPTY = "still empty"  # the step's TODO block was not filled in


FAULTS = (
    Status.TIMED_OUT,
    Status.KILLED,
    Status.TOO_MUCH_OUTPUT,
    Status.OUT_OF_MEMORY,
    Status.TOO_MANY_PROCESSES,
    Status.BROKEN_MESSAGES,
)


@dataclass(frozen=True)
class CellResult:
    """The result of executing one code cell. outputs: in the notebook format; none is trusted"""

    status: Status
    outputs: list[NotebookNode]


class RepairKind(StrEnum):
    """What was repaired in a submitted notebook before it was graded."""

    NOT_GRADABLE = "not gradable"  # nothing could be used: an untouched notebook takes its place
    CHECK_CHANGED = "check cell changed"
    CELL_MISSING = "cell missing"
    CELL_REPEATED = "cell repeated"
    CELL_RETYPED = "cell retyped"
    ID_LOST = "id lost"
    REORDERED = "reordered"
    MOVED = "moved"  # it was in another place than its own
    UNPLACED = "unplaced"  # it may be an answer, and a person has to say to which question
    NOT_RUN = "not run"  # a name is needed that only an experiment computes
    LEFT_OUT = "left out"  # it is not a cell, or too large
    DAMAGED = "damaged"  # something was replaced that no notebook may contain
    FILE_MISSING = "file missing"  # of weights, which a check asks for
    PICTURE_LOST = "picture lost"
    NEWER_PYTHON = "newer Python"  # the grader's Python cannot parse it, and the student's may
    OLDER_EDITION = "older edition"  # of the assignment than the one that grades it
    CLEANED = "cleaned"  # active content, which could have run in a reader's browser, was removed or is shown as text


@dataclass(frozen=True)
class Repair:
    """One repair. cell: the name of the cell, "" for the whole notebook; text: what to tell student and instructor."""

    kind: RepairKind
    cell: str
    text: str

    def __str__(self) -> str:
        about = self.cell or (self.kind if self.kind is RepairKind.NOT_GRADABLE else "")
        return f"{about}: {self.text}" if about else self.text


class CheckKind(StrEnum):
    """What a check compares; the values are the words that `cs231n.checks` sends."""

    EQUAL = "equal"  # values
    HOLDS = "holds"  # a condition
    UNCHANGED = "unchanged"  # arguments, before and after
    MODEL = "model"  # the accuracy of a network, from its file of weights
    ERROR = "error"  # nothing: an exception was raised instead


@dataclass
class Verdict:
    """The judge's verdict on one check: its status, its messages, and the hint if the mistake is known.

    message: for the instructor, may quote the submission; told: for the student, from a closed list, see
    `autograder.judging.told`; mistake: the name of the misconception in the catalog
    with_ours: the student's failed steps, if the check passed with the key's steps in their place
    """

    check: str
    status: Status
    message: str = ""
    hint: str = ""
    weight: float = 1.0
    hidden: bool = False
    kind: CheckKind = CheckKind.EQUAL
    mistake: str = ""
    told: str = ""
    with_ours: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether the check passed."""
        return self.status is Status.PASSED
