"""A Dask cluster of separate processes that a test can kill and start again."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress


class DaskCluster:
    """A scheduler with a port of its own, and workers, all started from the command line as on a real cluster."""

    def __init__(self, scratch, host=None):
        """scratch: a folder for the files of the workers and for what they all print
        host: where the scheduler runs, see `helpers.hosts`; None for this machine
        """
        self.scratch, self.host = scratch, host
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port = found.getsockname()[1]
        self.ip = host.address if host else "127.0.0.1"
        self.address = f"tcp://{self.ip}:{self.port}"
        self.processes = []

    def start_scheduler(self):
        return self._start(self.host, "scheduler", "--host", self.ip, "--port", str(self.port), "--no-dashboard")

    def start_worker(self, host=None):
        """One that nobody starts again when it is killed."""
        own = "." if host else str(self.scratch)
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", own)
        return self._start(host, "worker", self.address, *options)

    def _start(self, host, *words):
        command = [sys.executable, "-m", "dask", *words]
        with (self.scratch / "dask.log").open("ab") as log:
            process = subprocess.Popen(
                host.command(command) if host else command, stdout=log, stderr=log, start_new_session=True
            )
        self.processes.append(process)
        return process

    def kill(self, process):
        """End a process and all that it has started, without a word to the others."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def dask_cluster(scratch, host=None):
    cluster = DaskCluster(scratch, host)
    try:
        yield cluster
    finally:
        for process in cluster.processes:
            cluster.kill(process)
