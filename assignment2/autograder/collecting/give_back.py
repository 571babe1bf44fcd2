"""Put feedback pages into a zip that an LMS gives to students: under the names that it gave to what they handed in."""

import os
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from autograder.collecting.placing import Record, read_record
from autograder.collecting.systems import CANVAS, MOODLE, SYSTEMS
from autograder.core.errors import GraderError
from autograder.course.assignment import Assignment

TAKES_PAGES = (CANVAS.name, MOODLE.name)


class CannotGiveBack(GraderError):
    """There is nothing to give back, or no way to do it; the message says why."""


def give_back(assignment: Assignment, target: Path, system: str | None = None) -> list[str]:
    """Write the feedback pages of all who handed in through one LMS into a zip; returns lines for the instructor.

    target: the zip, which must not exist; system: the LMS's name, by default the one that submissions came from
    Raises CannotGiveBack if the zip exists, no pages fit, or the LMS is unknown or takes no pages.
    """
    if target.exists():
        raise CannotGiveBack(f"{target} exists: name another file")
    folders = sorted(assignment.course.glob(f"feedback/*/{assignment.name}"))
    if not folders:
        raise CannotGiveBack("there are no pages in feedback/: run `autograder grade` first")
    records = {folder: read_record(assignment, folder.parent.name) for folder in folders}
    system = system or only_system(records)
    fitting = {
        folder: record for folder, record in records.items() if record and record.names and record.system == system
    }
    pages = {
        name_of(page, record): page for folder, record in fitting.items() for page in sorted(folder.glob("*.html"))
    }
    if not pages:
        raise CannotGiveBack(f"no feedback for submissions from {system}: run `autograder collect` and `grade` first")
    part = target.with_name(f"{target.name}.part")
    with ZipFile(part, "w", ZIP_DEFLATED) as archive:
        for name, page in pages.items():
            archive.write(page, name)
    os.replace(part, target)
    left_out = [folder.parent.name for folder in folders if folder not in fitting]
    told = [f"{target}: {len(pages)} pages of {len(fitting)} students, for {system}"]
    return told + [f"  not in it, because it was not collected from {system}: {', '.join(left_out)}"] * bool(left_out)


def only_system(records: dict[Path, Record | None]) -> str:
    """Return the LMS that all submissions came from; raises CannotGiveBack if there are several, or it takes no zip."""
    found = {record.system for record in records.values() if record}
    if len(found) != 1:
        several = f"submissions were collected from {', '.join(sorted(found))}: choose one with --for"
        raise CannotGiveBack(several if found else "no submission came from an LMS: run `autograder collect` first")
    (system,) = found
    if system not in TAKES_PAGES:
        raise CannotGiveBack(f"{system} takes no feedback in a zip; the pages are in feedback/")
    return system


def name_of(page: Path, record: Record) -> str:
    """Return the name of a page in the zip: the LMS's name for the student's file, with the page's name at its end."""
    handed_in = record.names.get(f"{page.stem}.ipynb") or next(iter(record.names.values()), "")
    match = SYSTEMS[record.system].pattern.fullmatch(handed_in)
    if match is None:
        raise CannotGiveBack(
            f"{page}: its student's file is not named as {record.system} names files: {handed_in!r}. Collect again"
        )
    return handed_in[: match.start("file")] + page.name
