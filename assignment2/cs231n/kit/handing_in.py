"""`hand_in()`: write one zip file with the notebooks, their weights and a manifest, and say what is missing."""

import hashlib
import json
import platform
import zipfile
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cs231n
from cs231n.kit.handed_out import assignment_in, edition_in, notebooks_for
from cs231n.kit.notebooks import Folder, Notebook, read_folder
from cs231n.kit.overview import missing_weights, saved

ARCHIVE = "hand_in.zip"  # after the assignment's name; ASCII without spaces, so that no learning platform changes it
MANIFEST = "manifest.json"
FORMAT = 1  # of the manifest
GIVEN = ("start.py",)  # comes with the hand-out
PACKAGES = ("numpy", "matplotlib", "ipykernel")


def hand_in(folder: str | Path = ".") -> Path:
    """Write `<assignment>_hand_in.zip` next to the notebooks, print what is in it and what is missing; return its path.

    It contains what is on the disk: save your notebooks first. Hand in the zip as it is.
    Raises ValueError if there is no notebook with steps in the folder.
    """
    path = Path(folder)
    found = read_folder(path, notebooks_for(path))
    files = files_of(found)
    if not files:
        raise ValueError(f"there is nothing to hand in: there is no notebook with steps in {path.absolute()}")
    content = {name: (path / name).read_bytes() for name in files}
    manifest = manifest_of(found, content)
    archive = path / "_".join(filter(None, [manifest["assignment"], ARCHIVE]))
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in content.items():
            opened.writestr(name, data)
        opened.writestr(MANIFEST, json.dumps(manifest, indent=1))
    print("\n".join([*summary(found, content), "", f"Hand in this file: {archive.absolute()}"]))
    return archive


def files_of(folder: Folder) -> list[str]:
    """Return the names of the files to hand in: notebooks, unreadable ones too, their weights, and the student's own
    modules next to them; [] if there is no notebook."""
    notebooks = [notebook.path.name for notebook in folder.notebooks] + list(folder.unreadable)
    weights = [name for notebook in folder.notebooks for name in notebook.weights if (folder.path / name).is_file()]
    modules = sorted(path.name for path in folder.path.glob("*.py") if path.name not in GIVEN)
    return notebooks + weights + modules if notebooks else []


def manifest_of(folder: Folder, content: dict[str, bytes]) -> dict:
    """Return a description of a hand-in: format, edition, time, versions, the edition of each notebook, and the size
    and SHA-256 of each file."""
    return {
        "format": FORMAT,
        "assignment": assignment_in(folder.path),
        "edition": edition_in(folder.path),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "python": platform.python_version(),
            "cs231n": cs231n.__version__,
            **{name: version_of(name) for name in PACKAGES},
        },
        "editions": {notebook.name: notebook.edition for notebook in folder.notebooks},
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in content.items()
        },
    }


def summary(folder: Folder, content: dict[str, bytes]) -> list[str]:
    """Return lines about what a hand-in contains and what is missing."""
    lines = ["In the file:"]
    lines += [f"  {name}, {len(data) / 1e3:.0f} kB, {saved(folder.path / name)}" for name, data in content.items()]
    lacking = problems(folder)
    return [*lines, "Missing:" if lacking else "Nothing is missing.", *(f"  {problem}" for problem in lacking)]


def problems(folder: Folder) -> list[str]:
    """Return a line for each thing that is missing or still empty."""
    lines = [f"{name}.ipynb is not in this folder" for name in folder.missing]
    lines += [f"{text}: open it in JupyterLab and save it again" for text in folder.unreadable.values()]
    for notebook in folder.notebooks:
        lines += [f"{notebook.name}: {text}" for text in [*empty_steps(notebook), *missing_weights(notebook)]]
    return lines


def empty_steps(notebook: Notebook) -> list[str]:
    """Return a line about the steps that are still empty, and one about the questions without an answer."""
    empty = [step for step in notebook.steps.values() if step.is_empty]
    kinds = {"still empty": False, "unanswered": True}
    found = {said: [step.name for step in empty if step.is_answer == kind] for said, kind in kinds.items()}
    return [f"{', '.join(names)} {said}" for said, names in found.items() if names]


def version_of(package: str) -> str:
    """Return the version of an installed package, "" if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
