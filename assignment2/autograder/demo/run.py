"""Run `autograder demo`: from a course in a scratch folder and sample submissions to their feedback pages."""

import shutil
import sys
import textwrap
import time
from collections.abc import Iterable
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.authoring.release import REGISTRY, release
from autograder.core.errors import GraderError
from autograder.course.assignment import chosen
from autograder.course.copying import copy_key
from autograder.demo import samples
from autograder.execution.kernel import sandbox
from autograder.grading.printing import WIDTH, print_outcome
from autograder.grading.run import Options, grade
from autograder.report.page import report

MARK = ".autograder-demo"
MARK_TEXT = (
    "`autograder demo` made this folder and deletes it when it runs again. To keep the folder, delete this file.\n"
)


def demo(repository: Path, folder: Path, no_sandbox: bool = False) -> None:
    """Build a course in `folder`, which is made again, from a repository; grade the samples and print where to look.

    The samples are the project's own, so if there is no sandbox they are graded without one, with a warning.
    """
    start = time.monotonic()
    if not no_sandbox and (reason := sandbox.unavailable()):
        no_sandbox = True
        warning = f"WARNING: no sandbox ({reason}): the sample submissions run with your rights. {sandbox.INSTALL}"
        print(textwrap.fill(warning, WIDTH, break_long_words=False))
    make_course(repository, folder)
    print(f"A course in {folder}: training the key's networks for the sample submissions ...", flush=True)
    assignment = chosen(folder, samples.ASSIGNMENT)
    names = samples.hand_in(assignment)
    print(textwrap.fill(f"{len(names)} sample submissions: {', '.join(names)}", WIDTH), flush=True)
    outcome = grade(assignment, Options(no_sandbox=no_sandbox))
    print()
    print_outcome(outcome)
    print(f"\n{time.monotonic() - start:.0f} s. Where to look:")
    page = assignment.feedback("common-mistakes") / "FullyConnectedNets.html"
    print(f"  what a student reads   {page}")
    print(f"  the grades             {folder / 'grades.csv'}")
    print(f"  the class              {report(assignment)}")
    jupyter = Path(sys.executable).with_name("jupyter")
    print(f"  Nbgrader > Formgrader  cd {folder} && {jupyter} lab")


def make_course(repository: Path, folder: Path) -> None:
    """Copy the key and the configuration into a new course folder, and release it with a due date."""
    make_room(folder, keep=(repository, Path.home(), Path.cwd()))
    copy_key(repository, folder)
    release(chosen(folder, samples.ASSIGNMENT))
    with Gradebook(f"sqlite:///{folder / REGISTRY}", "cs231n") as gradebook:
        gradebook.update_or_create_assignment(samples.ASSIGNMENT, duedate=samples.DUE)


def make_room(folder: Path, keep: Iterable[Path]) -> None:
    """Make `folder` again, empty except for the mark of a demo. It is deleted only if it has that mark or is empty.

    Raises GraderError if `folder` is anything else, a link, or contains one of the folders to `keep`.
    """
    advice = "name another with --folder"
    if folder.is_symlink():
        raise GraderError(f"{folder} is a link: {advice}")
    if folder.exists():
        for kept in keep:
            if kept.resolve().is_relative_to(folder.resolve()):
                raise GraderError(f"{folder} contains {kept}, which a demo must not delete: {advice}")
        if not folder.is_dir() or (any(folder.iterdir()) and not (folder / MARK).is_file()):
            raise GraderError(f"{folder} was not made by a demo and is not deleted: {advice}")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).write_text(MARK_TEXT, encoding="utf-8")
