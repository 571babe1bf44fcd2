"""Keep with judged notebooks the hash of everything that their scores depend on, and the remarks on them."""

import json
from pathlib import Path

KEPT = ".graded"


def keep(folder: Path, digest: str, remarks: list[str]) -> None:
    """Write the digest and the remarks into a folder of judged notebooks."""
    (folder / KEPT).write_text(json.dumps([digest, remarks]), encoding="utf-8")


def kept(folder: Path) -> tuple[str, list[str]]:
    """Return the digest and the remarks; "" and [] if the folder has no complete result."""
    try:
        digest, remarks = json.loads((folder / KEPT).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):  # not graded yet, or by an older grader
        return "", []
    return digest, remarks


def forget(folder: Path) -> None:
    """Make a result count as none, before the gradebook gets another one."""
    (folder / KEPT).unlink(missing_ok=True)
