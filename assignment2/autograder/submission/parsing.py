"""Parse a submitted notebook, in any encoding and version: keep what counts of it, and say what was wrong with it."""

import json
import re
from itertools import islice
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.core.files import Unusable
from autograder.core.results import Repair, RepairKind
from autograder.core.text import well_formed
from autograder.course.cells import EXPERIMENT
from autograder.submission.reading import NotGradable

MAX_NODES = 1_000_000  # values in a notebook's JSON: each takes a hundred bytes of memory and more
MAX_CELLS = 2_000
MAX_CODE = 2**18  # characters of a code cell: Python's parser takes a thousand times as much memory
STRING_OR_NODE = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{\[,]', re.DOTALL)
CONFLICT = re.compile(
    r"^<{7}[^\n]*\n(?P<first>(?:(?![<|=>]{7})[^\n]*\n)*)"
    r"(?:\|{7}[^\n]*\n(?:(?![<|=>]{7})[^\n]*\n)*)?"
    r"={7}[^\n]*\n(?P<second>(?:(?![<|=>]{7})[^\n]*\n)*)>{7}[^\n]*(?:\n|\Z)",
    re.MULTILINE,
)
OLD_KINDS = {"pyout": "execute_result", "pyerr": "error"}
OLD_FIELDS = {"text": "text/plain", "html": "text/html", "png": "image/png", "jpeg": "image/jpeg"}
CHECKSUM = re.compile("[0-9a-f]{32}")
VERSION = re.compile(r"\d+\.\d+")


def parse_notebook(content: bytes | Unusable, name: str) -> tuple[NotebookNode, list[Repair]]:
    """Return a notebook of version 4 with what counts of a submitted one of any version, and what was repaired.

    A cell keeps its kind, id, source, `grade_id`, the tag of an experiment, attachments and outputs, all of the right
    type; the notebook keeps the version of Python that it names. The rest is dropped: nobody needs it, or the
    instructor's notebook has it. Raises NotGradable with a reason for people.
    """
    if isinstance(content, Unusable):
        raise NotGradable(str(content))
    problems: list[str] = []
    try:
        document = load_json(content, problems)
        found = cells_of(document)
    except NotGradable as problem:
        raise NotGradable(f"{name}.ipynb {problem}") from None
    except Exception as error:  # json and nbformat raise many kinds for malformed files, and none may stop a class
        reason = " ".join(str(error).split())[:200]
        raise NotGradable(f"{name}.ipynb is not a readable notebook: {type(error).__name__} {reason}") from None
    if len(found) > MAX_CELLS:
        raise NotGradable(f"{name}.ipynb has {len(found)} cells, more than {MAX_CELLS}")
    repairs = [Repair(RepairKind.DAMAGED, "", problem) for problem in problems]
    cells = []
    for number, each in enumerate(found, start=1):
        problems.clear()
        cell = cell_of(each, problems)
        if cell is None:
            repairs.append(Repair(RepairKind.LEFT_OUT, "", f"cell {number} was left out: it is not a cell"))
        elif cell.cell_type == "code" and len(cell.source) > MAX_CODE:
            text = f"cell {number} was left out: {len(cell.source):,} characters of code, more than {MAX_CODE:,}"
            repairs.append(Repair(RepairKind.LEFT_OUT, "", text))
        else:
            cells.append(cell)
        repairs += [Repair(RepairKind.DAMAGED, "", f"cell {number}: {text}") for text in dict.fromkeys(problems)]
    return NotebookNode(cells=cells, metadata=metadata_of(document), nbformat=4, nbformat_minor=5), repairs


# -- bytes and JSON


def load_json(content: bytes, problems: list[str]) -> Any:
    """Parse the JSON of a notebook, even with merge conflicts; raises NotGradable, or ValueError if it is no JSON.

    problems: gets what was repaired
    """
    text = decoded(content, problems)
    if too_many_nodes(text):
        raise NotGradable(f"holds more than {MAX_NODES:,} values: clear its outputs")
    try:
        return json.loads(text, strict=False)  # line breaks and tabs in strings are no reason to give up
    except json.JSONDecodeError:
        if not CONFLICT.search(text):
            raise
    problems.append("it contains merge conflicts: the first readable version of each counts")
    try:
        return json.loads(CONFLICT.sub(r"\g<first>", text), strict=False)
    except json.JSONDecodeError:
        return json.loads(CONFLICT.sub(r"\g<second>", text), strict=False)


def decoded(content: bytes, problems: list[str]) -> str:
    """Return the text of a file in any encoding that JSON may have, or in that of an editor on Windows."""
    try:
        return content.decode(json.detect_encoding(content), "surrogatepass")
    except UnicodeDecodeError:
        problems.append("it is not Unicode and was read as Windows-1252: accented letters may be wrong")
        return content.decode("cp1252", "replace")


def too_many_nodes(text: str) -> bool:
    """Return whether a JSON text has more than MAX_NODES values, before anything is allocated for them."""
    if sum(map(text.count, "{[,")) <= MAX_NODES:  # in strings too, but fast
        return False
    nodes = (match for match in STRING_OR_NODE.finditer(text) if match[0][0] != '"')
    return next(islice(nodes, MAX_NODES, None), None) is not None


def cells_of(notebook: Any) -> list[Any]:
    """Return the cells of a notebook of any version, as they are."""
    if not isinstance(notebook, dict):
        raise NotGradable("is not a readable notebook: it contains no notebook")
    if "cells" not in notebook:
        notebook = nbformat.reads(json.dumps(notebook), as_version=4)  # its own reader joins lines, too
    if not isinstance(notebook["cells"], list):
        raise NotGradable("is not a readable notebook: its cells are not a list")
    return notebook["cells"]


def metadata_of(notebook: dict[str, Any]) -> NotebookNode:
    """Return the only metadata that counts: the version of Python with which the notebook was last run."""
    metadata = notebook.get("metadata")
    language = metadata.get("language_info") if isinstance(metadata, dict) else None
    version = language.get("version") if isinstance(language, dict) else None
    if not isinstance(version, str) or not (found := VERSION.match(version)):
        return NotebookNode()
    return NotebookNode(language_info=NotebookNode(name="python", version=found[0]))


# -- cells


def cell_of(found: Any, problems: list[str]) -> NotebookNode | None:
    """Return what counts of a submitted cell, None if it is not a cell. A cell of an unknown kind is a raw cell.

    problems: gets what was repaired in it
    """
    source = text_of(found.get("source", found.get("input")), problems) if isinstance(found, dict) else None
    if source is None:
        return None
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    kind = found.get("cell_type")
    kind = kind if kind in ("code", "markdown") else "raw"
    cell = NotebookNode(cell_type=kind, source=source, metadata=NotebookNode(), id=text_of(found.get("id")) or "")
    given = found.get("metadata")
    given = given if isinstance(given, dict) else {}
    if isinstance(ours := given.get("nbgrader"), dict) and isinstance(ours.get("grade_id"), str):
        cell.metadata.nbgrader = NotebookNode(grade_id=ours["grade_id"])
        if isinstance(checksum := ours.get("checksum"), str) and CHECKSUM.fullmatch(checksum):
            cell.metadata.nbgrader.checksum = checksum  # tells the edition
    if isinstance(tags := given.get("tags"), list) and EXPERIMENT in tags:
        cell.metadata.tags = [EXPERIMENT]
    if kind == "code":
        cell.outputs = outputs_of(found.get("outputs", []), problems)
    elif isinstance(attachments := found.get("attachments"), dict):
        bundles = {well_formed(name): bundle_of(bundle) for name, bundle in attachments.items()}
        cell.attachments = NotebookNode({name: bundle for name, bundle in bundles.items() if bundle})
    return cell


def outputs_of(found: Any, problems: list[str]) -> list[NotebookNode]:
    """Return the outputs of a code cell as the notebook format has them, without anything that is not an output."""
    if not isinstance(found, list):
        problems.append("its outputs are not a list: they were left out")
        return []
    outputs = [output_of(output, problems) for output in found]
    if None in outputs:
        problems.append("an output that is not valid was left out")
    elif not all(map(is_whole, found)):
        problems.append("an output in a wrong format was repaired")
    return [output for output in outputs if output is not None]


def is_whole(output: dict[str, Any]) -> bool:
    """Return whether an output has the fields that its kind has to have."""
    fields: dict[Any, dict[str, type]] = {
        "stream": {"name": str},
        "display_data": {"data": dict, "metadata": dict},
        "execute_result": {"data": dict, "metadata": dict},
        "error": {"ename": str, "evalue": str, "traceback": list},
    }
    if output["output_type"] not in fields or (
        output["output_type"] == "execute_result" and "execution_count" not in output
    ):
        return False
    return all(isinstance(output.get(name), kind) for name, kind in fields[output["output_type"]].items())


def output_of(found: Any, problems: list[str]) -> NotebookNode | None:
    """Return an output of an experiment as the notebook format has it, None if it is not one."""
    kind = found.get("output_type") if isinstance(found, dict) else None
    kind = OLD_KINDS.get(kind, kind) if isinstance(kind, str) else None
    if kind == "stream":
        text = text_of(found.get("text"), problems)
        name = "stderr" if found.get("name") == "stderr" else "stdout"
        return None if text is None else NotebookNode(output_type=kind, name=name, text=text)
    if kind in ("display_data", "execute_result"):
        data = found.get("data")
        if not isinstance(data, dict):  # before version 4, the texts were in the output itself
            data = {mime: found[field] for field, mime in OLD_FIELDS.items() if field in found}
        output = NotebookNode(output_type=kind, data=bundle_of(data), metadata=NotebookNode())
        return NotebookNode(output, execution_count=None) if kind == "execute_result" else output
    if kind == "error":
        name, value = (text_of(found.get(field), problems) or "" for field in ("ename", "evalue"))
        lines = found.get("traceback")
        trace = list(filter(None, map(text_of, lines if isinstance(lines, list) else [])))
        return NotebookNode(output_type=kind, ename=name, evalue=value, traceback=trace)
    return None


def bundle_of(found: Any) -> NotebookNode:
    """Return the texts of a MIME bundle, pictures in base64 included; JSON is dropped, since no page shows it."""
    texts = {well_formed(mime): text_of(data) for mime, data in found.items()} if isinstance(found, dict) else {}
    return NotebookNode({mime: text for mime, text in texts.items() if text is not None})


def text_of(found: Any, problems: list[str] | None = None) -> str | None:
    """Return a text, which may be a list of lines, None for anything else. problems: gets what was repaired in it"""
    if isinstance(found, list) and all(isinstance(line, str) for line in found):
        found = "".join(found)
    if not isinstance(found, str):
        return None
    text: str = well_formed(found)
    if text != found and problems is not None:
        problems.append("half of a character (of an emoji that was cut) was replaced by a question mark")
    return text
