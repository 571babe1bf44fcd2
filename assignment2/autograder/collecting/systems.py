"""The names that each LMS gives to what students handed in, in its zip of all submissions.

Canvas       lovelaceada_LATE_4711_90210_Dropout-1.ipynb
Moodle       Ada Lovelace_4711_assignsubmission_file_/Dropout.ipynb
Blackboard   Assignment 2_ada_attempt_2026-11-02-10-33-12_Dropout.ipynb, and a text file about each attempt
Brightspace  4711-90210 - Ada Lovelace - Nov 2, 2026 1033 AM - Dropout.ipynb, flat or in folders
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import NamedTuple

from autograder.core.errors import GraderError
from autograder.submission.archive import Member, Refused

MAX_NOTE_BYTES = 100_000  # of Blackboard's text about an attempt
NAME_IN_NOTE = re.compile(r"Name: (.*) \(([^()]+)\)\s*\n")
FILES_IN_NOTE = re.compile(r"Original filename: (.*?)\s*\n\s*Filename: (.*?)\s*(?:\n|$)")
IN_ANY_FOLDER = r"(?:.*/)?"  # some people unpack a zip and zip its folder again


class UnknownSystem(GraderError):
    """The names of the files in a zip are not those of any known LMS."""


@dataclass(frozen=True)
class System:
    """An LMS. pattern: that of a path in its zips, with those of the groups name, number, title_and_login, late, time,
    order and file that the path contains; when: parses its time; adds: whether a later attempt adds files to an earlier
    one"""

    name: str
    pattern: re.Pattern[str]
    when: Callable[[str], datetime] | None = None
    adds: bool = False


def blackboard_time(text: str) -> datetime:
    """Parse a time such as 2026-11-02-10-33-12."""
    return datetime.strptime(text, "%Y-%m-%d-%H-%M-%S")


def brightspace_time(text: str) -> datetime:
    """Parse a time such as "Nov 2, 2026 1033 AM"; the hour may have one digit, and the month may be spelled out."""
    day, clock, half = text.rsplit(" ", 2)
    month, rest = day.split(" ", 1)
    return datetime.strptime(f"{month[:3]} {rest} {clock.zfill(4)} {half}", "%b %d, %Y %I%M %p")


CANVAS = System(
    "canvas",
    re.compile(IN_ANY_FOLDER + r"(?P<name>[^/]+?)(?P<late>_LATE)?_(?P<number>\d+)_(?P<order>\d+)_(?P<file>[^/]+)"),
)
MOODLE = System(
    "moodle", re.compile(IN_ANY_FOLDER + r"(?P<name>[^/]+)_(?P<number>\d+)_assignsubmission_file_?/?(?P<file>[^/].*)")
)
BLACKBOARD = System(
    "blackboard",
    re.compile(
        IN_ANY_FOLDER + r"(?P<title_and_login>[^/]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<file>[^/]+)|\.txt)"
    ),
    blackboard_time,
)
BRIGHTSPACE = System(
    "brightspace",
    re.compile(
        IN_ANY_FOLDER + r"(?P<number>\d+)-\d+ - (?P<name>[^/]+?) - "
        r"(?P<time>[A-Z][a-z]+ \d\d?, \d{4} \d{3,4} [AP]M)(?: - |/)(?P<file>.+)"
    ),
    brightspace_time,
    adds=True,
)
SYSTEMS = {system.name: system for system in (CANVAS, MOODLE, BLACKBOARD, BRIGHTSPACE)}


@dataclass(frozen=True)
class Sender:
    """Who handed something in, as far as the LMS tells. system: the LMS's name; number: its number of the user; logins:
    the possible ones, the likeliest last"""

    system: str
    name: str = ""
    number: str = ""
    logins: tuple[str, ...] = ()


class Attempt(NamedTuple):
    """When something was handed in, to compare attempts. time: seconds since 1970, 0 if the LMS does not tell; order:
    the LMS's number of the file, 0 if it does not tell; archive: number of the zip, later zips count as newer"""

    time: float
    order: int
    archive: int

    def same_as(self, other: "Attempt") -> bool:
        """Return whether two files of one student were handed in together."""
        return (self.time, self.archive) == (other.time, other.archive)


