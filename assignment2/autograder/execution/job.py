"""A job: one notebook to execute, with everything that its outputs depend on.

So a job can be addressed by a hash, sent to another process, and found in the store.
"""

import hashlib
import json
import os
import platform
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path

import cs231n
from cs231n import cifar10_files, data_utils

from autograder.core.frameworks import framework_versions

FORMAT = 5  # raise it when what an execution stores changes
MIB = 2**20
SETTINGS = ("LANG", "LC_ALL", "OPENBLAS_CORETYPE")  # environment variables of the grader that a kernel inherits


@dataclass(frozen=True)
class Limits:
    """What one notebook may use.

    cell_seconds, notebook_seconds: of wall-clock time; output_bytes: of all that one cell sends
    memory_bytes: of all its processes and files together; scratch_bytes: of files, which are kept in memory, in each of
    two folders
    Without a sandbox only the times and the output are limited.
    """

    cell_seconds: float = 30
    notebook_seconds: float = 240
    output_bytes: int = 10 * MIB
    memory_bytes: int = 2048 * MIB
    scratch_bytes: int = 256 * MIB
    processes: int = 64

    def resources(self) -> dict[str, int]:
        """Return what the operating system enforces for each process, by the names of Python's module `resource`."""
        return {
            "RLIMIT_DATA": self.memory_bytes,
            "RLIMIT_FSIZE": self.scratch_bytes,
            "RLIMIT_CPU": int(self.notebook_seconds) + 1,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_NOFILE": 512,
            "RLIMIT_CORE": 0,
        }


@dataclass(frozen=True)
class ExecutionOptions:
    """How to execute. sandboxed: whether a job may only run in a sandbox; None, for the instructor's own code, means in
    a sandbox if there is one."""

    limits: Limits = Limits()
    sandboxed: bool | None = None


@dataclass(frozen=True)
class Runtime:
    """What a kernel runs on, as far as outputs depend on it.

    python, numpy, ipython, matplotlib: versions; cs231n: the digest of its files; data: the data set and what
    identifies its files; settings: the environment variables of SETTINGS that are set
    frameworks: the versions of those that the job imports
    """

    python: str
    numpy: str
    ipython: str
    matplotlib: str
    cs231n: str
    data: str
    settings: dict[str, str]
    frameworks: dict[str, str] = field(default_factory=dict)

    @classmethod
    def current(cls, frameworks: tuple[str, ...] = ()) -> "Runtime":
        """Return what a kernel of this process would run on; raises NoFramework if a framework is missing."""
        return cls(
            python=platform.python_version(),
            numpy=_version("numpy"),
            ipython=_version("ipython"),
            matplotlib=_version("matplotlib"),
            cs231n=package_digest(),
            data=data_identity(data_folder()),
            settings={name: os.environ[name] for name in SETTINGS if name in os.environ},
            frameworks=framework_versions(frameworks),
        )

    def differences(self, other: "Runtime") -> list[str]:
        """Say in which parts another runtime differs, one line each: "numpy: 2.0 here, 2.1 there"."""
        pairs = [(part.name, getattr(self, part.name), getattr(other, part.name)) for part in fields(self)]
        return [f"{name}: {ours} here, {theirs} there" for name, ours, theirs in pairs if ours != theirs]


class Role(StrEnum):
    """What a cell is for: definitions run again in every new kernel, checks run once."""

    DEFINITION = "definition"
    CHECK = "check"


@dataclass(frozen=True)
class CodeCell:
    """One cell to execute. withheld: the modules that refuse to work while it runs, sorted; check cells only.
    ours: whether it comes from the key, so that no kernel may get its source"""

    source: str
    role: Role = Role.DEFINITION
    withheld: tuple[str, ...] = ()
    ours: bool = False


@dataclass(frozen=True)
class Job:
    """One notebook to execute.

    definitions: notebooks that it may import, JSON text by name; files: Python modules handed in with it, text by path
    package: the modules of the course's own package, text by path
    sandboxed: whether it may only run in a sandbox; seed: that of the checks' inputs, "" for those that students see
    """

    cells: tuple[CodeCell, ...]
    runtime: Runtime
    definitions: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    limits: Limits = Limits()
    sandboxed: bool = True
    seed: str = ""
    package: dict[str, str] = field(default_factory=dict)

    @cached_property
    def address(self) -> str:
        """The hash of the job, and so of everything that the outputs depend on."""
        return hashlib.sha256(json.dumps([FORMAT, asdict(self)], sort_keys=True).encode()).hexdigest()


@cache
def package_digest() -> str:
    """Return the hash of the Python files of `cs231n`, as they are when this is first called."""
    digest = hashlib.sha256()
    folder = Path(cs231n.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def data_folder() -> Path | None:
    """Return the folder of CIFAR-10's batch files, None if the synthetic images are used."""
    found = None if os.environ.get("CS231N_DATA") == "synthetic" else data_utils.find_cifar10()
    return None if found is None else Path(found)


def data_identity(folder: Path | None) -> str:
    """Name a data set; CIFAR-10 with a hash of its files' names and sizes, wherever they are.

    folder: that of CIFAR-10's batch files; None for the synthetic images
    """
    if folder is None:
        return "synthetic"
    paths = [folder / name for name in cifar10_files.TRAINING_FILES + cifar10_files.TEST_FILES]
    sizes = [(path.name, path.stat().st_size) for path in paths if path.is_file()]
    return f"CIFAR-10, {hashlib.sha256(repr(sizes).encode()).hexdigest()[:16]}"


_version = cache(version)
