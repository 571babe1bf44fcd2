"""Read what comes with the package for each assignment, none of which is code.

`assignments/<name>/` has `values.json` and `fingerprints.json`, generated from the key, and `hints/<Notebook>.toml`;
in a hand-out, `steps.json` and `edition.json` too. The environment variable CS231N_ASSIGNMENTS names the folder of a
course's own assignments.
"""

import json
import os
from functools import cache
from pathlib import Path

FOLDER, VARIABLE = Path(__file__).with_name("assignments"), "CS231N_ASSIGNMENTS"
EDITION = "edition.json"  # the name of the edition
STEPS = "steps.json"  # the empty steps: by notebook, in working order, the text of each step


def folders() -> list[Path]:
    """Return the folders in which each assignment has a folder."""
    return [FOLDER, *map(Path, filter(None, [os.environ.get(VARIABLE)]))]


@cache
def each(name: str) -> dict[str, dict]:
    """Return the content of the JSON file with this name for each assignment that has it, by assignment."""
    paths = [path for folder in folders() for path in sorted(folder.glob(f"*/{name}"))]
    return {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in paths}


@cache
def notebooks() -> dict[str, list[str]]:
    """Return the names of the notebooks of each assignment, in working order if the assignment was handed out."""
    named: dict[str, list[str]] = {}
    for path in [path for folder in folders() for path in sorted(folder.glob("*/hints/*.toml"))]:
        named.setdefault(path.parent.parent.name, []).append(path.stem)
    return named | {assignment: list(steps) for assignment, steps in each(STEPS).items()}


def nearest(folder: Path) -> list[str]:
    """Return the names of all assignments, first the one with the most notebooks in a folder.

    Among equals, the one that the folder is named after comes first, then the one that was handed out.
    """
    there = {name: sum((folder / f"{each}.ipynb").exists() for each in names) for name, names in notebooks().items()}
    order = {name: (there.get(name, 0), name == folder.absolute().name, name in each(EDITION)) for name in known()}
    return sorted(order, key=lambda name: order[name], reverse=True)


@cache
def known() -> list[str]:
    """Return the names of all assignments that have any file here."""
    return sorted({path.parent.name for folder in folders() for path in folder.glob("*/*")})


def of_step(step: str) -> list[str]:
    """Return the assignments that a step may belong to, the likeliest first.

    Assignments may have steps with the same name. Then the notebooks in the working directory decide.
    """
    names = nearest(Path())
    sure = [name for name in names if any(step in steps for steps in each(STEPS).get(name, {}).values())]
    return sure[:1] or names
