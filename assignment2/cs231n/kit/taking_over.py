"""Copy what was written in an earlier edition into a new one."""

import json
import re
import shutil
from pathlib import Path

from cs231n import verdicts
from cs231n.kit.notebooks import graded, is_empty, read_cells, text_of

HANDED_OUT = re.compile(r"[a-z]+(_[a-z0-9]+)*")  # the id of a cell
KEPT_BESIDE = ("*.npz", str(verdicts.FILE))


def take_over(earlier: Path, folder: Path = Path()) -> list[str]:
    """Copy what was written in the notebooks of `earlier` into those of `folder`; return lines that say what was done.

    It copies TODO blocks and answers that are not empty, cells that a student added, and files of weights. A cell in
    `folder` that is not empty does not change. Nor do experiments, which the new edition may have fixed; the lines name
    those that differ. Nothing in `earlier` changes.
    Raises ValueError if `earlier` has none of the notebooks, or is `folder` itself.
    """
    if earlier.resolve() == folder.resolve():
        raise ValueError(f"{earlier} is this folder: name the folder of the earlier edition")
    names = [path.name for path in sorted(folder.glob("*.ipynb")) if (earlier / path.name).is_file()]
    if not names:
        raise ValueError(f"{earlier} has none of the notebooks of {folder.absolute()}")
    lines = []
    for name in names:
        notebook, cells = json.loads((folder / name).read_text(encoding="utf-8")), read_cells(earlier / name)
        if taken := merge(notebook["cells"], cells):
            text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
            (folder / name).write_text(text, encoding="utf-8")
        lines.append(f"{name}: {', '.join(taken) or 'nothing to copy'}")
        lines += [
            f"  {label} differs and was not copied: compare it with the old one" for label in left(notebook, cells)
        ]
    for pattern in KEPT_BESIDE:
        for path in earlier.glob(pattern):
            target = folder / path.relative_to(earlier)
            if not target.exists():
                target.parent.mkdir(exist_ok=True)
                shutil.copy2(path, target)
                lines.append(f"{target.name}: copied")
    return lines


def merge(cells: list[dict], earlier: list[dict]) -> list[str]:
    """Copy what was written in the cells of an earlier edition into those of a new one; return the names of the cells
    that were copied."""
    taken, place = [], 0  # place: where an added cell goes, after the cell that it followed
    for cell in earlier:
        here = next((each for each in cells if name_of(each) == name_of(cell)), None)
        if here is not None:
            place = cells.index(here) + 1
            if graded(here).get("solution") and is_empty(here) and not is_empty(cell):
                here["source"] = cell["source"]
                taken.append(name_of(here))
        elif is_added(cell) and text_of(cell).strip():
            cells.insert(place, cell)
            place += 1
            taken.append("a cell that you added")
    return taken


def left(notebook: dict, earlier: list[dict]) -> list[str]:
    """Return the names of the experiments that differ from those in an earlier edition."""
    before = {name_of(cell): text_of(cell) for cell in earlier}
    found = [cell for cell in notebook["cells"] if is_experiment(cell) and not graded(cell)]
    return [name_of(cell) for cell in found if text_of(cell) != before.get(name_of(cell), text_of(cell))]


def is_experiment(cell: dict) -> bool:
    """Return whether a cell is tagged as an experiment."""
    return "experiment" in cell.get("metadata", {}).get("tags", [])


def is_added(cell: dict) -> bool:
    """Return whether a student added a cell: front ends give random ids, and the ids that are handed out are words."""
    name = str(cell.get("id", ""))
    return bool(name) and not graded(cell) and not HANDED_OUT.fullmatch(name)


def name_of(cell: dict) -> str:
    """Return the name by which a cell is known in all editions."""
    return graded(cell).get("grade_id") or str(cell.get("id", ""))
