"""Keep what nbgrader's exchange needs besides the notebooks: the time of a submission, and its secret."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from nbformat import NotebookNode

from autograder.core.files import Unusable, read_regular
from autograder.core.timestamps import MAX_TIMESTAMP_BYTES, TIMESTAMP
from autograder.integration.steps import CourseStep, Resources

SECRET = "submission_secret.txt"  # `nbgrader submit` makes it; whoever knows it finds the feedback


class KeepForExchange(CourseStep):
    """Copy the time and the secret of a submission to the folder that a conversion writes.

    nbgrader would copy all that is in the folder, including what links point to. `upstream.copy_only_the_time` lets it
    copy only the time, by which its autograde knows that a submission is newer. `release_feedback` names the page by
    the secret.
    """

    came_from = "submitted"  # the folder of the step before, which `nbgrader collect` has written

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        names = resources["nbgrader"]
        before = self.converter.coursedir.format_path(self.came_from, names["student"], names["assignment"])
        self.keep(Path(before), Path(self.converter._format_dest(names["assignment"], names["student"])))
        return nb, resources

    def keep(self, source: Path, target: Path) -> None:
        keep_for_exchange(source, target)


def keep_for_exchange(source: Path, target: Path) -> None:
    """Copy what the exchange needs from one folder to another."""
    target.mkdir(parents=True, exist_ok=True)
    for name in (TIMESTAMP, SECRET):
        with suppress(Unusable, UnicodeDecodeError):
            text = read_regular(source / name, MAX_TIMESTAMP_BYTES).decode("utf-8-sig")
            (target / name).write_text(text, encoding="utf-8")


class MakeFitForRelease(KeepForExchange):
    """The same for feedback. A submission that did not come by the exchange gets an empty time and a secret that nobody
    knows, because `release_feedback` stops for the whole class if one student has no secret."""

    came_from = "autograded"

    def keep(self, source: Path, target: Path) -> None:
        super().keep(source, target)
        defaults: dict[str, Callable[[], str]] = {TIMESTAMP: str, SECRET: lambda: secrets.token_hex(64)}
        for name, default in defaults.items():
            if not (target / name).exists():
                (target / name).write_text(default(), encoding="utf-8")
