"""The folder that a kernel's files are laid out in, on the grader's disk."""

import shutil
from pathlib import Path

import cs231n

from autograder.execution.job import Job
from autograder.execution.kernel.compiled import module_for_kernel

STAND_IN = '''"""Stands in for {module} where a step is to be written without it."""


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)

    def refuse(*args, **kwargs):
        raise RuntimeError(f"{module}.{{name}} does not run here: this step is to be written without it")

    return refuse
'''


def lay_out(folder: Path, job: Job, withheld: tuple[str, ...]) -> None:
    """Write what a kernel finds: `imports` (earlier notebooks, compiled), `modules` (handed in) and `withheld`.

    A kernel without a sandbox gets its `work` and its `home` there too.
    """
    for name in ("imports", "modules", "withheld"):
        (folder / name).mkdir()
    for name, text in job.definitions.items():
        (folder / "imports" / f"{name}.pyc").write_bytes(module_for_kernel(name, text))
    for name, text in job.files.items():
        path = folder / "modules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if withheld:
        write_stand_ins(withheld, folder / "withheld")
    if not job.sandboxed:
        shutil.copytree(folder / "modules", folder / "work")
        (folder / "home").mkdir()


def write_stand_ins(modules: tuple[str, ...], folder: Path) -> None:
    """Put a copy of `cs231n` into a folder in which `modules` refuse to work.

    Importing a name from them still works, so that no definition is lost with the import before it; calling it
    raises. A module of another package, such as torch, gets a file of the same kind.
    """
    original = Path(cs231n.__file__).parent
    shutil.copytree(original, folder / "cs231n", ignore=shutil.ignore_patterns("__pycache__"))
    for module in modules:
        path = folder.joinpath(*module.split(".")).with_suffix(".py")
        path.write_text(STAND_IN.format(module=module), encoding="utf-8")
