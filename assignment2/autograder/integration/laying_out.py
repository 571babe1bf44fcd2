"""Lay out the files of a judged submission.

A worker writes them into a hidden folder beside the one where they belong, so the grader's own process only renames it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbgrader.utils import rmtree

from autograder.integration.converters import AutogradeOne
from autograder.integration.entry import Entry
from autograder.integration.exchange import keep_for_exchange


def laid_out(folder: Path) -> Path:
    """Return the hidden folder where the files of a folder of `autograded/` are laid out."""
    return folder.with_name(f".{folder.name}")


def put_in_place(folder: Path) -> None:
    """Replace a folder of judged notebooks by the one that is laid out for it."""
    if folder.exists():
        rmtree(folder)
    laid_out(folder).rename(folder)


class LayOut(AutogradeOne):
    """nbgrader's autograde of one evaluated submission, without the gradebook: nbgrader makes the folder, and sets
    permissions."""

    def __init__(self, *, entries: Mapping[str, Entry], **options: Any):
        """entries: what to write, by notebook"""
        self.entries = entries
        super().__init__(**options)

    def start(self) -> None:
        self.init_notebooks()
        self.convert_notebooks()

    def _format_dest(self, assignment_id: str, student_id: str, escape: bool = False) -> str:
        return str(laid_out(Path(super()._format_dest(assignment_id, student_id, escape))))

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        before = self.coursedir.format_path(self.coursedir.submitted_directory, student_id, assignment_id)
        keep_for_exchange(Path(before), Path(self._format_dest(assignment_id, student_id)))

    def convert_single_notebook(self, notebook_filename: str) -> None:
        name = Path(notebook_filename).stem
        for repair in self.entries[name].repairs:
            self.log.warning("%s: %s: %s", self.coursedir.student_id, name, repair)
        folder = Path(self._format_dest(self.coursedir.assignment_id, self.coursedir.student_id))
        (folder / f"{name}.ipynb").write_text(self.entries[name].text, encoding="utf-8")

    def run_pre_convert_hook(self) -> None:
        """Do nothing: `Hooks` calls a course's hooks in the grader's own process, one at a time."""

    run_post_convert_hook = run_pre_convert_hook
