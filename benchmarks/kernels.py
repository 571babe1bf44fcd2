"""Where the time of executing a submission goes: one kernel for each notebook of the key, stage by stage.

    python benchmarks/kernels.py --rounds 10

Prints medians in milliseconds as a table in Markdown. The first kernel, for which the fork server starts, is not
counted. Cells that need a kernel of their own, because a module is withheld, run with the others here.
"""

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path
from statistics import median

from autograder.course.key import Key, keys
from autograder.execution.environment import fork_server_environment, sandboxed_environment
from autograder.execution.job import Role
from autograder.execution.kernel import sandbox
from autograder.execution.kernel.compiled import for_kernel
from autograder.execution.kernel.fork_server import ForkServer
from autograder.execution.kernel.launch import sandboxed_kernel
from autograder.execution.workspace import lay_out
from autograder.submission.preparation import make_job
from helpers import ASSIGNMENT
from helpers.courses import WORKBOOK

SOURCES = Path(__file__).parents[1] / "source" / ASSIGNMENT
STAGES = ("files", "sandbox and kernel", "definitions", "checks", "end")


async def stages(key: Key, fork_server: ForkServer) -> list[float]:
    """Run a notebook of the key; returns the seconds of each stage."""
    job = make_job(key.notebook, key)
    cells = {Role.DEFINITION: 0.0, Role.CHECK: 0.0}
    with tempfile.TemporaryDirectory() as name:
        start = time.perf_counter()
        lay_out(Path(name), job, ())
        files = time.perf_counter()
        async with sandboxed_kernel(Path(name), job.limits, sandboxed_environment(job.runtime), fork_server) as kernel:
            ready = time.perf_counter()
            for cell in job.cells:
                before = time.perf_counter()
                await kernel.run(*for_kernel(cell), job.limits.cell_seconds)
                cells[cell.role] += time.perf_counter() - before
            last = time.perf_counter()
        return [files - start, ready - files, *cells.values(), time.perf_counter() - last]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help="runs of each notebook (default: 10)")
    rounds = parser.parse_args().rounds
    os.environ["CS231N_DATA"] = "synthetic"
    sandbox.require()
    fork_server = ForkServer(fork_server_environment())
    found = keys(WORKBOOK)
    try:
        asyncio.run(stages(next(iter(found.values())), fork_server))
        print(f"| notebook | {' | '.join(STAGES)} | sum |")
        print(f"| --- |{' --: |' * (len(STAGES) + 1)}", flush=True)
        for name, key in found.items():
            runs = [asyncio.run(stages(key, fork_server)) for _ in range(rounds)]
            medians = [median(stage) * 1e3 for stage in zip(*runs, strict=True)]
            print(f"| {name} | {' | '.join(f'{each:.1f}' for each in [*medians, sum(medians)])} |", flush=True)
    finally:
        fork_server.close()


if __name__ == "__main__":
    main()
