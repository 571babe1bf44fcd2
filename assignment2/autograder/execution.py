"""Execute a sanitised notebook: a pure function from code cells to outputs.

A `Job` holds all that the outputs depend on, so it can be addressed by a hash, sent to another process, or be found
in the store. Nothing a cell does stops the rest: the cell at fault is marked, a new kernel runs the definitions
before it again, and the execution goes on behind it.
"""

import asyncio
import hashlib
import json
import math
import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path

import cs231n
import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from autograder.course import Key, is_check, is_experiment, withheld_modules

FORMAT = 1  # raise it when what an execution stores changes
REFUSAL = '''"""Stands in for {module} where a step is to be written without it."""


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)

    def refuse(*args, **kwargs):
        raise RuntimeError(f"{module}.{{name}} does not run here: this step is to be written without it")

    return refuse
'''


@dataclass(frozen=True)
class Limits:
    """What one notebook may use. Times in seconds; output in bytes of all messages of a cell."""

    cell_seconds: float = 30
    notebook_seconds: float = 240
    output_bytes: int = 10 * 2**20


@dataclass(frozen=True)
class Job:
    """One notebook to execute.

    cells: the source and the role ("definition" or "check") of each code cell; definitions: notebooks that it may
    import, by name, as JSON text; files: Python modules beside it, by name; withheld: the modules that refuse to work
    while a check cell runs, by the number of the cell
    """

    cells: tuple[tuple[str, str], ...]
    definitions: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    limits: Limits = Limits()
    withheld: dict[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The hash of everything that the outputs depend on."""
        parts = [FORMAT, asdict(self), package_digest(), sys.version, version("numpy"), version("ipykernel")]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@cache
def package_digest() -> str:
    """Return the hash of the Python files of `cs231n`, as they are when it is first asked for."""
    digest = hashlib.sha256()
    folder = Path(cs231n.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def runs(cell: NotebookNode) -> bool:
    """Tell whether grading executes a cell: code that is not an experiment and not empty."""
    return cell.cell_type == "code" and not is_experiment(cell) and bool(cell.source.strip())


def make_job(
    notebook: NotebookNode, key: Key, limits: Limits | None = None, files: dict[str, str] | None = None
) -> Job:
    """Return the job for a sanitised notebook; `files` are the Python modules that were handed in with it."""
    executed = list(filter(runs, notebook.cells))
    cells = tuple((c.source, "check" if is_check(c) else "definition") for c in executed)
    withheld = {n: withheld_modules(c) for n, c in enumerate(executed) if is_check(c) and withheld_modules(c)}
    return Job(cells, key.definitions, files or {}, limits or Limits(), withheld)


def merge(notebook: NotebookNode, results: list[dict]) -> NotebookNode:
    """Return a copy of the notebook with the outputs of its job, and each executed cell's status in its metadata."""
    notebook = nbformat.from_dict(notebook)
    for cell, result in zip(filter(runs, notebook.cells), results, strict=True):
        cell.outputs = [nbformat.from_dict(output) for output in result["outputs"]]
        cell.metadata["cs231n"] = {"status": result["status"]}
    return notebook


def execute(job: Job) -> list[dict]:
    """Run a job; returns `{"status", "outputs"}` for each of its cells.

    status: "done", "timed out", "killed" (the kernel died), "too much output" or "not reached"
    """
    with ThreadPoolExecutor(1) as thread:  # a thread of its own: the caller may have an event loop already
        return thread.submit(asyncio.run, Run(job).finish()).result()


class Client(NotebookClient):
    """nbclient's executor, with a limit on the output of a cell: whoever prints more loses the kernel."""

    limit = 0
    printed = 0

    @property
    def flooded(self) -> bool:
        return self.printed > self.limit

    def process_message(self, msg, cell, cell_index):
        before = self.flooded
        self.printed += len(str(msg["content"]))
        if not self.flooded:
            return super().process_message(msg, cell, cell_index)
        if not before:
            self.killing = asyncio.ensure_future(self.km.shutdown_kernel(now=True))
        return None


class KernelManager(AsyncKernelManager):
    """Kernels of this very interpreter, whatever the notebook or the user's kernel specs say."""

    @property
    def kernel_spec(self):
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        argv += ["--HistoryManager.enabled=False", "--InteractiveShellApp.exec_PYTHONSTARTUP=False"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


def use_sockets(client: NotebookClient, folder: Path) -> None:
    """Reach the kernel over Unix sockets in `folder`, where there are any: a port could be reached by other users."""
    client.create_kernel_manager()
    if os.name == "posix":
        client.km.transport, client.km.ip = "ipc", str(folder / "kernel")


def withhold(modules: tuple[str, ...], folder: Path) -> None:
    """Put a copy of `cs231n` into a new folder, for the front of Python's path, in which `modules` refuse to work.

    Importing a name from them still works, so that no definition is lost with the import in front of it; calling it
    raises. A module of another package, such as torch, gets a file of the same kind.
    """
    original = Path(cs231n.__file__).parent
    shutil.copytree(original, folder / "cs231n", ignore=shutil.ignore_patterns("__pycache__"))
    for module in modules:
        path = folder.joinpath(*module.split(".")).with_suffix(".py")
        path.write_text(REFUSAL.format(module=module), encoding="utf-8")


class Run:
    """One execution of a job, over as many kernels as it takes."""

    def __init__(self, job: Job):
        self.job = job
        cells = [nbformat.v4.new_code_cell(source) for source, _ in job.cells]
        self.notebook = nbformat.v4.new_notebook(cells=cells)
        self.statuses = ["not reached"] * len(cells)

    async def finish(self) -> list[dict]:
        deadline = time.monotonic() + self.job.limits.notebook_seconds
        for modules in [(), *sorted(set(self.job.withheld.values()))]:
            todo = [n for n in range(len(self.statuses)) if self.job.withheld.get(n, ()) == modules]
            await self._without(modules, todo, deadline)
        outputs = [cell.outputs for cell in self.notebook.cells]
        return [{"status": s, "outputs": o} for s, o in zip(self.statuses, outputs, strict=True)]

    async def _without(self, modules: tuple[str, ...], todo: list[int], deadline: float) -> None:
        """Run the cells `todo`, in order, where these modules are withheld; in a folder of their own, so that what
        other cells left in theirs is out of reach."""
        with tempfile.TemporaryDirectory(prefix="cs231n-", ignore_cleanup_errors=True) as folder:
            environment = self._furnish(Path(folder), modules)
            while todo and time.monotonic() < deadline:
                todo = await self._one_kernel(todo, Path(folder), environment, deadline)

    def _furnish(self, folder: Path, withheld: tuple[str, ...]) -> dict[str, str]:
        """Lay out the kernel's folders and return its environment: nothing of the grader's own."""
        for name in ("work", "home", "imports"):
            (folder / name).mkdir()
        for name, text in self.job.definitions.items():
            (folder / "imports" / f"{name}.ipynb").write_text(text, encoding="utf-8")
        for name, text in self.job.files.items():
            (folder / "work" / name).write_text(text, encoding="utf-8")
        keep = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "OPENBLAS_CORETYPE", "PYTHONPATH", "VIRTUAL_ENV")
        kept = {name: os.environ[name] for name in keep if name in os.environ}
        if withheld:
            withhold(withheld, folder / "package")
            kept["PYTHONPATH"] = os.pathsep.join([str(folder / "package"), *filter(None, [kept.get("PYTHONPATH")])])
        return {
            **kept,
            "CS231N_CHECKS": "send",
            "CS231N_NOTEBOOK_PATH": str(folder / "imports"),
            "CS231N_DATA": "synthetic",
            "HOME": str(folder / "home"),
            "IPYTHONDIR": str(folder / "home"),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "PYTHONHASHSEED": "0",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
        }

    async def _one_kernel(self, todo: list[int], folder: Path, environment: dict, deadline: float) -> list[int]:
        """Run the cells `todo`, with the definitions between them that have run before, until the end or until one
        breaks the kernel; return those still to run."""
        client = Client(
            self.notebook,
            kernel_manager_class=KernelManager,
            allow_errors=True,
            interrupt_on_timeout=False,
            store_widget_state=False,
            shutdown_kernel="immediate",
            startup_timeout=60,
        )
        client.limit = self.job.limits.output_bytes
        use_sockets(client, folder)
        async with client.async_setup_kernel(cwd=str(folder / "work"), env=environment):
            for index in range(todo[-1] + 1):
                if index in todo:
                    self.statuses[index] = await self._cell(client, index, deadline)
                    if self.statuses[index] != "done":
                        return [n for n in todo if n > index]
                elif self.statuses[index] == "done" and self.job.cells[index][1] == "definition":
                    kept = self.notebook.cells[index].outputs
                    status = await self._cell(client, index, deadline)
                    self.notebook.cells[index].outputs = kept
                    if status != "done":  # it worked before: give up on it, and go on with another kernel
                        self.statuses[index] = status
                        return [n for n in todo if self.statuses[n] == "not reached"]
        return []

    async def _cell(self, client: Client, index: int, deadline: float) -> str:
        cell = self.notebook.cells[index]
        remaining = deadline - time.monotonic()
        client.timeout = max(1, math.ceil(min(self.job.limits.cell_seconds, remaining)))
        client.printed = 0
        try:
            await client.async_execute_cell(cell, index)
        except (CellTimeoutError, DeadKernelError) as error:
            if client.flooded:
                return "too much output"
            return "timed out" if isinstance(error, CellTimeoutError) else "killed"
        cell.metadata.pop("execution", None)  # the times of day, which would make each execution another one
        return "done"
