"""How much memory this process holds and may hold, on Linux; other systems neither tell nor limit it."""

import sys
from pathlib import Path

MIB = 2**20


def data_bytes() -> int:
    """Return the bytes of data that this process holds, as RLIMIT_DATA counts them; 0 if the system does not say."""
    usage = Path("/proc/self/statm")
    if not usage.exists():
        return 0
    import resource

    return int(usage.read_text().split()[5]) * resource.getpagesize()


def limit_data(limit: int) -> None:
    """Let this process hold at most `limit` bytes of data: an allocation beyond that raises MemoryError. Processes that
    it starts may set another limit. Does nothing on other systems than Linux."""
    if sys.platform == "linux":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (limit if most == resource.RLIM_INFINITY else min(limit, most), most))
