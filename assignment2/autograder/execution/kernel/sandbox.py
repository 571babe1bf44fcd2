"""Make the sandbox that student code runs in: namespaces and a file system of its own, by bubblewrap.

Inside there are the interpreter with its packages, `cs231n`, the data set and the earlier notebooks' definitions, all
read-only; an empty home and temporary folder in memory; no network, no other process, no file and no environment
variable of the grader's. There is no `/proc` either: it would show where all this is on the grader's disk, the
environment that the fork server was started in, and bubblewrap's processes, whose limits are not a kernel's.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cs231n

from autograder.core.errors import GraderError
from autograder.execution.job import data_folder
from autograder.execution.kernel import seccomp

SCRATCH = "/tmp"  # everything that a student's code can write to, one file system in memory
HOME, WORK = f"{SCRATCH}/home", f"{SCRATCH}/work"
IMPORTS, PACKAGES = "/imports", "/withheld"
SHARED = "/dev/shm"
DEVICES = ("null", "full", "random", "urandom")  # no /dev/zero: mapped, it is shared memory that cannot be counted
MACHINE = ("/proc/cpuinfo", "/proc/meminfo")  # what libraries look up in /proc before they compute
FIRST_USER = 1_000_000  # a grader that is root gives each sandbox an unused user of its own
INSTALL = (
    "Install bubblewrap and libseccomp (Debian, Ubuntu: apt install bubblewrap libseccomp2; Fedora: dnf install "
    "bubblewrap libseccomp; macOS and Windows: grade in a Linux virtual machine) and run pip install pyseccomp, or "
    "accept the risk that student code runs with your rights: --no-sandbox, or c.ExecuteFromStore.sandbox = False in "
    "nbgrader_config.py"
)


class NoSandbox(GraderError):
    """There is no sandbox on this machine; the message says why and what to install."""


@cache
def unavailable() -> str:
    """Say in a few words why no sandbox can be made on this machine; "" if one can."""
    if sys.platform != "linux":
        return f"bubblewrap does not exist on {sys.platform}"
    if shutil.which("bwrap") is None:
        return "no bwrap on the PATH"
    if reason := seccomp.unavailable():
        return reason
    command = [*isolation(), "--ro-bind", "/", "/", "true"]
    tried = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return tried.stderr.strip()[:200] if tried.returncode else ""


def require() -> None:
    """Raise NoSandbox if no sandbox can be made."""
    if reason := unavailable():
        raise NoSandbox(f"student code needs a sandbox, and there is none here ({reason}). {INSTALL}")


def require_hidden(folder: Path) -> None:
    """Raise NoSandbox if a sandbox would show this folder, because it is in a folder that a sandbox has to show."""
    for path in read_only():
        if folder.resolve().is_relative_to(Path(path).resolve()):
            raise NoSandbox(
                f"{folder} is in {path}, which student code has to see to run Python: move the course, "
                "or use a virtual environment in a folder of its own"
            )


def isolation() -> list[str]:
    """Return the part of bubblewrap's command line that says what is not shared.

    Not `--disable-userns`: a kernel could not enter namespaces above the last user namespace. `seccomp` keeps student
    code from making one.
    """
    user = [] if os.geteuid() == 0 else ["--unshare-user", "--uid", "1000", "--gid", "1000"]
    spaces = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--hostname", "sandbox"]
    return [shutil.which("bwrap") or "bwrap", *user, *spaces, "--die-with-parent"]


def read_only() -> list[str]:
    """Return what a sandbox shows as it is: the system's libraries, Python, its packages, `cs231n`, the data set."""
    found = ["/usr", "/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime"]
    found += MACHINE
    found += [sys.base_prefix, sys.prefix, *(path for path in sys.path if path.endswith("-packages"))]
    found.append(str(Path(cs231n.__file__).parent))
    if data := data_folder():
        found.append(str(data.resolve()))
    return [path for path in dict.fromkeys(found) if os.path.exists(path)]


def file_system(folder: Path, scratch_bytes: int) -> list[str]:
    """Return the part of bubblewrap's command line that lays out the files.

    folder: on the grader's disk; its `imports`, `modules` and `withheld` are shown if they exist
    """
    scratch = ["--size", str(scratch_bytes), "--perms", "1777", "--tmpfs"]
    options = [*scratch, SCRATCH, *system(tuple(read_only()))]
    if (folder / "imports").exists():
        options += ["--ro-bind", str(folder / "imports"), IMPORTS]
    for module in sorted((folder / "modules").glob("*")):
        options += ["--ro-bind", str(module), f"{WORK}/{module.name}"]
    options += ["--perms", "0755", "--dir", PACKAGES]
    for stand_in in sorted((folder / "withheld").glob("*")):  # over the original, which is nowhere in the sandbox
        place = str(Path(cs231n.__file__).parent) if stand_in.name == "cs231n" else f"{PACKAGES}/{stand_in.name}"
        options += ["--ro-bind", str(stand_in), place]
    return [*options, *scratch, SHARED, "--remount-ro", "/", "--chdir", "/"]


