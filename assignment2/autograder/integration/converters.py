"""Running nbgrader's own converters in this process, with their log."""

import io
import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.converters import Autograde, GenerateFeedback
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


class OneSubmission(BaseConverter):
    """Converts the notebooks of one student, which are named: no name is taken for a pattern, nothing is copied, and
    whatever a step raises passes, where nbgrader would log it and go on."""

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


def convert(converter: type[BaseConverter], config: Config) -> None:
    """Run one of nbgrader's converters over all that there is; raises ConversionFailed where it gives up."""
    with nbgraders_log() as log:
        start(converter(coursedir=course_directory(config), config=config, force=True), log)


def convert_one(
    converter: type[OneSubmission],
    config: Config,
    student: str,
    names: list[str],
    log: io.StringIO,
    prepared: Mapping[tuple[str, str], Prepared] | None = None,
) -> None:
    """Run a converter over one student's notebooks; raises ConversionFailed where nbgrader gives up, and what any of
    the steps raises.

    log: gets what nbgrader says; prepared: notebooks that the steps need not prepare any more, by student and name
    """
    with nbgraders_log(log):
        running = converter(names=names, coursedir=course_directory(config, student), config=config, force=True)
        setattr(running, PREPARED, dict(prepared or {}))
        start(running, log)


def start(running: BaseConverter, log: io.StringIO) -> None:
    """Run a converter; raises ConversionFailed with the first error in its log where nbgrader gives up."""
    try:
        running.start()
    except (NbGraderException, SystemExit) as error:
        lines = [line for line in log.getvalue().split("\n") if line and not line.startswith((" ", "INFO", "WARNING"))]
        gist = next((line for line in lines if "Error" in line.partition(":")[0]), lines[0] if lines else str(error))
        failed = ConversionFailed(gist.removeprefix("ERROR "))
        failed.log = log.getvalue()
        raise failed from error


@contextmanager
def nbgraders_log(text: io.StringIO | None = None) -> Iterator[io.StringIO]:
    """Catch what nbgrader says, instead of letting it print that."""
    text = text or io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger = get_logger()
    level, handlers, propagate = logger.level, logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    try:
        yield text
    finally:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
