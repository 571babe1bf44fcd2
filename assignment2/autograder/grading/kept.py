"""What is kept beside judged notebooks: the hash of all that their scores depend on, and the remarks on them."""

import json
from pathlib import Path

KEPT = ".graded"


def keep(folder: Path, digest: str, remarks: list[str]) -> None:
    """Note in a folder of judged notebooks what they are the result of."""
    (folder / KEPT).write_text(json.dumps([digest, remarks]), encoding="utf-8")


def kept(folder: Path) -> tuple[str, list[str]]:
    """Return the digest and the remarks; "" and none in a folder without a whole result."""
    try:
        digest, remarks = json.loads((folder / KEPT).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):  # not graded yet, or not by this edition
        return "", []
    return digest, remarks


def forget(folder: Path) -> None:
    """From now on the result counts as none: the gradebook is about to hold another one."""
    (folder / KEPT).unlink(missing_ok=True)
