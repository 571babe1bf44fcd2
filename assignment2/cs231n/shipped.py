"""What comes with the package about each assignment; it holds no code.

`assignments/<name>/` has `values.json` and `fingerprints.json`, generated from the key, and `hints/<Notebook>.toml`;
in a hand-out `steps.json` and `edition.json` too. What a course has of its own lies in the folder that
CS231N_ASSIGNMENTS names.
"""

import json
import os
from functools import cache
from pathlib import Path

FOLDER, VARIABLE = Path(__file__).with_name("assignments"), "CS231N_ASSIGNMENTS"
EDITION = "edition.json"  # its name
STEPS = "steps.json"  # the empty steps: text by step, by notebook in working order


def folders() -> list[Path]:
    """Return the folders of folders that assignments have."""
    return [FOLDER, *map(Path, filter(None, [os.environ.get(VARIABLE)]))]


@cache
def each(name: str) -> dict[str, dict]:
    """Return what a file of each assignment holds, by assignment; nothing for those without it."""
    paths = [path for folder in folders() for path in sorted(folder.glob(f"*/{name}"))]
    return {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in paths}


@cache
def notebooks() -> dict[str, list[str]]:
    """Return the names of the notebooks of each assignment, in working order where that was handed out."""
    named: dict[str, list[str]] = {}
    for path in [path for folder in folders() for path in sorted(folder.glob("*/hints/*.toml"))]:
        named.setdefault(path.parent.parent.name, []).append(path.stem)
    return named | {assignment: list(steps) for assignment, steps in each(STEPS).items()}


def nearest(folder: Path) -> list[str]:
    """Return the names of all assignments: first that of which most notebooks are in a folder.

    Where several have as many there, the one that the folder is named after comes first, then the one handed out.
    """
    there = {name: sum((folder / f"{each}.ipynb").exists() for each in names) for name, names in notebooks().items()}
    order = {name: (there.get(name, 0), name == folder.absolute().name, name in each(EDITION)) for name in known()}
    return sorted(order, key=lambda name: order[name], reverse=True)


@cache
def known() -> list[str]:
    """Return the names of all assignments of which anything is here."""
    return sorted({path.parent.name for folder in folders() for path in folder.glob("*/*")})


def of_step(step: str) -> list[str]:
    """Return the assignments that a step may be of, the likeliest first. Assignments may have steps of the same name:
    that of the notebook's folder, which is the working directory, decides.
    """
    names = nearest(Path())
    sure = [name for name in names if any(step in steps for steps in each(STEPS).get(name, {}).values())]
    return sure[:1] or names
