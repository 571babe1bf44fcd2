"""The collector plugin of our configuration, by which plain `nbgrader zip_collect` understands the names of LMSs.

It gets files one by one. So it cannot tell attempts apart if the LMS gives no time, and it replaces no file that
exists. `autograder collect` does both.
"""

import re
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from nbgrader.plugins.zipcollect import FileNameCollectorPlugin
from traitlets import List

from autograder.collecting.choosing import ENDINGS, belongs, known_names, proper_name
from autograder.collecting.roster import Roster, UnknownPerson, people_in
from autograder.collecting.systems import SYSTEMS, System, sender_of, time_of
from autograder.course.assignment import Assignment, chosen
from autograder.integration.converters import load_config
from autograder.integration.gradebook import open_gradebook


class LmsCollector(FileNameCollectorPlugin):
    """Finds the student and the proper name of a file by its path in `downloaded/`."""

    valid_ext = List(list(ENDINGS), help="Endings of the files that are collected.").tag(config=True)

    @cached_property
    def roster(self) -> Roster:
        """The people in the gradebook."""
        with open_gradebook(load_config(self.assignment)) as gradebook:
            return Roster(people_in(gradebook), closed=False)

    @cached_property
    def known(self) -> set[str]:
        """The names of the files that the assignment asks for."""
        return known_names(self.assignment)

    @property
    def assignment(self) -> Assignment:
        """The assignment that is collected."""
        return chosen(Path(self.parent.coursedir.root), self.parent.coursedir.assignment_id)

    def collect(self, submitted_file: str) -> dict[str, Any] | None:
        """Return the id of the student, the name of the file, and its time if known; None if it is not collected."""
        found = named_by_lms(Path(submitted_file))
        if found is None or not belongs(found[2]):
            return None
        system, match, file = found
        try:
            student = self.roster.id_of(sender_of(match, system))
        except UnknownPerson as problem:
            self.log.warning("%s: unknown person: %s", submitted_file, problem)
            return None
        collected: dict[str, Any] = {"student_id": student, "file_id": proper_name(Path(file).name, self.known)}
        if seconds := time_of(match, system, None):
            collected["timestamp"] = datetime.fromtimestamp(seconds, UTC)
        return collected


def named_by_lms(path: Path) -> tuple[System, re.Match[str], str] | None:
    """Return the LMS that named a file or a folder around it, the match of its pattern, and the student's name for the
    file; None if no LMS did.

    Folders count, because nbgrader has unpacked the students' own zips, each into a folder of its name.
    """
    for place in (path, *path.parents):
        for system in SYSTEMS.values():
            match = system.pattern.fullmatch(place.name) or system.pattern.fullmatch(f"{place.name}/{path.name}")
            if match and match["file"]:
                return system, match, match["file"] if place == path else str(path.relative_to(place))
    return None
