"""The notebooks of a folder as they were last saved: their steps, and what is still empty in them."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

EMPTY_BLOCK = "this TODO block is still empty"  # the error of a TODO block until somebody fills it in
EMPTY_ANSWER = "YOUR ANSWER HERE"
CHECK = "test_"  # the id of a check cell is this and the id of its step
WEIGHTS = re.compile(r"""check\.model\(\s*["']([^"']+\.npz)["']""")


@dataclass
class Step:
    """What students fill in, and what checks it: a TODO block with its check cell, one of the two, or an answer."""

    name: str
    points: float = 0.0
    is_answer: bool = False
    is_written: bool = False  # whether students write something here; if not, only given code is checked
    is_checked: bool = False
    is_empty: bool = False


@dataclass
class Notebook:
    """One saved notebook."""

    path: Path

    @property
    def name(self) -> str:
        """Its name without `.ipynb`."""
        return self.path.stem

    @cached_property
    def cells(self) -> list[dict]:
        """Its cells as the file has them; raises ValueError if the file is not a notebook."""
        return read_cells(self.path)

    @cached_property
    def steps(self) -> dict[str, Step]:
        """Its steps by name, in order."""
        found: dict[str, Step] = {}
        for cell in self.cells:
            about = graded(cell)
            if not (about.get("solution") or about.get("grade")):
                continue
            name = about["grade_id"].removeprefix(CHECK)
            step = found.setdefault(name, Step(name))
            step.points += about.get("points") or 0
            if about.get("solution"):
                step.is_written, step.is_answer = True, cell["cell_type"] == "markdown"
                step.is_empty = is_empty(cell)
            else:
                step.is_checked = True
        return found

    @property
    def weights(self) -> list[str]:
        """The names of the files of weights that its checks read; they are handed in with it."""
        found = (name for cell in self.cells if graded(cell).get("grade") for name in WEIGHTS.findall(text_of(cell)))
        return list(dict.fromkeys(found))

    @property
    def edition(self) -> str:
        """The edition that it was handed out as: eight hexadecimal digits, which change with each check and stub."""
        given = sorted(
            (graded(cell)["grade_id"], graded(cell).get("checksum", "")) for cell in self.cells if graded(cell)
        )
        return hashlib.sha256(json.dumps(given).encode()).hexdigest()[:8]


@dataclass
class Folder:
    """The notebooks of an assignment in a folder. missing: those that were handed out and are not in the folder"""

    path: Path
    notebooks: list[Notebook] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)  # file name: what is wrong with it


def read_folder(path: Path, handed_out: list[str]) -> Folder:
    """Read the notebooks of a folder. handed_out: their names in working order, empty if that is not known"""
    folder = Folder(path)
    names = handed_out or sorted(file.stem for file in path.glob("*.ipynb"))
    for name in names:
        notebook = Notebook(path / f"{name}.ipynb")
        if not notebook.path.exists():
            folder.missing.append(name)
            continue
        try:
            if notebook.steps:
                folder.notebooks.append(notebook)
        except (ValueError, OSError) as error:
            folder.unreadable[notebook.path.name] = str(error)
    return folder


def read_cells(path: Path) -> list[dict]:
    """Return the cells of a notebook; raises ValueError if the file is not a notebook, OSError if there is no file."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        if all(isinstance(text_of(cell), str) and isinstance(cell["cell_type"], str) for cell in cells):
            return cells
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path.name} is not a notebook ({type(error).__name__}: {error})") from error
    except ValueError as error:
        raise ValueError(f"{path.name} is not a notebook, or is damaged ({error})") from error
    raise ValueError(f"{path.name} is not a notebook")


def graded(cell: dict) -> dict:
    """Return nbgrader's metadata of a cell, {} for cells that nbgrader does not know."""
    about = cell.get("metadata", {}).get("nbgrader", {})
    return about if isinstance(about.get("grade_id"), str) else {}


def text_of(cell: dict) -> str:
    """Return the source of a cell, which is a text or a list of lines in the file."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def is_empty(cell: dict) -> bool:
    """Return whether a cell that students write is still empty, or only partly written."""
    text = text_of(cell).strip()
    return EMPTY_BLOCK in text if cell["cell_type"] == "code" else text in ("", EMPTY_ANSWER)
