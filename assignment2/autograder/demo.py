"""`autograder demo`: a course in a scratch folder, sample submissions, and the whole way to their feedback pages."""

import shutil
import sys
import time
from pathlib import Path

from nbgrader.api import Gradebook

from autograder import samples
from autograder.authoring.release import REGISTRY, release
from autograder.course.assignment import ASSIGNMENT
from autograder.execution.kernel import sandbox
from autograder.grading.printing import print_outcome
from autograder.grading.run import Options, grade
from autograder.report.page import report


def demo(repository: Path, folder: Path, risk: bool = False) -> None:
    """Build a course in `folder` (made anew) from a repository, grade the samples and print where to look.

    The samples are the project's own, so where there is no sandbox they are graded without one, with a warning.
    """
    start = time.monotonic()
    if not risk and (reason := sandbox.unavailable()):
        risk = True
        print(f"WARNING: no sandbox ({reason}): the sample submissions run with your rights.\n" + sandbox.INSTALL)
    make_course(repository, folder)
    print(f"A course in {folder}: training the key's networks for the sample submissions ...", flush=True)
    names = samples.hand_in(folder)
    print(f"{len(names)} sample submissions: {', '.join(names)}", flush=True)
    outcome = grade(folder, Options(risk=risk))
    print()
    print_outcome(outcome)
    print(f"\n{time.monotonic() - start:.0f} s. Where to look:")
    page = folder / "feedback" / "common-mistakes" / ASSIGNMENT / "FullyConnectedNets.html"
    print(f"  what a student reads   {page}")
    print(f"  the grades             {folder / 'grades.csv'}")
    print(f"  the class              {report(folder)}")
    jupyter = Path(sys.executable).with_name("jupyter")
    print(f"  formgrader             cd {folder} && {jupyter} lab   (then Nbgrader > Formgrader)")


def make_course(repository: Path, folder: Path) -> None:
    """Copy the key and the configuration into a fresh course folder and release it with a due date."""
    if folder.exists():
        if not (folder / "nbgrader_config.py").exists():
            raise FileExistsError(f"{folder} is in the way and is no course folder: name another with --folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    shutil.copy(repository / "nbgrader_config.py", folder)
    shutil.copytree(repository / "source", folder / "source", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    release(folder)
    with Gradebook(f"sqlite:///{folder / REGISTRY}", "cs231n") as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=samples.DUE)
