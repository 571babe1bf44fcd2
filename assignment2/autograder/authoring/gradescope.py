"""Pack an autograder for Gradescope: the grader, the key and two scripts in one zip, which no student may get."""

from importlib import resources
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

import cs231n

import autograder
from autograder.authoring.archive import zipped
from autograder.authoring.new_course import new_course
from autograder.authoring.pins import pins
from autograder.authoring.wheel import GRADER, STUDENTS, wheel
from autograder.core.frameworks import FRAMEWORKS
from autograder.course.assignment import Assignment
from autograder.course.held_out import copy_held_out

SCRIPTS = ("setup.sh", "run_autograder")


def gradescope(assignment: Assignment, archive: Path) -> None:
    """Write the zip to upload to Gradescope: the course without its students, and everything that grading needs."""
    course = assignment.course
    wheels = dict(wheel(name, package) for name, package in ((STUDENTS, cs231n), (GRADER, autograder)))
    files = {name: script(name, assignment) for name in SCRIPTS}
    needed = pins(GRADER) | pins(STUDENTS, *(FRAMEWORKS[name] for name in assignment.frameworks))
    versions = [f"{name}=={version}" for name, version in sorted(needed.items()) if name != STUDENTS]
    files["requirements.txt"] = "\n".join([*(f"./{name}" for name in wheels), *versions, ""]).encode()
    with TemporaryDirectory() as scratch:
        copy = Path(scratch) / "course"
        new_course(course, copy)
        copy_held_out(course, copy)
        for path in sorted(copy.rglob("*")):
            if path.is_file():
                files[path.relative_to(scratch).as_posix()] = path.read_bytes()
    archive.write_bytes(zipped({**files, **wheels}))


def script(name: str, assignment: Assignment) -> bytes:
    """Return one of Gradescope's SCRIPTS for an assignment."""
    text = resources.files("autograder.authoring").joinpath("gradescope_scripts", name).read_text(encoding="utf-8")
    return Template(text).safe_substitute(assignment=assignment.name).encode()
