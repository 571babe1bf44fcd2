"""What nbgrader said about each submission, for the one who has to look into it: `logs/<student>.log`."""

from pathlib import Path

from autograder.course.assignment import Assignment


def log_of(assignment: Assignment, student: str) -> Path:
    """Return the file of a student's log, in a folder that is there."""
    path = assignment.course / "logs" / assignment.name / f"{student}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_log(assignment: Assignment, student: str, text: str, append: bool = False) -> None:
    """Keep what nbgrader said about a submission."""
    with log_of(assignment, student).open("a" if append else "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
