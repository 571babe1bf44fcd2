"""The log of each submission, `logs/<assignment>/<student>.log`: what nbgrader logged, and tracebacks."""

from pathlib import Path

from autograder.course.assignment import Assignment


def log_of(assignment: Assignment, student: str) -> Path:
    """Return the path of a student's log; makes its folder."""
    path = assignment.course / "logs" / assignment.name / f"{student}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_log(assignment: Assignment, student: str, text: str, append: bool = False) -> None:
    """Write text to the log of a submission. append: keep what the log contains"""
    with log_of(assignment, student).open("a" if append else "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
