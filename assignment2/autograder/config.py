"""The configuration of nbgrader that every course folder uses; `nbgrader_config.py` is one call of it."""

from pathlib import Path

from nbgrader.converters import GenerateAssignment
from traitlets.config import Config

from autograder.collecting.nbgrader_plugin import LmsCollector
from autograder.core import upstream
from autograder.course.assignment import CONFIGURATION, COURSE_ID, nbgrader_options, settings
from autograder.integration.entering import AUTOGRADE, SANITIZE
from autograder.integration.exchange import MakeFitForRelease
from autograder.integration.exporters import TEMPLATE, TEMPLATES, PageExporter, SubmissionExporter
from autograder.integration.formgrader import TEMPLATES as FORMGRADER
from autograder.integration.formgrader import for_everybody
from autograder.integration.going_on import GoOnAfterErrors
from autograder.integration.marks import GetMarks
from autograder.integration.penalties import PerDay
from autograder.integration.policy import submission_policy
from autograder.integration.steps import HideFromStudents
from autograder.integration.summary import Summarize


def configure(c: Config, file: str = CONFIGURATION) -> None:
    """Set the options of one course in `c`, the object that a Jupyter configuration file gets.

    file: the path of that file, which is in the course folder
    """
    upstream.patch_nbgrader()
    upstream.change_formgrader(for_everybody, submission_policy, FORMGRADER)
    c.merge(nbgrader_options())
    about = settings(Path(file).parent)
    c.CourseDirectory.course_id = about.get("id", COURSE_ID)
    if "late" in about:
        c.AssignLatePenalties.plugin_class = PerDay
        c.PerDay.share = about["late"]
    c.Execute.timeout = 900  # seconds, for `nbgrader validate`, which runs the experiments too
    c.GenerateAssignment.preprocessors = [
        *GenerateAssignment.class_traits()["preprocessors"].default(),
        GoOnAfterErrors,
    ]
    c.Autograde.exporter_class = SubmissionExporter
    # Sanitize starts from the instructor's notebook, so nbgrader's own steps that restore it have nothing left to do.
    c.Autograde.sanitize_preprocessors = list(SANITIZE)
    c.Autograde.autograde_preprocessors = list(AUTOGRADE)
    c.ZipCollectApp.collector_plugin = LmsCollector
    c.GenerateFeedback.exporter_class = PageExporter
    c.GenerateFeedback.preprocessors = [GetMarks, HideFromStudents, Summarize, MakeFitForRelease]
    c.PageExporter.template_name = TEMPLATE
    c.PageExporter.extra_template_basedirs = [str(TEMPLATES)]
