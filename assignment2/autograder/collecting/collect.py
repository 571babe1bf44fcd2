"""Collect submissions from the zips of an LMS: find out who handed in what, choose what counts, and put it in place."""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import tzinfo
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from autograder.collecting.choosing import File, belongs, chosen, known_names
from autograder.collecting.placing import (
    Record,
    clean_up,
    new_folder,
    put,
    read_record,
    same_files,
    write_record,
    write_timestamp,
)
from autograder.collecting.roster import Roster, UnknownPerson, people_in, read_roster
from autograder.collecting.systems import SYSTEMS, Upload, system_of, uploads_in
from autograder.core.errors import GraderError
from autograder.core.files import MIB, is_there
from autograder.course.assignment import Assignment
from autograder.grading.lock import only_grader
from autograder.integration.converters import load_config
from autograder.integration.gradebook import open_gradebook
from autograder.submission.archive import Member, Refused, members, opened
from autograder.submission.reading import MAX_NOTEBOOK_BYTES, MAX_WEIGHTS_BYTES, problem_of_name

MAX_STUDENT_BYTES = 1024 * MIB  # all files of one student together
MAX_DEPTH = 2  # of nested zips
OTHER_ARCHIVES = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")


class BadArchive(GraderError):
    """A zip of the LMS that cannot be read."""


class Outcome(StrEnum):
    """What was done with a file."""

    TAKEN = "taken"
    SAME = "same as before"
    OLDER = "older attempt"
    SPARE = "not taken: another file with that name counts"
    NO_PART = "not part of the assignment"
    UNKNOWN = "unknown person"
    REFUSED = "refused"


@dataclass(frozen=True)
class Line:
    """What was done with a file. file: its name in the LMS's zip; student: the id, "" if unknown; why: the reason"""

    file: str
    student: str
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True)
class Options:
    """How to collect. system: the LMS's name, by default recognized by file names; roster: a CSV file, by default the
    students of the gradebook; zone: that of times which an LMS writes without one, None for this machine's"""

    system: str | None = None
    roster: Path | None = None
    zone: tzinfo | None = None


def collect(assignment: Assignment, zips: list[Path], options: Options | None = None) -> list[Line]:
    """Collect submissions from zips into `submitted/` of a course; returns what was done with each file.

    zips: from one LMS; if a student has attempts in several and the LMS gives no times, later zips have newer ones
    Raises GraderError if a zip, the roster or the course cannot be used, and CourseIsBusy while the course is graded.
    """
    options = options or Options()
    roster = roster_of(assignment, options.roster)
    with only_grader(assignment.course), ExitStack() as stack:
        archives = [(path.name, lms_archive(path, stack)) for path in zips]
        uploads, lines = read_uploads(archives, options)
        by_student: dict[str, list[Upload]] = {}
        for upload in uploads:
            try:
                by_student.setdefault(student_of(upload, roster), []).append(upload)
            except UnknownPerson as problem:
                lines.append(Line(upload.member.path, "", Outcome.UNKNOWN, str(problem)))
        known = known_names(assignment)
        for student, theirs in sorted(by_student.items()):
            lines += collect_student(assignment, student, theirs, known)
        clean_up(assignment)
    return lines


def roster_of(assignment: Assignment, path: Path | None) -> Roster:
    """Return the people in a CSV file, by default those in the gradebook."""
    with open_gradebook(load_config(assignment)) as gradebook:
        return Roster(read_roster(path), closed=True) if path else Roster(people_in(gradebook), closed=False)


def lms_archive(path: Path, stack: ExitStack) -> ZipFile:
    """Open a zip of an LMS; raises BadArchive if it cannot be read. stack: keeps it open"""
    try:
        return stack.enter_context(opened(path))
    except (Refused, OSError) as problem:
        raise BadArchive(f"{path} cannot be read: {getattr(problem, 'strerror', None) or problem}") from None


def read_uploads(archives: list[tuple[str, ZipFile]], options: Options) -> tuple[list[Upload], list[Line]]:
    """Return what students handed in, and lines about everything else in the zips. archives: with their names"""
    uploads, lines = [], []
    for number, (name, archive) in enumerate(archives):
        found = members(archive)
        system = SYSTEMS[options.system] if options.system else system_of(found, name)
        theirs, others = uploads_in(found, system, number, options.zone)
        uploads += theirs
        lines += [Line(member.path, "", Outcome.NO_PART) for member in others]
    return uploads, lines


