"""A Pyodide distribution to test the JupyterLite site with, made from npm's `pyodide` and from PyPI.

    python tests/helpers/pyodide.py FOLDER

It holds all that a kernel needs to start. Pyodide's own builds of NumPy and Matplotlib come from its CDN only: empty
packages of their names stand in for them, so nothing numerical can run.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
from pathlib import Path

from autograder.authoring.archive import zipped
from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION
from packaging.utils import canonicalize_name

WANTED = ("micropip", "packaging", "ipython", "jedi", "tqdm", "threadpoolctl", "platformdirs")  # and what they need
COMM = "0.2.3"  # which Pyodide does not have
STAND_INS = ("numpy", "matplotlib", "pooch")


def make(folder: Path) -> None:
    """Fill a folder that is not there yet."""
    folder.mkdir(parents=True)
    subprocess.run(["npm", "pack", f"pyodide@{PYODIDE_VERSION}"], cwd=folder, check=True)
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder.parent, filter="data")
    for path in (folder.parent / "package").iterdir():
        path.rename(folder / path.name)
    archive.unlink()
    lock = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))
    packages = {name: lock["packages"][name] for name in needed(lock["packages"])}
    packages["comm"] = entry("comm", COMM)
    download(folder, [f"{name}=={about['version']}" for name, about in packages.items()])
    for name in STAND_INS:
        packages[name] = entry(name, "99")
        stand_in(folder / packages[name]["file_name"], name)
    for about in packages.values():  # PyPI's wheels are not byte for byte Pyodide's
        about["sha256"] = hashlib.sha256((folder / about["file_name"]).read_bytes()).hexdigest()
    (folder / "pyodide-lock.json").write_text(json.dumps({**lock, "packages": packages}), encoding="utf-8")


def needed(packages: dict) -> list[str]:
    """Return the names of what is wanted, and of all that it needs."""
    found, todo = [], list(WANTED)
    while todo:
        name = todo.pop()
        if name not in found:
            found.append(name)
            todo += map(canonicalize_name, packages[name]["depends"])
    return found


def download(folder: Path, specifications: list[str]) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*pip, "--platform", "any", "--python-version", "3.14", "-d", folder, *specifications], check=True)


def entry(name: str, version: str) -> dict:
    """Return the entry of a package that needs no other one in the lock file."""
    about = {"name": name, "version": version, "file_name": f"{name}-{version}-py3-none-any.whl", "imports": [name]}
    return {**about, "depends": [], "install_dir": "site", "package_type": "package", "unvendored_tests": False}


def stand_in(path: Path, name: str) -> None:
    """Write the wheel of an empty package."""
    files = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 99\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    info = {f"{name}-99.dist-info/{file}": text.encode() for file, text in files.items()}
    path.write_bytes(zipped({f"{name}/__init__.py": b"", **info}))


if __name__ == "__main__":
    make(Path(sys.argv[1]).absolute())
