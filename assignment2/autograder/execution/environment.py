"""The environment variables of kernels and of the processes that start them."""

import os
import sys
from pathlib import Path

from cs231n.checks.cases import SEED

from autograder.execution.job import Runtime, data_folder
from autograder.execution.kernel import sandbox


def single_threaded() -> dict[str, str]:
    """Return the variables that limit BLAS and the frameworks to one thread on a CPU, and keep TensorFlow from logging
    and from operations that round differently on each machine."""
    blas = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    tensorflow = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    quiet = {"CUDA_VISIBLE_DEVICES": "-1", "TF_ENABLE_ONEDNN_OPTS": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return {**dict.fromkeys((*blas, *tensorflow), "1"), **quiet}


def sandboxed_environment(runtime: Runtime, seed: str) -> dict[str, str]:
    """Return the environment of a kernel in a sandbox."""
    path = os.pathsep.join([f"{sys.prefix}/bin", "/usr/bin", "/bin"])
    common = common_environment(runtime, seed, sandbox.HOME, sandbox.IMPORTS)
    return {**common, "PATH": path, "USER": "student", "TMPDIR": sandbox.SCRATCH}


def plain_environment(runtime: Runtime, seed: str, folder: Path) -> dict[str, str]:
    """Return the environment of a kernel without a sandbox. folder: the one that `lay_out` filled"""
    ours = (folder / "imports", folder / "withheld")
    path = os.pathsep.join([*map(str, ours), *filter(None, [os.environ.get("PYTHONPATH")])])
    common = common_environment(runtime, seed, str(folder / "home"), str(folder / "imports"))
    return {**common, **_kept("PATH", "SYSTEMROOT", "VIRTUAL_ENV"), "PYTHONPATH": path}


def common_environment(runtime: Runtime, seed: str, home: str, imports: str) -> dict[str, str]:
    """Return the variables that are the same with and without a sandbox."""
    data = data_folder()
    return {
        "CS231N_CHECKS": "send",
        SEED: seed,
        "CS231N_NOTEBOOK_PATH": imports,
        **({"CS231N_DATA": "cifar-10", "CS231N_DATA_DIR": str(data)} if data else {"CS231N_DATA": "synthetic"}),
        "HOME": home,
        "IPYTHONDIR": home,
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONHASHSEED": "0",
        **single_threaded(),
        **runtime.settings,
    }


def fork_server_environment() -> dict[str, str]:
    """Return the environment of a fork server: of the grader's, only what a kernel may see."""
    kept = _kept("PATH", "HOME", "LANG", "OPENBLAS_CORETYPE", "PYTHONPATH")  # HOME: for Matplotlib's list of fonts
    return {**kept, "PYTHONHASHSEED": "0", **single_threaded()}


def _kept(*names: str) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}
