"""The seed of the images that networks are measured on: each course draws its own and keeps it from students."""

import secrets
from pathlib import Path

from autograder.core.errors import GraderError

FILE = "held_out_seed"  # in the course folder, which students never get
BITS = 128


def course_seed(course: Path) -> int:
    """Return the seed of a course, drawn at the first call; raises GraderError for a file that holds something else."""
    path = course / FILE
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(f"{secrets.randbits(BITS)}\n")
    except FileExistsError:
        pass
    text = path.read_text(encoding="utf-8").strip()
    if not text.isdecimal():
        raise GraderError(f"{path} holds no seed, an integer: delete it, and a new one is drawn")
    return int(text)
