"""The configuration of nbgrader that every course folder uses; `nbgrader_config.py` is one call of it."""

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    GetGrades,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from traitlets.config import Config

from autograder.course import nbgrader_options
from autograder.preprocessors import ExecuteFromStore, HideFromStudents, Judge, Sanitise, TolerantExporter


def configure(c: Config) -> None:
    """Set the options of one course into `c`, the object that a Jupyter configuration file gets."""
    c.merge(nbgrader_options())
    c.CourseDirectory.course_id = "cs231n"
    c.Execute.timeout = 900  # of nbgrader validate, which runs the experiments too
    c.Autograde.exporter_class = TolerantExporter
    c.Autograde.sanitize_preprocessors = [Sanitise, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]
    c.Autograde.autograde_preprocessors = [
        ExecuteFromStore,
        Judge,
        LimitOutput,
        SaveAutoGrades,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    c.GenerateFeedback.preprocessors = [GetGrades, HideFromStudents, CSSHTMLHeaderPreprocessor]
