"""The one reader of what students handed in: once, within limits, and only what counts.

Whatever is wrong with a file is a reason for people, and costs no other file.
"""

import hashlib
import json
import os
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.core.errors import SubmissionError
from autograder.core.files import MIB, Unusable, is_there, open_regular, read_regular
from autograder.core.results import Repair, RepairKind
from autograder.core.text import is_name, printable, well_formed
from autograder.core.upstream import MAX_TIMESTAMP_BYTES

MAX_NOTEBOOK_BYTES = 50 * MIB
MAX_NODES = 1_000_000  # values in a notebook's JSON: each takes a hundred bytes of memory and more
MAX_CELLS = 2_000
MAX_CODE = 2**18  # characters of a code cell: Python's parser takes a thousand times as much memory
MAX_MODULES, MAX_MODULE_BYTES, MAX_MODULE_NAME = 100, MIB, 100
MAX_WEIGHTS, MAX_WEIGHTS_BYTES = 20, 256 * MIB
MAX_ENTRIES = 10_000  # of the folder
TIMESTAMP = "timestamp.txt"
MAX_STUDENT = 128  # characters of an id in the gradebook
MAX_STUDENT_BYTES = 240  # of a file's name, which has an ending as well
STRING_OR_NODE = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{\[,]', re.DOTALL)


class NotGradable(SubmissionError):
    """A submitted notebook, or a whole submission, that cannot be used; the message says why."""


@dataclass(frozen=True)
class Submission:
    """What counts of what a student handed in.

    notebooks: by name, the bytes, or why they cannot be used; without those that were not handed in
    modules: the text of the Python files beside them, which solutions may import, by file name
    remarks: what was left out, and why
    digest: the hash of all this and of the weights
    """

    notebooks: dict[str, bytes | Unusable]
    modules: dict[str, str]
    remarks: tuple[str, ...]
    digest: str


def problem_of_name(student: str) -> str:
    """Say why the name of a folder cannot be a student's id, "" where it can."""
    if not is_name(student):
        return "not gradable: the folder's name is not UTF-8, has control characters in it, or space around it"
    if len(student) > MAX_STUDENT or len(os.fsencode(student)) > MAX_STUDENT_BYTES:
        return f"not gradable: the folder's name has more than {MAX_STUDENT} characters or {MAX_STUDENT_BYTES} bytes"
    return ""


def read_submission(folder: Path, names: list[str]) -> Submission:
    """Read what a student handed in. folder: `submitted/<student>/<assignment>`; names: the assignment's notebooks.

    Raises NotGradable where the folder cannot be read.
    """
    try:
        if folder.is_symlink() or folder.parent.is_symlink():
            raise NotGradable("the folder is a link: hand in the files themselves")
        with os.scandir(folder) as entries:
            found = sorted(entry.name for entry in islice(entries, MAX_ENTRIES + 1))
    except OSError as error:
        raise NotGradable(f"the folder cannot be read: {error.strerror}") from None
    remarks = [f"more than {MAX_ENTRIES} files: some were not looked at"] if len(found) > MAX_ENTRIES else []
    notebooks = {
        name: read_or_reason(path, MAX_NOTEBOOK_BYTES) for name in names if is_there(path := folder / f"{name}.ipynb")
    }
    modules = read_modules(folder, [name for name in found if name.endswith(".py")], remarks)
    counted: dict[str, object] = {name: digest_of(content) for name, content in notebooks.items()}
    counted |= {name: digest_of(text.encode()) for name, text in modules.items()}
    counted |= {name: digest_of_file(folder / name) for name in weights_in(found)}
    if is_there(folder / TIMESTAMP):
        counted[TIMESTAMP] = digest_of(read_or_reason(folder / TIMESTAMP, MAX_TIMESTAMP_BYTES))
    digest = hashlib.sha256(json.dumps([counted, remarks]).encode()).hexdigest()
    return Submission(notebooks, modules, tuple(remarks), digest)


def weights_in(names: list[str]) -> list[str]:
    return [name for name in names if name.endswith(".npz")][:MAX_WEIGHTS]


def read_or_reason(path: Path, limit: int) -> bytes | Unusable:
    try:
        return read_regular(path, limit)
    except Unusable as problem:
        return problem


def read_modules(folder: Path, names: list[str], remarks: list[str]) -> dict[str, str]:
    """Read Python files, and remark on those that are left out."""
    modules: dict[str, str] = {}
    left_out: list[str] = []
    for name in names:
        if len(modules) == MAX_MODULES:
            left_out.append(f"{printable(name)} is one of too many")
        elif not is_name(name) or len(os.fsencode(name)) > MAX_MODULE_NAME:
            left_out.append(f"{printable(name)[:MAX_MODULE_NAME]} has a name that is too long, or not text")
        else:
            try:
                modules[name] = read_regular(folder / name, MAX_MODULE_BYTES).decode("utf-8", "replace")
            except Unusable as problem:
                left_out.append(str(problem))
    if left_out:
        more = f", and {len(left_out) - 1} more" if len(left_out) > 1 else ""
        remarks.append(f"Python files were left out: {left_out[0]}{more}")
    return modules


def digest_of(content: bytes | Unusable) -> str:
    return str(content) if isinstance(content, Unusable) else hashlib.sha256(content).hexdigest()


def digest_of_file(path: Path) -> str:
    """Hash a file that is too large to be kept in memory, or say why it cannot be used."""
    try:
        with open_regular(path, MAX_WEIGHTS_BYTES) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except Unusable as problem:
        return str(problem)
    except OSError as error:
        return str(error.strerror)


# -- a notebook's JSON


def parse_notebook(content: bytes | Unusable, name: str) -> tuple[NotebookNode, list[Repair]]:
    """Return a notebook of version 4 with what counts of a submitted one of any version, and what was left out.

    A cell holds its kind, id, source, `grade_id`, attachments and outputs, all of the right type; the rest, which the
    instructor's notebook has or nobody needs, is dropped. Raises NotGradable with a reason for people.
    """
    if isinstance(content, Unusable):
        raise NotGradable(str(content))
    try:
        found = cells_of(load_json(content))
    except NotGradable as problem:
        raise NotGradable(f"{name}.ipynb {problem}") from None
    except Exception as error:  # json and nbformat raise many kinds for malformed files, and none may stop a class
        reason = " ".join(str(error).split())[:200]
        raise NotGradable(f"{name}.ipynb is not a readable notebook: {type(error).__name__} {reason}") from None
    if len(found) > MAX_CELLS:
        raise NotGradable(f"{name}.ipynb has {len(found)} cells, more than {MAX_CELLS}")
    cells, left_out = [], []
    for number, each in enumerate(found, start=1):
        cell = cell_of(each)
        if cell is None:
            left_out.append(Repair(RepairKind.LEFT_OUT, "", f"cell {number} was left out: it is none"))
        elif cell.cell_type == "code" and len(cell.source) > MAX_CODE:
            text = f"cell {number} was left out: {len(cell.source):,} characters of code, more than {MAX_CODE:,}"
            left_out.append(Repair(RepairKind.LEFT_OUT, "", text))
        else:
            cells.append(cell)
    return NotebookNode(cells=cells, metadata=NotebookNode(), nbformat=4, nbformat_minor=5), left_out


def load_json(content: bytes) -> Any:
    text = content.decode(json.detect_encoding(content))
    if too_many_nodes(text):
        raise NotGradable(f"holds more than {MAX_NODES:,} values: clear its outputs")
    return json.loads(text)


def too_many_nodes(text: str) -> bool:
    """Tell whether a JSON text has more than MAX_NODES values, before anything is allocated for them."""
    if sum(map(text.count, "{[,")) <= MAX_NODES:  # in strings too, but fast
        return False
    nodes = (match for match in STRING_OR_NODE.finditer(text) if match[0][0] != '"')
    return next(islice(nodes, MAX_NODES, None), None) is not None


def cells_of(notebook: Any) -> list[Any]:
    """Return the cells of a notebook of any version, as they are."""
    if not isinstance(notebook, dict):
        raise NotGradable("is not a readable notebook: it holds no notebook")
    if "cells" not in notebook:
        notebook = nbformat.reads(json.dumps(notebook), as_version=4)  # its own reader joins lines, too
    if not isinstance(notebook["cells"], list):
        raise NotGradable("is not a readable notebook: its cells are no list")
    return notebook["cells"]


def cell_of(found: Any) -> NotebookNode | None:
    """Return what counts of a submitted cell, None for what is none. A cell of an unknown kind is a raw cell."""
    source = text_of(found.get("source")) if isinstance(found, dict) else None
    if source is None:
        return None
    kind = found.get("cell_type")
    kind = kind if kind in ("code", "markdown") else "raw"
    cell = NotebookNode(cell_type=kind, source=source, metadata=NotebookNode(), id=text_of(found.get("id")) or "")
    given = found.get("metadata")
    ours = given.get("nbgrader") if isinstance(given, dict) else None
    if isinstance(ours, dict) and isinstance(ours.get("grade_id"), str):
        cell.metadata.nbgrader = NotebookNode(grade_id=ours["grade_id"])
    if kind == "code":
        outputs = found.get("outputs")
        cell.outputs = list(filter(None, map(output_of, outputs if isinstance(outputs, list) else [])))
    elif isinstance(attachments := found.get("attachments"), dict):
        bundles = {well_formed(name): bundle_of(bundle) for name, bundle in attachments.items()}
        cell.attachments = NotebookNode({name: bundle for name, bundle in bundles.items() if bundle})
    return cell


def output_of(found: Any) -> NotebookNode | None:
    """Return an output of an experiment as the notebook format has it, None for what is none."""
    kind = found.get("output_type") if isinstance(found, dict) else None
    if kind == "stream":
        text = text_of(found.get("text"))
        name = "stderr" if found.get("name") == "stderr" else "stdout"
        return None if text is None else NotebookNode(output_type=kind, name=name, text=text)
    if kind in ("display_data", "execute_result"):
        output = NotebookNode(output_type=kind, data=bundle_of(found.get("data")), metadata=NotebookNode())
        return NotebookNode(output, execution_count=None) if kind == "execute_result" else output
    if kind == "error":
        name, value = text_of(found.get("ename")) or "", text_of(found.get("evalue")) or ""
        lines = found.get("traceback")
        trace = list(filter(None, map(text_of, lines if isinstance(lines, list) else [])))
        return NotebookNode(output_type=kind, ename=name, evalue=value, traceback=trace)
    return None


def bundle_of(found: Any) -> NotebookNode:
    """Return the texts of a MIME bundle, pictures in base64 included: nothing here shows JSON."""
    texts = {well_formed(mime): text_of(data) for mime, data in found.items()} if isinstance(found, dict) else {}
    return NotebookNode({mime: text for mime, text in texts.items() if text is not None})


def text_of(found: Any) -> str | None:
    """Return a text that may be given in lines, None for anything else."""
    if isinstance(found, list) and all(isinstance(line, str) for line in found):
        found = "".join(found)
    return well_formed(found) if isinstance(found, str) else None
