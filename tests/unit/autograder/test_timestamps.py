"""When a submission was handed in: what is understood, and that nothing else is guessed."""

import os

import pytest
from autograder.core.files import Unusable
from autograder.core.timestamps import parse_timestamp, read_timestamp


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31 20:00:00 UTC", "2026-01-31 20:00:00"),
        ("2026-01-31 20:00:00", "2026-01-31 20:00:00"),
        ("2026-01-31 20:00:00.123456 UTC", "2026-01-31 20:00:00.123456"),
        ("2026-01-31T20:00:00Z", "2026-01-31 20:00:00"),
        ("2026-01-31 20:00 GMT", "2026-01-31 20:00:00"),
        ("2026-01-31 20:00:00 -0800", "2026-02-01 04:00:00"),
        ("2026-01-31T20:00:00+05:30", "2026-01-31 14:30:00"),
        ("2026-01-31 20:00:00 +01", "2026-01-31 19:00:00"),
        ("2026-07-31 20:00:00 America/Los_Angeles", "2026-08-01 03:00:00"),
    ],
)
def test_times_that_are_understood(text, expected):
    """Is a time with an offset, with the name of a place, or in UTC, read as the moment that it names?"""
    assert str(parse_timestamp(text)) == expected


@pytest.mark.parametrize(
    "text",
    ["", "09:30", "2026", "2026-01-31", "31.01.2026 20:00", "01/02/2026 20:00", "2026-02-30 10:00:00",
     "2026-01-31 25:00", "2026-01-31 20:00:00 PST", "2026-01-31 20:00:00 CST", "2026-01-31 20:00:00 Mars/Olympus",
     "2026-01-31 20:00:00 ../..", "2026-01-31 20:00:00 +99:99", "0001-01-01 00:00:00 +1000", "yesterday"],
)  # fmt: skip
def test_times_that_are_not(text):
    """Is whatever names no one moment refused?"""
    with pytest.raises((ValueError, OverflowError)):
        parse_timestamp(text)


def test_abbreviations_of_the_courses_own_zone():
    """Is PST understood where the course is in Los Angeles, in winter, and no other abbreviation?"""
    where = "America/Los_Angeles"
    assert str(parse_timestamp("2026-01-31 20:00:00 PST", where)) == "2026-02-01 04:00:00"
    for text in ("2026-07-31 20:00:00 PST", "2026-01-31 20:00:00 EST"):
        with pytest.raises(ValueError, match="several time zones"):
            parse_timestamp(text, where)
    with pytest.raises(ValueError, match="several time zones"):
        parse_timestamp("2026-01-31 20:00:00 PST", "No/Where")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files(tmp_path, encoding):
    """Is the file read in the encodings of Windows, with space around the time, and none if there is no file?"""
    assert read_timestamp(tmp_path) is None
    (tmp_path / "timestamp.txt").write_text("2026-02-02 09:30:00 UTC\r\n", encoding=encoding)
    assert str(read_timestamp(tmp_path)) == "2026-02-02 09:30:00"


def test_a_file_that_says_no_time_is_told(tmp_path):
    """Does the message quote what the file says, in a form that can be printed, and say what to write instead?"""
    (tmp_path / "timestamp.txt").write_text("2026-01-31 20:00:00 P\x1bST")
    with pytest.raises(Unusable, match=r"says '2026-01-31 20:00:00 P\\\\x1bST'.*such as -0800"):
        read_timestamp(tmp_path)
    (tmp_path / "timestamp.txt").unlink()
    os.symlink("/etc/hostname", tmp_path / "timestamp.txt")
    with pytest.raises(Unusable, match="is a link"):
        read_timestamp(tmp_path)
