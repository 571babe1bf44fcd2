"""Which processes an execution has started."""

import os
from pathlib import Path


def processes_of(scratch):
    """Return the command lines of the processes that belong to executions with this folder for temporary files: of
    bubblewrap by its arguments, of pools, fork servers and kernels forked from them by their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = ((process / name).read_bytes() for name in ("cmdline", "environ"))
        except OSError:  # it has ended, or is somebody else's
            continue
        if os.fsencode(scratch) in command + environment and b"resource_tracker" not in command:  # pytest's own
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found
