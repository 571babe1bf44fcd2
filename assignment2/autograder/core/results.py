"""What executing and judging a submission results in: the types that facts travel in between the rooms."""

from dataclasses import dataclass, field
from enum import StrEnum

from nbformat import NotebookNode


class Status(StrEnum):
    """How a cell or a check ended. A check takes the status of its cell if the cell ended before it sent a value."""

    # of a cell: it ended by itself, it was cut short for one of FAULTS, or its turn never came
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
    """What executing one code cell gave. outputs: as the notebook format has them; none is trusted."""

    status: Status
    outputs: list[NotebookNode]


class RepairKind(StrEnum):
    """What was repaired in a submitted notebook before it was graded."""

    NOT_GRADABLE = "not gradable"  # nothing could be used: an untouched notebook stands in its place
    CHECK_CHANGED = "check cell changed"
    CELL_MISSING = "cell missing"
    CELL_REPEATED = "cell repeated"
    CELL_RETYPED = "cell retyped"
    ID_LOST = "id lost"
    REORDERED = "reordered"
    MOVED = "moved"  # found in another place than its own
    UNPLACED = "unplaced"  # what may be an answer, and to which question is for a person to say
    NOT_RUN = "not run"  # what is needed and only an experiment computes
    LEFT_OUT = "left out"  # what is no cell, or too large
    DAMAGED = "damaged"  # what no notebook may hold was replaced
    FILE_MISSING = "file missing"  # of weights, which a check asks for
    PICTURE_LOST = "picture lost"
    NEWER_PYTHON = "newer Python"  # what the grader's cannot parse, and theirs may
    OLDER_EDITION = "older edition"  # of the assignment than the one that grades it
    CLEANED = "cleaned"  # what could have run in the browser of whoever reads it was taken out, or shown as text


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
    """What a check compares, by the word that `cs231n.checks` sends for it."""

    EQUAL = "equal"  # values
    HOLDS = "holds"  # a condition
    UNCHANGED = "unchanged"  # arguments, before and after
    MODEL = "model"  # the accuracy of a network, from its file of weights
    ERROR = "error"  # nothing: an exception came instead


@dataclass
class Verdict:
    """The judge's word on one check: its status, what to tell the reader, and the hint if the mistake is known.

    message: for the instructor, it may quote the submission; told: for the student, of a closed list, see
    `autograder.judging.told`; mistake: the misconception's name in the catalog
    with_ours: the student's steps that failed, if it passed with the key's in their place
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
        return self.status is Status.PASSED
