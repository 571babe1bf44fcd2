"""Zips as learning management systems make them of all submissions, in the form of the real ones."""

import io
from zipfile import ZipFile

NOTE = """Name: {name} ({login})
Assignment: Assignment 2
Date Submitted: Monday, November 2, 2026 10:33:12 AM EST
Current Grade: Not Graded Yet

Submission Field:
There is no student submission text data for this assignment.

Comments:
There are no student comments for this assignment.

Files:
"""


def write_zip(path, files):
    """Write a zip. files: content by name"""
    with ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def zipped(files):
    """Return the bytes of a zip. files: content by name"""
    return write_zip(io.BytesIO(), files).getvalue()


def canvas(name, user, attachment, files, late=False):
    """Return a student's files as Canvas names them. attachment: Canvas's number of the first file"""
    mark = "_LATE" if late else ""
    return {f"{name}{mark}_{user}_{attachment + i}_{file}": files[file] for i, file in enumerate(files)}


def moodle(name, user, files):
    """Return a student's files as Moodle names them."""
    return {f"{name}_{user}_assignsubmission_file_/{file}": content for file, content in files.items()}


def blackboard(name, login, time, files, title="Assignment 2"):
    """Return a student's attempt as Blackboard names it, with its note. time: such as 2026-11-02-10-33-12"""
    prefix = f"{title}_{login}_attempt_{time}"
    note = NOTE.format(name=name, login=login)
    note += "".join(f"\tOriginal filename: {file}\n\tFilename: {prefix}_{file}\n\n" for file in files)
    return {f"{prefix}.txt": note} | {f"{prefix}_{file}": content for file, content in files.items()}


def brightspace(name, user, time, files, separator=" - "):
    """Return a student's submission as Brightspace names it. time: such as Nov 2, 2026 1033 AM; separator: or "/" """
    return {f"{user}-90210 - {name} - {time}{separator}{file}": content for file, content in files.items()}
