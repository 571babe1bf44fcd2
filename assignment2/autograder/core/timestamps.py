"""Read when a submission was handed in, from `timestamp.txt`, strictly: a guess could make somebody late."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from autograder.core.files import Unusable, read_regular
from autograder.core.text import printable

TIMESTAMP = "timestamp.txt"
MAX_TIMESTAMP_BYTES = 1_000
FORM = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)\s*(\S*)")
OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)?")
MAX_SHOWN = 40  # characters


def read_timestamp(folder: Path, local: str = "UTC") -> datetime | None:
    """Return when a submission was handed in, as UTC without a zone, as nbgrader keeps it; None if there is no file.

    local: the course's own time zone, whose abbreviations are understood
    Raises Unusable if the file cannot be read, or does not contain one unambiguous time.
    """
    try:
        content = read_regular(folder / TIMESTAMP, MAX_TIMESTAMP_BYTES)
    except Unusable:
        if not (folder / TIMESTAMP).exists() and not (folder / TIMESTAMP).is_symlink():
            return None
        raise
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = content.decode(encoding, "replace").strip()
    try:
        return parse_timestamp(text, local)
    except (ValueError, OverflowError) as error:
        reason = str(error) or "no such time"
        raise Unusable(f"{TIMESTAMP} says {printable(text[:MAX_SHOWN])!r}, which cannot be read: {reason}") from None


def parse_timestamp(text: str, local: str = "UTC") -> datetime:
    """Return a time such as "2026-01-31 20:00:00.5 -0800" as UTC without a zone; a time without a zone is UTC.

    Raises ValueError for anything but one unambiguous time.
    """
    found = FORM.fullmatch(text)
    if not found:
        raise ValueError("a time looks like 2026-01-31 20:00:00 UTC")
    time = datetime.fromisoformat(f"{found[1]} {found[2]}")
    return time.replace(tzinfo=zone_of(found[3], time, local)).astimezone(UTC).replace(tzinfo=None)


def zone_of(name: str, time: datetime, local: str) -> tzinfo:
    """Return the time zone with this name; raises ValueError if several zones have it, such as PST.

    time: without a zone; local: the course's own zone, whose abbreviations are understood
    """
    if name in ("", "UTC", "GMT", "Z"):
        return UTC
    if offset := OFFSET.fullmatch(name):
        shift = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(shift if offset[1] == "+" else -shift)
    with suppress(KeyError, ValueError, OSError):  # no such zone, or no name of one
        if "/" in name:
            return ZoneInfo(name)
        if time.replace(tzinfo=ZoneInfo(local)).tzname() == name:
            return ZoneInfo(local)
    raise ValueError(f"{name} is used by several time zones: write an offset such as -0800")