@cache  # the same for every kernel
def system(shown: tuple[str, ...]) -> list[str]:
    """Return the part of it that lays out what no notebook changes. shown: what `read_only` returns"""
    options = ["--perms", "0777", "--dir", HOME, "--perms", "0777", "--dir", WORK]
    for parent in dict.fromkeys(str(parent) for path in shown for parent in reversed(Path(path).parents)):
        options += ["--perms", "0755", "--dir", parent]  # bubblewrap's own would be closed to a kernel's user
    for path in shown:
        options += ["--ro-bind", path, path]
    for path in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(path):
            options += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            options += ["--ro-bind", path, path]
    # not the system's /proc, but what TensorFlow needs to start: the path of the program, and an empty command line
    options += ["--perms", "0755", "--dir", "/proc", "--perms", "0755", "--dir", "/proc/self"]
    options += ["--symlink", sys.executable, "/proc/self/exe", "--dev-bind", "/dev/null", "/proc/self/cmdline"]
    options += ["--dir", "/dev"]
    for device in DEVICES:
        options += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    return options


@dataclass
class Sandbox:
    """A running sandbox. It ends by `kill`, or when all processes that have `pipe`, a pipe's write end, close it."""

    process: subprocess.Popen[bytes]
    pid: int
    pipe: int

    @property
    def uid(self) -> int | None:
        """Return the id of the user that a kernel becomes; None if it keeps the grader's."""
        return FIRST_USER + self.pid if os.geteuid() == 0 else None

    def kill(self) -> None:
        """End the sandbox and everything in it."""
        self.process.kill()
        self.process.wait()

    def usage(self) -> tuple[int, int]:
        """Return the number of processes in the sandbox, and the bytes of memory that they and their files take."""
        try:
            space = os.readlink(f"/proc/{self.pid}/ns/pid")
            inside = [pid for pid in filter(str.isdigit, os.listdir("/proc")) if lives_in(space, pid)]
            files = sum(used_bytes(f"/proc/{self.pid}/root{folder}") for folder in (SCRATCH, SHARED))
        except OSError:  # it has ended
            return 0, 0
        return len(inside), files + sum(private_bytes(pid) for pid in inside)


def lives_in(space: str, pid: str) -> bool:
    """Return whether a process is in a process namespace. space: its name, as `/proc` has it"""
    try:
        return os.readlink(f"/proc/{pid}/ns/pid") == space
    except OSError:  # it has ended, or belongs to somebody else
        return False


def used_bytes(folder: str) -> int:
    """Return how many bytes of a file system are used, which is memory if the files are kept in memory."""
    status = os.statvfs(folder)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


def private_bytes(pid: str) -> int:
    """Return how many bytes of memory a process has that belong neither to a file nor to shared memory."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            _, resident, shared, *_ = map(int, file.read().split())
    except OSError:
        return 0
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


def open_sandbox(folder: Path, scratch_bytes: int) -> Sandbox:
    """Make a sandbox in which nothing runs yet; raises NoSandbox with bubblewrap's message if it fails."""
    info_read, info_write = os.pipe()
    filter_read, filter_write = os.pipe()
    os.write(filter_write, seccomp.program())
    os.close(filter_write)
    wait, pipe = os.pipe()
    os.write(pipe, b"ready\n")
    init = ["cat"]  # says so when the sandbox is there; ends with the pipe, and everything in the sandbox with it
    descriptors = ["--info-fd", str(info_write), "--seccomp", str(filter_read)]
    command = [*isolation(), *descriptors, *file_system(folder, scratch_bytes), "--", *init]
    passed = [info_write, filter_read]
    process = subprocess.Popen(
        command, stdin=wait, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=passed, env={}
    )
    for descriptor in (wait, *passed):
        os.close(descriptor)
    assert process.stdout is not None
    assert process.stderr is not None
    with open(info_read) as info, process.stdout as output, process.stderr as errors:
        if output.readline() != b"ready\n":
            os.close(pipe)
            process.wait()
            raise NoSandbox(f"bubblewrap failed: {errors.read().decode(errors='replace').strip()}")
        return Sandbox(process, json.load(info)["child-pid"], pipe)
