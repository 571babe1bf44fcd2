"""Run nbgrader's own converters in this process, and capture their log."""

import io
import logging
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader
from traitlets.log import get_logger

from autograder.core.errors import GraderError
from autograder.core.trouble import trouble_of_machine
from autograder.course.assignment import Assignment, chosen
from autograder.submission.arrangement import ARRANGED, submission_folder

PATTERN = re.compile(r"[\[\]?*]|%[0-9A-Fa-f]{2}")  # nbgrader reads it as a pattern of names, SQLAlchemy as an escape


class NoCourse(GraderError):
    """A folder is not a course, or lacks a part of one."""


class ConversionFailed(GraderError):
    """nbgrader could not do its part; the message is the gist of its log, `log` is all of it."""

    def __init__(self, message: str, log: str):
        super().__init__(message)
        self.log = log


class Transcript(logging.StreamHandler[io.StringIO]):
    """Keeps what nbgrader logs. caught: the last exception that it logged and did not raise"""

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
        """What nbgrader has logged."""
        return self.stream.getvalue()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Send everything that nbgrader logs here, and nowhere else."""
        logger = get_logger()
        assert isinstance(logger, logging.Logger)  # traitlets' own; an adapter is only what applications set
        level, handlers, propagate = logger.level, logger.handlers, logger.propagate
        logger.handlers, logger.propagate = [self], False
        logger.setLevel(logging.INFO)
        try:
            yield
        finally:
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)


def is_graders_trouble(error: BaseException) -> bool:
    """Return whether an exception is a problem of the grader (machine, course, disk, database), not of a notebook."""
    return isinstance(error, GraderError) or bool(trouble_of_machine(error))


def load_config(assignment: Assignment) -> Config:
    """Return the configuration of a course, set to an assignment; raises NoCourse, see `read_config`."""
    config = read_config(assignment.course)
    config.CourseDirectory.assignment_id = assignment.name
    return config


def read_config(course: Path) -> Config:
    """Read the `nbgrader_config.py` of a course folder; raises NoCourse if there is none or it cannot be read."""
    if odd := PATTERN.search(str(course)):
        raise NoCourse(f"{course} has {odd[0]} in its path, which nbgrader misreads: rename the folder")
    if not (course / "nbgrader_config.py").exists():
        raise NoCourse(f"{course} is not a course folder: it has no nbgrader_config.py; name one with --course FOLDER")
    try:
        config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    except GraderError:
        raise
    except Exception as error:  # an instructor's own Python may raise anything
        raise NoCourse(f"{course / 'nbgrader_config.py'} cannot be read: {type(error).__name__}: {error}") from error
    config.CourseDirectory.root = str(course)
    return config


def course_directory(config: Config, student: str = "*") -> CourseDirectory:
    """Return nbgrader's directory of a course, for one student or for all; it reads arranged files if there are any."""
    directory = CourseDirectory(config=config)
    directory.student_id = student
    if submission_folder(assignment_of(config), student).parent.parent.name == ARRANGED:
        directory.submitted_directory = ARRANGED
    directory.ignore = ["*"]  # copy only notebooks, and above all not what a link in a submission points to
    return directory


def assignment_of(config: Config) -> Assignment:
    """Return the assignment that a configuration names, see `load_config`."""
    return chosen(Path(config.CourseDirectory.root), config.CourseDirectory.assignment_id)


class OneSubmission(BaseConverter):
    """Converts the notebooks of one student by name: no name is read as a pattern, nothing is copied, and an exception
    in a step is raised, where nbgrader would log it and continue."""

    def __init__(self, *, names: list[str], **options: Any):
        self.names = names
        super().__init__(**options)

    def init_notebooks(self) -> None:
        folder = Path(self._format_source(self.coursedir.assignment_id, self.coursedir.student_id))
        self.notebooks = [str(folder / f"{name}.ipynb") for name in self.names]

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Copy nothing, above all not what a link in a submission points to."""

    def convert_notebooks(self) -> None:
        whose = self.coursedir.assignment_id, self.coursedir.student_id
        try:
            if self.init_destination(*whose):
                self.run_pre_convert_hook()
                self.init_assignment(*whose)
                for notebook in self.notebooks:
                    self.convert_single_notebook(notebook)
                self.set_permissions(*whose)
                self.run_post_convert_hook()
        except BaseException:
            shutil.rmtree(self._format_dest(*whose), ignore_errors=True)
            raise


class AutogradeOne(Autograde, OneSubmission):
    """nbgrader's autograde of one submission; calls the methods of OneSubmission where it would call its own base's."""


class FeedbackOne(GenerateFeedback, OneSubmission):
    """nbgrader's feedback for one submission."""


def convert(converter: type[BaseConverter], config: Config) -> str:
    """Run one converter over everything and return its log; raises ConversionFailed with the last error in it.

    A problem of the grader in one of the steps is raised as it is, although nbgrader logs it like a broken notebook.
    """
    transcript = Transcript()
    with transcript.listening():
        try:
            converter(coursedir=course_directory(config), config=config, force=True).start()
        except (Exception, SystemExit) as error:  # NbGraderException, or what nbgrader does not expect
            if not isinstance(error, NbGraderException):
                get_logger().error("%s: %s", type(error).__name__, error)
            if transcript.caught is not None and is_graders_trouble(transcript.caught):
                raise transcript.caught from None
            raise ConversionFailed(gist(transcript.text) or str(error), transcript.text) from error
    return transcript.text


def convert_one(
    converter: type[OneSubmission],
    config: Config,
    student: str,
    names: list[str],
    transcript: Transcript,
    **options: Any,
) -> None:
    """Run a converter over one student's notebooks; raises ConversionFailed if nbgrader gives up, and what any of
    the steps raises.

    transcript: gets what nbgrader logs; options: further arguments of this kind of converter
    """
    directory = course_directory(config, student)
    with transcript.listening():
        running = converter(names=names, coursedir=directory, config=config, force=True, **options)
        try:
            running.start()
        except (NbGraderException, SystemExit) as error:
            raise ConversionFailed(gist(transcript.text) or str(error), transcript.text) from error


def gist(log: str) -> str:
    """Return the most informative line of nbgrader's log, "" if there is none: only people read it."""
    lines = [line for line in log.split("\n") if line and not line.startswith((" ", "INFO", "WARNING"))]
    found = next((line for line in lines if "Error" in line.partition(":")[0]), lines[0] if lines else "")
    return found.removeprefix("ERROR ")
