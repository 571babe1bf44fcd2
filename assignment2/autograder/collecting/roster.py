"""Find the id of a person in the gradebook by what an LMS says about the person."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.collecting.systems import Sender
from autograder.core.errors import GraderError
from autograder.submission.reading import problem_of_name

# The names of the columns in nbgrader's own files, in Canvas's export of the gradebook and in Moodle's worksheet.
COLUMNS = {
    "sis login id": "id",
    "id": "id",
    "student_id": "id",
    "username": "login",
    "login": "login",
    "lms_user_id": "number",
    "identifier": "number",
    "email": "email",
    "email address": "email",
    "first_name": "first",
    "first name": "first",
    "last_name": "last",
    "last name": "last",
    "name": "name",
    "full name": "name",
    "student": "name",
}
CANVAS_ID = "sis login id"  # if there is this column, "ID" is Canvas's own number
POINTS_POSSIBLE = "points possible"  # the second line of Canvas's export, which is not a person


class BadRoster(GraderError):
    """A roster cannot be used; the message says why."""


class UnknownPerson(Exception):
    """Nobody fits, or more than one person does; the message says which."""


@dataclass(frozen=True)
class Person:
    """A student. id: that in the gradebook; number: the LMS's number of the user; name: in full"""

    id: str
    number: str = ""
    login: str = ""
    email: str = ""
    first: str = ""
    last: str = ""
    name: str = ""

    @property
    def logins(self) -> set[str]:
        """The id, login and e-mail address, in lower case."""
        return {each.casefold() for each in (self.id, self.login, self.email)} - {""}

    @property
    def names(self) -> set[str]:
        """The person's name as different LMSs write it, reduced to letters and digits."""
        last, comma, first = self.name.partition(",")
        written = [self.first + self.last, self.last + self.first, self.name, first + last if comma else ""]
        return {bare(each) for each in written} - {""}


class Roster:
    """The people of a course. closed: whether others are unknown; if not, they get the LMS's login or number as id"""

    def __init__(self, people: Iterable[Person], closed: bool):
        self.people, self.closed = list(people), closed

    def id_of(self, sender: Sender) -> str:
        """Return the id of the person who handed something in; raises UnknownPerson unless exactly one fits.

        The LMS's number is compared first, then login, id and e-mail address, then the name.
        """
        for fitting in (self._by_number(sender), *self._by_login(sender), self._by_name(sender)):
            if len(fitting) == 1:
                return fitting[0].id
            if fitting:
                ids = ", ".join(person.id for person in fitting)
                raise UnknownPerson(f"more than one person fits: {ids}")
        if self.closed:
            raise UnknownPerson("nobody in the roster fits")
        return sender.logins[-1] if sender.logins else f"{sender.system}-{sender.number}"

    def _by_number(self, sender: Sender) -> list[Person]:
        return [person for person in self.people if person.number and person.number == sender.number]

    def _by_login(self, sender: Sender) -> list[list[Person]]:
        """Return the people who fit each possible login, exactly or by the first part of an e-mail address."""
        found = []
        for login in filter(None, map(str.casefold, sender.logins)):
            found.append([person for person in self.people if login in person.logins])
            found.append([person for person in self.people if login == person.email.casefold().partition("@")[0]])
        return found

    def _by_name(self, sender: Sender) -> list[Person]:
        """Return the people with that name, except those whose number in the LMS is another."""
        name = bare(sender.name)
        return [each for each in self.people if name in each.names and not (each.number and sender.number)]


def bare(name: str) -> str:
    """Return the letters and digits of a name, in lower case."""
    return "".join(filter(str.isalnum, name.casefold()))


def people_in(gradebook: Gradebook) -> list[Person]:
    """Return the students of a gradebook."""
    return [
        Person(s.id, s.lms_user_id or "", "", s.email or "", s.first_name or "", s.last_name or "")
        for s in gradebook.students
    ]


def read_roster(path: Path) -> list[Person]:
    """Read a CSV file with a column for the id, and any of the other columns in COLUMNS.

    Raises BadRoster if it cannot be read, has no such column, or if an id is missing, invalid or repeated.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadRoster(f"{path} cannot be read as a CSV file in UTF-8: {error}") from None
    people = [each for each in map(person_in, rows) if each.name.casefold() != POINTS_POSSIBLE]
    if not people or not any(person.id for person in people):
        raise BadRoster(
            f"{path} needs a first line with the names of its columns, such as id, and a line for each person"
        )
    seen: set[str] = set()
    for line, person in enumerate(people, start=2):
        if not person.id or person.id in seen or problem_of_name(person.id) or "/" in person.id:
            raise BadRoster(f"{path}, line {line}: {person.id!r} cannot be an id, or occurs twice")
        seen.add(person.id)
    return people


def person_in(row: dict[str, str]) -> Person:
    """Return the person in a row. In Canvas's export, "ID" is Canvas's own number of the person."""
    given = {(column or "").strip().casefold(): (value or "").strip() for column, value in row.items() if column}
    found: dict[str, str] = {}
    for column, field in COLUMNS.items():
        if column == "id" and CANVAS_ID in given:
            field = "number"
        if given.get(column):
            found.setdefault(field, given[column])
    found["number"] = found.get("number", "").removeprefix("Participant ")  # in Moodle's worksheet
    found.setdefault("id", found.get("login") or found.get("email", ""))
    return Person(**found)
