"""The assignments of a course: the name of each, its folders, and the options that its release and judge share.

`course.toml` in the course folder says what differs from the defaults. Without it, each folder of `source/` that has
notebooks is an assignment.
"""

import tomllib
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cs231n.kit.notebooks import EMPTY_ANSWER, EMPTY_BLOCK
from traitlets.config import Config

from autograder.core.errors import GraderError
from autograder.core.frameworks import FRAMEWORKS, missing_frameworks

STUB = f'# YOUR CODE HERE\nraise NotImplementedError("{EMPTY_BLOCK}")'
SETTINGS, CONFIGURATION = "course.toml", "nbgrader_config.py"
COURSE_ID = "course"  # if the settings name none
ABOUT_THE_COURSE = {"id", "late"}
ABOUT_AN_ASSIGNMENT = {"title", "due", "package", "frameworks", "notebooks"}


class NoAssignment(GraderError):
    """A course has no such assignment, or several and none was named."""


class BadSettings(GraderError):
    """`course.toml` cannot be read, or has unknown names or wrong values."""


@dataclass(frozen=True)
class Assignment:
    """One assignment of a course.

    course: the course folder, absolute; name: that of its folders, and in the gradebook; title: for people
    due: when it has to be handed in, with a time zone; None if there is no due date
    package: the folder, in the course folder, of a package that its notebooks import; "" for none but `cs231n`
    frameworks: the modules, from `core.frameworks`, that have to be installed where it is graded
    hours: about how long each notebook takes, as text, in the order in which students work on them
    edition: the name of the earlier edition whose key is meant, "" for the key as it is now
    """

    course: Path
    name: str
    title: str = ""
    due: datetime | None = None
    package: str = ""
    frameworks: tuple[str, ...] = ()
    hours: dict[str, str] = field(default_factory=dict, compare=False)
    edition: str = ""

    def of_edition(self, name: str) -> "Assignment":
        """Return the assignment with the key that was kept for an edition."""
        return replace(self, edition=name)

    @property
    def usable(self) -> bool:
        """Whether its frameworks are installed here, so that its key can be executed."""
        return not missing_frameworks(self.frameworks)

    @property
    def source(self) -> Path:
        """The folder of the key's notebooks."""
        return self.kept / "source" if self.edition else self.course / "source" / self.name

    @property
    def release(self) -> Path:
        """The folder of what students get."""
        return self.course / "release" / self.name

    @property
    def proof(self) -> Path:
        """The folder of what proves the key: misconceptions, variants, reference values; as private as the key."""
        return self.kept / "proof" if self.edition else self.course / "proof" / self.name

    @property
    def kept(self) -> Path:
        """The folder of the key that was kept for an edition."""
        return self.course / "proof" / self.name / "editions" / self.edition

    def submitted(self, student: str) -> Path:
        """Return the folder of what a student handed in."""
        return self.course / "submitted" / student / self.name

    def autograded(self, student: str) -> Path:
        """Return the folder of a student's judged notebooks."""
        return self.course / "autograded" / student / self.name

    def feedback(self, student: str) -> Path:
        """Return the folder of a student's feedback pages."""
        return self.course / "feedback" / student / self.name


def settings(course: Path) -> dict[str, Any]:
    """Return what `course.toml` contains, {} if there is none; raises BadSettings if it cannot be used."""
    path = course / SETTINGS
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path} is not valid TOML: {error}") from error
    tables = {name: value for name, value in found.items() if isinstance(value, dict)}
    unknown = [name for name in found.keys() - tables.keys() if name not in ABOUT_THE_COURSE]
    unknown += [f"{table}.{name}" for table, value in tables.items() for name in value.keys() - ABOUT_AN_ASSIGNMENT]
    if not isinstance(found.get("late", 0), int | float) or not 0 <= found.get("late", 0) <= 1:
        raise BadSettings(f"{path}: late must be the share of the points lost for each day, from 0 to 1")
    if unknown:
        raise BadSettings(f"{path}: there is no setting {', '.join(sorted(unknown))}; see docs/instructors.md")
    return found


def assignments(course: Path) -> dict[str, Assignment]:
    """Return the assignments of a course by name: the folders of `source/` that hold notebooks.

    Raises BadSettings if `course.toml` cannot be used.
    """
    course = course.resolve()
    about = settings(course)
    folders = {path.parent for path in course.glob("source/*/*.ipynb")}
    return {folder.name: _assignment(course, folder.name, about.get(folder.name, {})) for folder in sorted(folders)}


def _assignment(course: Path, name: str, about: dict[str, Any]) -> Assignment:
    due, hours = about.get("due"), about.get("notebooks", {})
    if due is not None and (not isinstance(due, datetime) or due.tzinfo is None):
        raise BadSettings(f"{course / SETTINGS}: {name}.due must be a time with a zone: 2027-01-31T23:59:00-08:00")
    if not isinstance(hours, dict):
        raise BadSettings(f"{course / SETTINGS}: {name}.notebooks must be a table: hours by notebook, in working order")
    package = str(about.get("package", ""))
    if package and not (course / package / "__init__.py").is_file():
        raise BadSettings(f"{course / SETTINGS}: {name}.package: there is no package in {course / package}")
    frameworks = about.get("frameworks", [])
    if not isinstance(frameworks, list) or any(each not in list(FRAMEWORKS) for each in frameworks):
        raise BadSettings(f"{course / SETTINGS}: {name}.frameworks must be a list of {', '.join(FRAMEWORKS)}")
    hours = {notebook: str(each) for notebook, each in hours.items()}
    return Assignment(course, name, str(about.get("title", name)), due, package, tuple(frameworks), hours)


def chosen(course: Path, name: str | None = None) -> Assignment:
    """Return the assignment of a name, or the only one of a course whose frameworks are installed.

    Raises NoAssignment if there is none, or several and no name.
    """
    found = assignments(course)
    if name in found:
        return found[name]
    if not found and not (course / CONFIGURATION).exists():
        raise NoAssignment(f"{course} is not a course folder: it has no {CONFIGURATION}; name one with --course FOLDER")
    if not found:
        raise NoAssignment(f"there is no notebook in {course.resolve() / 'source'}: name a course with --course FOLDER")
    usable = [each for each in found.values() if each.usable]
    if name is None and len(usable or found) == 1:
        return (usable or [*found.values()])[0]
    problem = "name an assignment" if name is None else f"there is no assignment {name}"
    raise NoAssignment(f"{problem}: choose among {', '.join(found)}")


def nbgrader_options() -> Config:
    """Return the options of nbgrader that the release and the judge must agree on."""
    options = Config()
    options.ClearSolutions.code_stub = {"python": STUB}
    options.ClearSolutions.text_stub = EMPTY_ANSWER
    options.ClearMarkScheme.enforce_metadata = False  # the marking scheme is in the question's own cell
    return options
