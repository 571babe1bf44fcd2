"""The checks of a check cell: they give verdicts in the student's session, and send values to the judge in grading."""

import os
import sys

from cs231n.checks.sending import SendingChecks
from cs231n.checks.session import Checks

__all__ = ["checking"]


def checking(cell):
    """Open the check cell of the step `cell`; use as `with checking("affine_forward") as check:`."""
    caller = sys._getframe(1)
    checks = SendingChecks if os.environ.get("CS231N_CHECKS") == "send" else Checks
    return checks(cell, caller.f_globals, caller.f_code.co_filename)
