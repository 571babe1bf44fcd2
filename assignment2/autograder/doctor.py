"""`autograder doctor`: say what is installed, what is missing, and what to do about it."""

import platform
import shutil
import sys
import textwrap
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cs231n import data_utils
from traitlets.config import Config

from autograder.core import upstream
from autograder.core.errors import GraderError
from autograder.execution.kernel import sandbox
from autograder.execution.store import Store
from autograder.grading.printing import WIDTH
from autograder.integration.converters import read_config
from autograder.integration.steps import store_of

PACKAGES = ("numpy", "matplotlib", "jupyterlab", "ipykernel", "nbclient", "nbgrader", "pooch", "threadpoolctl")
INDENT = 17  # of the text after a label


def doctor(course: Path) -> bool:
    """Print a line for each thing that grading needs; returns True if nothing essential is missing."""
    found = list(findings(course))
    for good, what, state, advice in found:
        print(folded(f"{'✓' if good else '✗'} {what:<14} ", state))
        if not good:
            print(folded("", advice))
    return all(good for good, what, _, _ in found if what not in ("sandbox", "formgrader"))


def folded(label: str, text: str) -> str:
    """Return a label and a text in lines of a terminal's width; paths are not broken."""
    indents = (label.ljust(INDENT), " " * INDENT)
    return textwrap.TextWrapper(WIDTH, *indents, break_long_words=False, break_on_hyphens=False).fill(text)


def findings(course: Path) -> Iterator[tuple[bool, str, str, str]]:
    """Yield (good, what, state, advice) for each thing that grading needs."""
    python = sys.version_info >= (3, 11)
    yield python, "Python", f"{platform.python_version()} ({sys.executable})", "install Python 3.11 or newer"
    for package in PACKAGES:
        try:
            yield True, package, version(package), ""
        except PackageNotFoundError:
            yield False, package, "not installed", f"pip install {package}, or run make setup"
    where = data_utils.find_cifar10()
    missing = "synthetic images; for CIFAR-10 set CS231N_DATA_DIR to the folder of cifar-10-batches-py"
    yield True, "data set", f"CIFAR-10 in {where}" if where else missing, ""
    reason = sandbox.unavailable()
    yield not reason, "sandbox", reason or "bubblewrap works", sandbox.INSTALL
    locked = upstream.can_change_formgrader()
    state = "its pages run no scripts but its own" if locked else "its pages are sent without a Content-Security-Policy"
    yield locked, "formgrader", state, "submissions are cleaned anyway; pip install nbgrader==0.9.6"
    config = Config()
    try:
        config = read_config(course)
        sandbox.require_hidden(course / "source")
        yield True, "course", str(course), ""
    except GraderError as problem:
        yield False, "course", str(course), str(problem)
    if not course.exists():
        return
    size = Store(store_of(config, course)).size()
    yield True, "executions", f"{size / 1e6:.1f} MB; `autograder clean` deletes those not used lately", ""
    free = shutil.disk_usage(course).free / 2**30
    yield free > 1, "disk", f"{free:.1f} GB free", "executions and feedback pages need about 1 MB a submission"
