"""What a check cell calls: visible verdicts in the student's session, values sent to the judge while grading."""

from cs231n.checks.session import checking

__all__ = ["checking"]
