"""Execute a sanitised notebook: a pure function from code cells to outputs.

A `Job` holds all that the outputs depend on, so it can be addressed by a hash, sent to another process, or be found
in the store. Nothing a cell does stops the rest: the cell at fault is marked, a new kernel runs the definitions
before it again, and the execution goes on behind it.
"""

import asyncio
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path

import cs231n
from cs231n import data_utils
from nbformat import NotebookNode

from autograder.execution.kernel import sandbox
from autograder.execution.kernel.client import (
    DONE,
    KILLED,
    Kernel,
    Limits,
    blas_on_one_thread,
    plain_kernel,
    sandboxed_kernel,
)

DEFAULT_LIMITS = Limits()
FORMAT = 2  # raise it when what an execution stores changes
NOT_REACHED = "not reached"
REFUSAL = '''"""Stands in for {module} where a step is to be written without it."""


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)

    def refuse(*args, **kwargs):
        raise RuntimeError(f"{module}.{{name}} does not run here: this step is to be written without it")

    return refuse
'''


@dataclass(frozen=True)
class Job:
    """One notebook to execute.

    cells: the source and the role ("definition" or "check") of each code cell; definitions: notebooks that it may
    import, by name, as JSON text; files: Python modules beside it, by name; withheld: the modules that refuse to work
    while a check cell runs, by the number of the cell; sandboxed: whether it may only run in a sandbox
    """

    cells: tuple[tuple[str, str], ...]
    definitions: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    limits: Limits = DEFAULT_LIMITS
    withheld: dict[int, tuple[str, ...]] = field(default_factory=dict)
    sandboxed: bool = True

    @cached_property
    def address(self) -> str:
        """The hash of everything that the outputs depend on."""
        data = environment("", "")["CS231N_DATA"]
        parts = [FORMAT, asdict(self), data, package_digest(), sys.version, version("numpy"), version("ipykernel")]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@cache