def student_of(upload: Upload, roster: Roster) -> str:
    """Return the id of the student who handed a file in; raises UnknownPerson if no id is found or no folder can have
    it as its name."""
    student = roster.id_of(upload.sender)
    if "/" in student or student.startswith(".") or problem_of_name(student):
        raise UnknownPerson(f"{student!r} cannot be the name of a folder")
    return student


def collect_student(assignment: Assignment, student: str, uploads: list[Upload], known: set[str]) -> list[Line]:
    """Collect what one student handed in, and return what was done with each file."""
    with ExitStack() as stack:
        files, lines = files_of(student, uploads, stack)
        counted = chosen(files, known, SYSTEMS[uploads[0].sender.system].adds)
        built = new_folder(assignment)
        refused = build(built, counted)
        taken = {path: file for path, file in counted.items() if file not in refused}
        last = max(each.attempt for each in taken.values() or uploads)
        late = any(upload.late for upload in uploads if upload.attempt.same_as(last))
        names = {path: file.lms_name for path, file in taken.items()}
        record = Record(uploads[0].sender.system, uploads[0].sender.number, last.time, last.order, late, names)
        outcome = settle(assignment, student, built, record)
    why = {Outcome.TAKEN: f"late, says {record.system}" if late else ""}
    for file in files:
        if file in refused:
            lines.append(Line(file.shown, student, Outcome.REFUSED, refused[file]))
        elif file in taken.values():
            lines.append(Line(file.shown, student, outcome, why.get(outcome, "")))
        else:
            lines.append(Line(file.shown, student, Outcome.SPARE if file.attempt.same_as(last) else Outcome.OLDER))
    return lines


def settle(assignment: Assignment, student: str, built: Path, record: Record) -> Outcome:
    """Move a built submission into place, unless the one that is there is newer or the same."""
    there, earlier = assignment.submitted(student), read_record(assignment, student)
    if is_there(there):
        now, before = (record.time, record.order), (earlier.time, earlier.order) if earlier else (0, 0)
        if now < before:
            return Outcome.OLDER
        if not record.names or now == before != (0, 0):
            return Outcome.SAME
        if same_files(built, there):  # the earlier time stays
            write_record(assignment, student, record)
            return Outcome.SAME
    if record.time:
        write_timestamp(built, record.time)
    put(assignment, student, built)
    write_record(assignment, student, record)
    return Outcome.TAKEN


def files_of(student: str, uploads: list[Upload], stack: ExitStack) -> tuple[list[File], list[Line]]:
    """Return the files that can be part of a submission, those in a student's own zips included, and lines about the
    others. stack: keeps the zips open"""
    files: list[File] = []
    lines: list[Line] = []
    left = MAX_STUDENT_BYTES  # of all zips together
    todo = [(File(upload.member, upload.file, upload.member.path, upload.attempt, False), 0) for upload in uploads]
    while todo:
        file, depth = todo.pop()
        why = file.member.problem
        if not why and file.path.lower().endswith(".zip") and depth < MAX_DEPTH:
            try:
                inside = unpacked(file.member, left, stack)
                left -= file.member.size
                todo += [(replace(file, member=each, path=each.path, nested=True), depth + 1) for each in inside]
                continue
            except Refused as problem:
                why = str(problem)
        elif not why and file.path.lower().endswith(OTHER_ARCHIVES):
            why = f"only files and .zip archives are read, nested at most {MAX_DEPTH} deep"
        if why:
            lines.append(Line(file.shown, student, Outcome.REFUSED, why))
        elif belongs(file.path):
            files.append(file)
        else:
            lines.append(Line(file.shown, student, Outcome.NO_PART))
    return files, lines


def unpacked(member: Member, limit: int, stack: ExitStack) -> list[Member]:
    """Open a student's own zip, in a temporary file, and return its files; raises Refused if it is not a zip."""
    path = Path(stack.enter_context(TemporaryDirectory())) / "own.zip"
    member.copy_to(path, limit)
    return members(stack.enter_context(opened(path)))


def build(folder: Path, counted: dict[str, File]) -> dict[File, str]:
    """Unpack files into a folder; returns those that were refused, with the reason."""
    refused: dict[File, str] = {}
    left = MAX_STUDENT_BYTES
    for path, file in counted.items():
        target = folder / path
        limit = MAX_WEIGHTS_BYTES if path.endswith(".npz") else MAX_NOTEBOOK_BYTES
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            file.member.copy_to(target, min(limit, left))
            left -= file.member.size
        except Refused as problem:
            target.unlink(missing_ok=True)
            refused[file] = str(problem)
        except (FileExistsError, NotADirectoryError):
            refused[file] = "a folder or a file with that name exists"
    return refused
