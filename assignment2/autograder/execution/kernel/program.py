"""The program that a kernel's process runs: ipykernel with our patches.

In a sandbox the fork server's child calls `run`; without one it is started by `command`. Students' modules must not
stand in for what it imports, so Python's own option -P keeps their folder away until everything is imported.
"""

import sys

from autograder.core import upstream

OPTIONS = ("--HistoryManager.enabled=False", "--InteractiveShellApp.exec_PYTHONSTARTUP=False")


def command(connection_file: str = "{connection_file}") -> list[str]:
    """Return the command line of a kernel without a sandbox; as it is, the `argv` of a kernel specification."""
    return [sys.executable, "-P", "-m", __name__, connection_file]


def run(connection_file: str) -> None:
    """Be a kernel until it is stopped."""
    from ipykernel.kernelapp import IPKernelApp

    upstream.patch_kernels()
    sys.argv = ["ipykernel_launcher", "-f", connection_file, *OPTIONS]
    IPKernelApp.launch_instance(sys.argv[1:])


if __name__ == "__main__":
    import ipykernel.kernelapp  # noqa: F401, before the next line lets a student's modules be found

    sys.path.insert(0, "")
    run(sys.argv[1])