@dataclass(frozen=True)
class Upload:
    """A file as a student handed it in. file: its path as the student named it; late: whether the LMS says so"""

    member: Member
    sender: Sender
    file: str
    attempt: Attempt
    late: bool


def system_of(members: list[Member], where: str) -> System:
    """Recognize the LMS by the names in its zip; raises UnknownSystem if none of them fits. where: the zip's name"""
    fitting = {
        system.name: sum(1 for each in members if system.pattern.fullmatch(each.path)) for system in SYSTEMS.values()
    }
    best = max(fitting, key=fitting.__getitem__)
    if not fitting[best]:
        first = f"the first is {members[0].path}" if members else "it is empty"
        raise UnknownSystem(
            f"the file names in {where} are not those of {', '.join(SYSTEMS)} ({first}): "
            "download all submissions at once, and do not unpack them"
        )
    return SYSTEMS[best]


def uploads_in(
    members: list[Member], system: System, archive: int, zone: tzinfo | None
) -> tuple[list[Upload], list[Member]]:
    """Return what was handed in, and the files that the LMS added or that have other names.

    archive: number of the zip; zone: that of times which the LMS writes without one, None for this machine's
    """
    matches = {member.path: (member, match) for member in members if (match := system.pattern.fullmatch(member.path))}
    notes = {attempt_key(match): note_of(member) for member, match in matches.values() if match["file"] is None}
    found, others = [], [member for member in members if member.path not in matches]
    for member, match in matches.values():
        if match["file"] is None:
            others.append(member)
        else:
            found.append(upload(member, match, system, archive, zone, notes.get(attempt_key(match), "")))
    return found, others


def upload(
    member: Member, match: re.Match[str], system: System, archive: int, zone: tzinfo | None, note: str
) -> Upload:
    """Return a file as a student handed it in. note: Blackboard's text about the attempt, "" for none"""
    groups = match.groupdict()
    attempt = Attempt(time_of(match, system, zone), int(groups.get("order") or 0), archive)
    originals = {mangled: original for original, mangled in FILES_IN_NOTE.findall(note.rpartition("Files:")[2])}
    file = originals.get(member.path.rpartition("/")[2]) or str(match["file"])
    return Upload(member, sender_of(match, system, note), file, attempt, late=bool(groups.get("late")))


def time_of(match: re.Match[str], system: System, zone: tzinfo | None) -> float:
    """Return when something was handed in, in seconds since 1970, 0 if the LMS does not tell."""
    return system.when(match["time"]).replace(tzinfo=zone).timestamp() if system.when else 0.0


def sender_of(match: re.Match[str], system: System, note: str = "") -> Sender:
    """Return who handed something in. note: Blackboard's text about the attempt"""
    groups = match.groupdict()
    if title_and_login := groups.get("title_and_login"):
        return blackboard_sender(title_and_login, note)
    return Sender(system.name, groups.get("name") or "", groups.get("number") or "")


def blackboard_sender(title_and_login: str, note: str) -> Sender:
    """Return who made an attempt. Title and login may both contain underscores, so the note decides if there is one."""
    told = NAME_IN_NOTE.match(note)
    if told and title_and_login.endswith(f"_{told[2]}"):
        return Sender(BLACKBOARD.name, told[1], logins=(told[2],))
    parts = title_and_login.split("_")
    return Sender(BLACKBOARD.name, logins=tuple("_".join(parts[start:]) for start in range(1, len(parts))))


def attempt_key(match: re.Match[str]) -> tuple[str, ...]:
    """Return what the files of one attempt have in common."""
    groups = match.groupdict()
    return groups.get("title_and_login") or "", groups.get("time") or ""


def note_of(member: Member) -> str:
    """Return Blackboard's text about an attempt, "" if it cannot be read."""
    try:
        text = b"".join(member.chunks()) if member.size <= MAX_NOTE_BYTES else b""
    except Refused:
        return ""
    return text.decode("utf-8-sig", "replace").replace("\r\n", "\n")
