"""Running nbgrader's own converters in this process, with their log."""

import errno
import io
import logging
from collections.abc import Mapping
from pathlib import Path

from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
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


def load_config(course: Path) -> Config:
    """Read the `nbgrader_config.py` of a course folder; raises NoCourse where there is none."""
    if not (course / "nbgrader_config.py").exists():
        raise NoCourse(f"{course} is no course folder: it has no nbgrader_config.py; name one with --course FOLDER")
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
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
    """
    logger, text = get_logger(), io.StringIO()
    assert isinstance(logger, logging.Logger)  # traitlets' own; an adapter is only what applications set
    level, handlers, propagate = logger.level, logger.handlers, logger.propagate
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    try:
        running = converter(coursedir=course_directory(config, student), config=config, force=True)
        setattr(running, PREPARED, dict(prepared or {}))
        running.start()
    except (Exception, SystemExit) as error:  # NbGraderException, or what nbgrader did not foresee
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        if not isinstance(error, NbGraderException):
            logger.error("%s: %s", type(error).__name__, error)
        lines = [line for line in text.getvalue().split("\n") if line and not line.startswith((" ", "INFO", "WARNING"))]
        gist = next((line for line in lines if "Error" in line.partition(":")[0]), lines[0] if lines else str(error))
        raise ConversionFailed(gist.removeprefix("ERROR "), text.getvalue()) from error
    finally:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
    return text.getvalue()
