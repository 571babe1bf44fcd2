"""Hosts on one machine: network namespaces, each with an address of its own on one bridge and its own file systems.

For root only. The bridge is in the machine's own network, so that the grader reaches the hosts.
"""

import os
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from tempfile import TemporaryDirectory

NETWORK = f"10.213.{os.getpid() % 256}"  # of this process: others may have hosts too
BRIDGE = f"cs{os.getpid()}"


@dataclass(frozen=True)
class Host:
    """name: of the network namespace; address: its IP address; empty: a folder that is an empty one there"""

    name: str
    address: str
    empty: str

    def command(self, command):
        """Return what runs a command there."""
        own = 'mount --make-rprivate / && mount -t tmpfs tmpfs "$0" && mkdir "$0/work" && cd "$0/work" && exec "$@"'
        return ["ip", "netns", "exec", self.name, "sh", "-c", own, self.empty, *command]


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True)


@cache
def unavailable():
    """Return why there can be no hosts, "" if there can."""
    if os.geteuid() != 0:
        return "network namespaces with addresses need root"
    if not shutil.which("ip"):
        return "ip is not installed"
    try:
        with TemporaryDirectory() as empty, hosts(1, empty) as (one,):
            run(*one.command(["true"]))
    except (OSError, subprocess.CalledProcessError) as error:
        return f"this machine allows no network namespaces: {getattr(error, 'stderr', '') or error}"
    return ""


@contextmanager
def hosts(number, empty):
    """Make hosts, and take them away in the end."""
    run("ip", "link", "add", BRIDGE, "type", "bridge")
    made = []
    try:
        run("ip", "addr", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")
        for k in range(number):
            name, ours, address = f"{BRIDGE}h{k}", f"{BRIDGE}e{k}", f"{NETWORK}.{k + 2}"
            run("ip", "netns", "add", name)
            made.append(Host(name, address, str(empty)))
            run("ip", "link", "add", ours, "type", "veth", "peer", "name", "eth0", "netns", name)
            run("ip", "link", "set", ours, "master", BRIDGE, "up")
            run("ip", "-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            for device in ("eth0", "lo"):
                run("ip", "-n", name, "link", "set", device, "up")
        yield made
    finally:
        for host in made:
            subprocess.run(["ip", "netns", "del", host.name], check=False)
        subprocess.run(["ip", "link", "del", BRIDGE], check=False)
