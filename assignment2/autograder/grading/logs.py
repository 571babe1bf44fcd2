"""What nbgrader said about each submission, for the one who has to look into it: `logs/<student>.log`."""

from pathlib import Path


def write_log(course: Path, student: str, text: str, append: bool = False) -> None:
    """Keep what nbgrader said about a submission."""
    path = course / "logs" / f"{student}.log"
    path.parent.mkdir(exist_ok=True)
    with path.open("a" if append else "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
