"""Running nbgrader's own converters in this process, with their log."""

import errno
import io
import logging
import sys
from collections.abc import Mapping
from pathlib import Path

from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import OperationalError
from traitlets.config import Config, PyFileConfigLoader
from traitlets.log import get_logger

from autograder.core.errors import GraderError
from autograder.course.assignment import ASSIGNMENT
from autograder.integration.steps import PREPARED
from autograder.submission.preparation import Prepared


class NoCourse(GraderError):
    """A folder is not a course, or lacks a part of one."""


class ConversionFailed(GraderError):
    """nbgrader could not do its part; the message is the gist, `log` is all that nbgrader said."""

    def __init__(self, message: str, log: str):
        super().__init__(message)
        self.log = log


class Transcript(logging.StreamHandler[io.StringIO]):
    """Keeps what nbgrader says. caught: the last exception that it reported and did not pass on."""

    caught: BaseException | None = None

    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self.setFormatter(logging.Formatter("%(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        if record.levelno >= logging.ERROR:
            self.caught = sys.exc_info()[1] or self.caught

    @property
    def text(self) -> str:
        return self.stream.getvalue()


def is_graders_trouble(error: BaseException) -> bool:
    """Tell whether an exception is about the grader's machine, course, disk or database, and not about a notebook."""
    full = isinstance(error, OSError) and error.errno == errno.ENOSPC
    return full or isinstance(error, GraderError | OperationalError)


def load_config(course: Path) -> Config:
    """Read the `nbgrader_config.py` of a course folder; raises NoCourse where there is none that can be read."""
    if not (course / "nbgrader_config.py").exists():
        raise NoCourse(f"{course} is no course folder: it has no nbgrader_config.py; name one with --course FOLDER")
    try:
        config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    except GraderError:
        raise
    except Exception as error:  # whatever an instructor's own Python raises
        raise NoCourse(f"{course / 'nbgrader_config.py'} cannot be read: {type(error).__name__}: {error}") from error
    config.CourseDirectory.root = str(course)
    return config


def course_directory(config: Config, student: str = "*") -> CourseDirectory:
    directory = CourseDirectory(config=config)
    directory.assignment_id, directory.student_id = ASSIGNMENT, student
    directory.ignore = ["*"]  # beside notebooks nothing is copied, above all not what a link in a submission points to
    return directory


def convert(
    converter: type[BaseConverter],
    config: Config,
    student: str = "*",
    prepared: Mapping[tuple[str, str], Prepared] | None = None,
) -> str:
    """Run one converter and return its log; raises ConversionFailed with the last error it logged.

    prepared: notebooks that the steps need not prepare any more, by student and name
    The grader's trouble in one of its steps is raised as it is, though nbgrader reports it like a broken notebook.
    """
    logger, transcript = get_logger(), Transcript()
    assert isinstance(logger, logging.Logger)  # traitlets' own; an adapter is only what applications set
    level, handlers, propagate = logger.level, logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [transcript], False
    logger.setLevel(logging.INFO)
    try:
        running = converter(coursedir=course_directory(config, student), config=config, force=True)
        setattr(running, PREPARED, dict(prepared or {}))
        running.start()
    except (Exception, SystemExit) as error:  # NbGraderException, or what nbgrader did not foresee
        if not isinstance(error, NbGraderException):
            logger.error("%s: %s", type(error).__name__, error)
        if transcript.caught is not None and is_graders_trouble(transcript.caught):
            raise transcript.caught from None
        raise ConversionFailed(gist(transcript.text) or str(error), transcript.text) from error
    finally:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
    return transcript.text


def gist(log: str) -> str:
    """Return the line of nbgrader's log that says most, "" where there is none: a person reads it, nothing else."""
    lines = [line for line in log.split("\n") if line and not line.startswith((" ", "INFO", "WARNING"))]
    found = next((line for line in lines if "Error" in line.partition(":")[0]), lines[0] if lines else "")
    return found.removeprefix("ERROR ")
