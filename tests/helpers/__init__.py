"""What several test files share: courses to grade, submissions to hand in, paths of the repository."""

from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
ASSIGNMENT = "assignment2"
