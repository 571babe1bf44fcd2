"""Lay out a kernel's files in a folder on the grader's disk."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import cs231n

from autograder.execution.job import Job
from autograder.execution.kernel.compiled import module_for_kernel

STAND_IN = '''"""Replaces {module} where a step has to be written without it."""


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)

    def refuse(*args, **kwargs):
        raise RuntimeError(f"{module}.{{name}} does not run here: this step is to be written without it")

    return refuse
'''


def lay_out(folder: Path, job: Job, withheld: tuple[str, ...]) -> None:
    """Write the files that a kernel sees: `imports` (earlier notebooks, compiled, and the course's package), `modules`
    (handed in) and `withheld` (modules that refuse to work).

    A kernel without a sandbox has its `work` and its `home` there too.
    """
    for name in ("imports", "modules", "withheld"):
        (folder / name).mkdir()
    for name, text in job.definitions.items():
        (folder / "imports" / f"{name}.pyc").write_bytes(module_for_kernel(name, text))
    refusing = {path_of(module): module for module in withheld}
    for place, files in (("imports", job.package), ("modules", job.files)):
        for name, text in files.items():
            path = folder / place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            is_withheld = place == "imports" and name in refusing
            path.write_text(STAND_IN.format(module=refusing[name]) if is_withheld else text, encoding="utf-8")
    if others := tuple(module for path, module in refusing.items() if path not in job.package):
        for stand_in in stand_ins(others).iterdir() if job.sandboxed else ():  # a sandbox shows it read-only
            (folder / "withheld" / stand_in.name).symlink_to(stand_in)
        if not job.sandboxed:
            shutil.copytree(stand_ins(others), folder / "withheld", dirs_exist_ok=True)
    if not job.sandboxed:
        shutil.copytree(folder / "modules", folder / "work")
        (folder / "home").mkdir()


def path_of(module: str) -> str:
    """Return the path of a module's file: "cs231n/fast_layers.py"."""
    return f"{module.replace('.', '/')}.py"


@cache  # the same for the whole class
def stand_ins(modules: tuple[str, ...]) -> Path:
    """Return a folder with a copy of `cs231n` in which `modules` refuse to work; it is deleted when this process ends.

    Importing a name from them still works, so that the definitions after the import are not lost; calling it raises
    RuntimeError. A module of another package, such as torch, gets a file of the same kind.
    """
    folder = Path(tempfile.mkdtemp(prefix="cs231n-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    original = Path(cs231n.__file__).parent
    withheld = [f"{Path(path_of(module)).stem}.*" for module in modules]  # compiled too
    shutil.copytree(original, folder / "cs231n", ignore=shutil.ignore_patterns(*withheld))
    for module in modules:
        (folder / path_of(module)).write_text(STAND_IN.format(module=module), encoding="utf-8")
    return folder