def package_digest() -> str:
    """Return the hash of the Python files of `cs231n`, as they are when it is first asked for."""
    digest = hashlib.sha256()
    folder = Path(cs231n.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def execute(job: Job) -> list[dict]:
    """Run a job; returns `{"status", "outputs"}` for each of its cells, with the statuses of `kernels`, or NOT_REACHED.

    Raises NoSandbox where the job asks for a sandbox and there is none.
    """
    if job.sandboxed:
        sandbox.require()
    with ThreadPoolExecutor(1) as thread:  # a thread of its own: the caller may have an event loop already
        return thread.submit(asyncio.run, Run(job).finish()).result()


class Run:
    """One execution of a job, over as many kernels as it takes."""

    def __init__(self, job: Job):
        self.job = job
        self.deadline = 0.0
        self.tried_again: set[int] = set()
        self.statuses = [NOT_REACHED] * len(job.cells)
        self.outputs: list[list[NotebookNode]] = [[] for _ in job.cells]

    async def finish(self) -> list[dict]:
        self.deadline = time.monotonic() + self.job.limits.notebook_seconds
        for modules in [(), *sorted(set(self.job.withheld.values()))]:
            todo = [n for n in range(len(self.statuses)) if self.job.withheld.get(n, ()) == modules]
            await self._without(modules, todo)
        return [{"status": s, "outputs": o} for s, o in zip(self.statuses, self.outputs, strict=True)]

    async def _without(self, modules: tuple[str, ...], todo: list[int]) -> None:
        """Run the cells `todo`, in order, where these modules are withheld; in a folder of their own, so that what
        other cells left in theirs is out of reach."""
        with tempfile.TemporaryDirectory(prefix="cs231n-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            furnish(folder, self.job, modules)
            if self.job.sandboxed:
                start, environment = sandboxed_kernel, sandboxed_environment()
            else:
                start, environment = plain_kernel, plain_environment(folder)
            while todo and time.monotonic() < self.deadline:
                async with start(folder, self.job.limits, environment) as kernel:
                    todo = await self._one_kernel(kernel, todo)

    async def _one_kernel(self, kernel: Kernel, todo: list[int]) -> list[int]:
        """Run the cells `todo`, with the definitions between them that have run before, until the end or until one
        breaks the kernel; return those still to run."""
        for index in range(todo[-1] + 1):
            if index in todo:
                self.statuses[index], self.outputs[index] = await self._cell(kernel, index)
                if self.statuses[index] == KILLED and index not in self.tried_again:
                    self.tried_again.add(index)  # the kernel may have been dying of what ran before
                    return [n for n in todo if n >= index]
                if self.statuses[index] != DONE:
                    return [n for n in todo if n > index]
            elif self.statuses[index] == DONE and self.job.cells[index][1] == "definition":
                status, _ = await self._cell(kernel, index)
                if status != DONE:  # it worked before: give up on it, and go on with another kernel
                    self.statuses[index] = status
                    return [n for n in todo if self.statuses[n] == NOT_REACHED]
        return []

    async def _cell(self, kernel: Kernel, index: int) -> tuple[str, list[NotebookNode]]:
        remaining = self.deadline - time.monotonic()
        return await kernel.run(self.job.cells[index][0], max(1.0, min(self.job.limits.cell_seconds, remaining)))


def furnish(folder: Path, job: Job, withheld: tuple[str, ...]) -> None:
    """Lay out what a kernel finds: `imports` (earlier notebooks), `modules` (handed in), `withheld` (stand-ins)."""
    for name in ("imports", "modules", "withheld"):
        (folder / name).mkdir()
    for name, text in job.definitions.items():
        (folder / "imports" / f"{name}.ipynb").write_text(text, encoding="utf-8")
    for name, text in job.files.items():
        (folder / "modules" / name).write_text(text, encoding="utf-8")
    if withheld:
        withhold(withheld, folder / "withheld")


def withhold(modules: tuple[str, ...], folder: Path) -> None:
    """Put a copy of `cs231n` into a folder in which `modules` refuse to work.

    Importing a name from them still works, so that no definition is lost with the import in front of it; calling it
    raises. A module of another package, such as torch, gets a file of the same kind.
    """
    original = Path(cs231n.__file__).parent
    shutil.copytree(original, folder / "cs231n", ignore=shutil.ignore_patterns("__pycache__"))
    for module in modules:
        path = folder.joinpath(*module.split(".")).with_suffix(".py")
        path.write_text(REFUSAL.format(module=module), encoding="utf-8")


def environment(home: str, imports: str) -> dict[str, str]:
    """Return the environment variables of a kernel that are the same with and without a sandbox."""
    data = None if os.environ.get("CS231N_DATA") == "synthetic" else data_utils.find_cifar10()
    return {
        "CS231N_CHECKS": "send",
        "CS231N_NOTEBOOK_PATH": imports,
        **({"CS231N_DATA": "cifar-10", "CS231N_DATA_DIR": str(data)} if data else {"CS231N_DATA": "synthetic"}),
        "HOME": home,
        "IPYTHONDIR": home,
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONHASHSEED": "0",
        **blas_on_one_thread(),
        **{name: os.environ[name] for name in ("LANG", "LC_ALL", "OPENBLAS_CORETYPE") if name in os.environ},
    }


def sandboxed_environment() -> dict[str, str]:
    path = os.pathsep.join([f"{sys.prefix}/bin", "/usr/bin", "/bin"])
    return {**environment(sandbox.HOME, sandbox.IMPORTS), "PATH": path, "USER": "student", "TMPDIR": sandbox.SCRATCH}


def plain_environment(folder: Path) -> dict[str, str]:
    """Return the environment of a kernel without a sandbox, and make its own folders."""
    shutil.copytree(folder / "modules", folder / "work")
    (folder / "home").mkdir()
    keep = ("PATH", "SYSTEMROOT", "VIRTUAL_ENV")
    path = os.pathsep.join([str(folder / "withheld"), *filter(None, [os.environ.get("PYTHONPATH")])])
    kept = {name: os.environ[name] for name in keep if name in os.environ}
    return {**environment(str(folder / "home"), str(folder / "imports")), **kept, "PYTHONPATH": path}
