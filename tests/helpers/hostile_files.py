"""What students hand in, by name: files, JSON, Python and messages that are not what they should be.

Each case makes one submission of the toy assignment, as in `helpers.hostile`; a new one is one more entry.
"""

import json
import os
import socket
from pathlib import Path

import nbformat
from autograder.course.solutions import set_source

from helpers.hostile import RIGHT, Accident, file_of

VECTOR = 4 * 3 / 4.5  # `double` without the check vector/out, and so without that of its input
TERMINAL = "\x1b[2J\x1b]0;title\x07\x9b31m"  # clears the screen, names the window, writes in red
UNREADABLE = "not a readable notebook"


def beside(*make):
    """The solved notebook, and what each function makes in its folder."""

    def hand_in(folder, notebook):
        nbformat.write(notebook, folder / "Toy.ipynb")
        for each in make:
            each(folder)

    return hand_in


def instead(make):
    """A case whose notebook is something else: make gets its path."""
    return lambda folder, notebook: make(folder / "Toy.ipynb")


def named(name, content=b"x = 1\n"):
    """A file of this name, given as bytes where it is not text."""

    def make(folder):
        with open(os.path.join(os.fsencode(folder), os.fsencode(name)), "wb") as file:
            file.write(content)

    return make


def at(name, make):
    return lambda folder: make(folder / name)


def pipe(path):
    os.mkfifo(path)


def device(path):
    os.symlink("/dev/zero", path)


def server(path):
    """Leave a socket there; its own path may be too long to bind to."""
    with socket.socket(socket.AF_UNIX) as listening:
        before = os.getcwd()
        os.chdir(path.parent)
        try:
            listening.bind(path.name)
        finally:
            os.chdir(before)


def sparse(path):
    with path.open("wb") as file:
        file.truncate(10 * 2**30)


def loop(path):
    os.symlink(path.name, path)


def link_to_neighbor(path):
    os.symlink(path.parents[2] / "honest 1" / "assignment2" / path.name, path)


def thousand_modules(folder):
    for number in range(3000):
        (folder / f"{number:04}{'m' * 200}.py").write_text("x = 1\n")


def link_folder(folder, notebook):
    """Hand in the folder of somebody else."""
    folder.rmdir()
    os.symlink(folder.parents[1] / "honest 1" / "assignment2", folder)


def link_student(folder, notebook):
    folder.rmdir()
    folder.parent.rmdir()
    os.symlink("honest 1", folder.parent)


def link_student_to_itself(folder, notebook):
    folder.rmdir()
    folder.parent.rmdir()
    os.symlink(folder.parent.name, folder.parent)


def as_json(change):
    """A case that changes the JSON of the solved notebook: change gets it, and its cells by id."""

    def make(folder, notebook):
        content = json.loads(nbformat.writes(notebook))
        change(content, {cell["id"]: cell for cell in content["cells"]})
        (folder / "Toy.ipynb").write_text(json.dumps(content))

    return make


def in_cell(name, **fields):
    return as_json(lambda content, cells: cells[name].update(fields))


def without(name, field):
    return as_json(lambda content, cells: cells[name].pop(field))


def more_cells(*cells):
    return as_json(lambda content, _: content["cells"].extend(cells))


def in_text(old, new):
    """A case that changes the text of the solved notebook."""

    def make(folder, notebook):
        text = nbformat.writes(notebook)
        assert old in text
        (folder / "Toy.ipynb").write_text(text.replace(old, new, 1))

    return make


def encoded(encoding):
    return lambda folder, notebook: (folder / "Toy.ipynb").write_text(nbformat.writes(notebook), encoding=encoding)


def encoded_umlaut(folder, notebook):
    notebook.cells.append(nbformat.v4.new_markdown_cell("ü"))
    (folder / "Toy.ipynb").write_text(nbformat.writes(notebook), encoding="latin-1")


def in_metadata(text):
    """The solved notebook with one more field in the metadata of a cell, given as JSON."""
    return in_text('"locked":', f'"more": {text}, "locked":')


def nested(depth):
    return in_metadata("[" * depth + "]" * depth)


def experiment(outputs):
    return in_cell("plot", outputs=outputs)


def extra(source):
    """The solved notebook with one more cell."""

    def make(folder, notebook):
        notebook.cells.append(nbformat.v4.new_code_cell(source))
        nbformat.write(notebook, folder / "Toy.ipynb")

    return make


def solution(source):
    def make(folder, notebook):
        set_source(notebook, "double", source)
        nbformat.write(notebook, folder / "Toy.ipynb")

    return make


def sending(change):
    """`double` is right, and the message of its check vector/out is changed by this statement about `m`."""
    return solution(
        # without this, a kernel would send no half of a character
        "import json, autograder.execution.kernel.shell as shell\n"
        "shell.to_json = lambda content: json.dumps(content).encode()\n"
        "import cs231n.checks.sending as s\nfold = s.fold\ndef tampered(messages):\n"
        "    messages, table = fold(messages)\n"
        "    for m in messages:\n        if m['check'] == 'vector/out':\n"
        f"            v = next(iter(m['values'].values()))\n            {change}\n"
        f"    return messages, table\ns.fold = tampered\n{RIGHT}"
    )


FILES = {
    "name that is not UTF-8": Accident(beside(named(b"\xff\xfe.py")), remark=r"left out: .*not text"),
    "name with a line break": Accident(beside(named("a\nb.py")), remark="left out"),
    "name with terminal codes": Accident(beside(named(TERMINAL.encode() + b".py")), remark=r"left out: \\x1b"),
    "name of 255 bytes": Accident(beside(named("n" * 252 + ".py")), remark="left out"),
    "name like an option": Accident(beside(named("-rf.py"), named("--help.ipynb", b"{}"))),
    "notebook name that is not UTF-8": Accident(beside(named(b"\xff.ipynb", b"{}"))),
    "thousands of modules": Accident(beside(thousand_modules), remark="and 2999 more"),
    "module that is a pipe": Accident(beside(at("helper.py", pipe)), remark=r"helper\.py is not a file"),
    "module that is a device": Accident(beside(at("helper.py", device)), remark=r"helper\.py is a link"),
    "module that is a folder": Accident(beside(at("helper.py", Path.mkdir)), remark=r"helper\.py is not a file"),
    "module of 10 GB": Accident(beside(at("helper.py", sparse)), remark="10240 MB"),
    "timestamp that is a pipe": Accident(beside(at("timestamp.txt", pipe)), remark="timestamp"),
    "timestamp that is a device": Accident(beside(at("timestamp.txt", device)), remark="timestamp"),
    "timestamp of 10 GB": Accident(beside(at("timestamp.txt", sparse)), remark="timestamp"),
    "timestamp that links to itself": Accident(beside(at("timestamp.txt", loop)), remark="timestamp"),
    "timestamp of somebody else": Accident(beside(at("timestamp.txt", link_to_neighbor)), remark="timestamp"),
    "weights that are a pipe": Accident(beside(at("net.npz", pipe))),
    "weights that are a device": Accident(beside(at("net.npz", device))),
    "weights of 10 GB": Accident(beside(at("net.npz", sparse))),
    "notebook that is a pipe": Accident(instead(pipe), 0, 0, "not a file"),
    "notebook that is a device": Accident(instead(device), 0, 0, "is a link"),
    "notebook that is a folder": Accident(instead(Path.mkdir), 0, 0, "not a file"),
    "notebook that is a socket": Accident(instead(server), 0, 0, "not a file"),
    "notebook of 10 GB": Accident(instead(sparse), 0, 0, "10240 MB"),
    "notebook that links to itself": Accident(instead(loop), 0, 0, "is a link"),
    "notebook of somebody else": Accident(instead(link_to_neighbor), 0, 0, "is a link"),
    "folder of somebody else": Accident(link_folder, 0, 0, "is a link"),
    "student who is somebody else": Accident(link_student, 0, 0, "is a link"),
    "student who links to himself": Accident(link_student_to_itself, 0, 0, "is a link"),
    "no file at all": Accident(lambda folder, notebook: None, 0, 0, "none of Toy.ipynb was handed in"),
}
STUDENTS = {
    "a [1] *?": Accident(RIGHT),
    "[!a]": Accident(RIGHT),
    "-rf": Accident(RIGHT),
    "a, b {c}": Accident(RIGHT),
    "s" * 128: Accident(RIGHT),
    "😀" * 60: Accident(RIGHT),
    "n" * 252: Accident(RIGHT, 0, 0, "more than 128 characters"),
    "line\nbreak": Accident(RIGHT, 0, 0, "the folder's name"),
    " space ": Accident(RIGHT, 0, 0, "the folder's name"),
    TERMINAL: Accident(RIGHT, 0, 0, "the folder's name"),
    "\u202ehonest 1": Accident(RIGHT, 0, 0, "the folder's name"),
    "two\u2028lines": Accident(RIGHT, 0, 0, "the folder's name"),
    os.fsdecode(b"not \xff UTF-8"): Accident(RIGHT, 0, 0, "the folder's name"),
}
JSON = {
    "deep metadata": Accident(nested(500)),
    "bottomless metadata": Accident(nested(100_000), 0, 0, UNREADABLE),
    "huge integer": Accident(in_metadata("9" * 5000), 0, 0, UNREADABLE),
    "million empty objects": Accident(in_metadata(json.dumps([{}] * 10**6)), 0, 0, "1,000,000 values"),
    "million strings": Accident(in_metadata(json.dumps(["{,["] * 300_000))),
    "not a number": Accident(in_cell("double", execution_count=float("nan"))),
    "same field twice": Accident(in_text('"cells": [', '"cells": 3, "cells": [')),
    "cells that are none": Accident(more_cells(None, 3, "text", [], {}), remark="left out"),
    "cells as an object": Accident(as_json(lambda content, _: content.update(cells={})), 0, 0, UNREADABLE),
    "cells that are null": Accident(as_json(lambda content, _: content.update(cells=None)), 0, 0, UNREADABLE),
    "many cells": Accident(more_cells(*[{"cell_type": "raw", "source": ""}] * 5000), 0, 0, "5009 cells"),
    "as many cells as there may be": Accident(more_cells(*[{"cell_type": "code", "source": "x = 1"}] * 1990)),
    "source as an object": Accident(in_cell("double", source={"a": 1}), 0, remark="cell was missing"),
    "source of numbers": Accident(in_cell("double", source=[1, 2]), 0, remark="cell was missing"),
    "no source": Accident(without("double", "source"), 0, remark="cell was missing"),
    "no kind": Accident(without("double", "cell_type"), remark="was a raw cell"),
    "no kind of a check": Accident(without("test_double", "cell_type")),
    "unknown kind": Accident(in_cell("double", cell_type=["heading"]), remark="was a raw cell"),
    "no metadata": Accident(without("double", "metadata")),
    "metadata that are null": Accident(in_cell("double", metadata=None)),
    "metadata as a list": Accident(in_cell("double", metadata=[1])),
    "grade id as a list": Accident(in_cell("double", metadata={"nbgrader": {"grade_id": ["double"]}})),
    "grade id of 252 bytes": Accident(in_cell("double", metadata={"nbgrader": {"grade_id": "x" * 252}})),
    "id as a number": Accident(in_cell("double", id=3)),
    "id as an object": Accident(in_cell("double", id={"a": 1}, metadata={}), remark="recognized by"),
    "ids with terminal codes": Accident(more_cells(*[{"cell_type": "code", "source": "1 / 0", "id": TERMINAL}] * 2)),
    "grade id with terminal codes": Accident(in_cell("plot", metadata={"nbgrader": {"grade_id": TERMINAL}})),
    "id of 252 bytes": Accident(more_cells({"cell_type": "code", "source": "", "id": "i" * 252})),
    "outputs that are null": Accident(in_cell("plot", outputs=None)),
    "outputs that are none": Accident(experiment([None, 3, {}, {"output_type": []}, {"output_type": "stream"}])),
    "outputs of the wrong form": Accident(
        experiment(
            [
                {"output_type": "display_data", "data": {"text/plain": {"a": []}, "text/html": None, "x/json": [[]]}},
                {"output_type": "display_data", "data": 3, "metadata": None},
                {"output_type": "error", "ename": [], "evalue": None, "traceback": "text"},
                {"output_type": "stream", "name": {}, "text": ["a", "b"]},
            ]
        )
    ),
    "attachments of the wrong form": Accident(in_cell("why", attachments={"a.png": 3, "\ud800": {"image/png": []}})),
    "half a character": Accident(in_cell("double", source=f"# \ud800\n{RIGHT}")),
    "half a character in an answer": Accident(in_cell("why", source="because \udfff")),
    "byte-order mark": Accident(encoded("utf-8-sig")),
    "UTF-16": Accident(encoded("utf-16")),
    "Latin-1": Accident(encoded_umlaut, remark="Windows-1252"),
    "null bytes": Accident(file_of(b"\0" * 1000), 0, 0, UNREADABLE),
    "a number": Accident(file_of(b"3"), 0, 0, UNREADABLE),
    "an empty object": Accident(file_of(b"{}"), 0, 0, ""),
}
PYTHON = {
    "signs": Accident(extra("-" * 100_000 + "1")),
    "signs in a solution": Accident(solution("-" * 100_000 + "1\n" + RIGHT), 0),
    "parentheses": Accident(extra("(" * 100_000)),
    "lambdas": Accident(extra("lambda: " * 20_000 + "0")),
    "nested blocks": Accident(extra("\n".join(" " * depth + "if 1:" for depth in range(300)))),
    "null bytes in a cell": Accident(extra("x = '\0'\0")),
    "one line of 10 MB": Accident(extra("x = " + "1 + " * 2_500_000 + "1"), remark="10,000,005 characters of code"),
}
MESSAGES = {
    "shape of 2**70": Accident(sending("v['shape'] = [2**70]"), VECTOR),
    "shape of 0 and 2**70": Accident(sending("v.update(shape=[0, 2**70], data='')"), VECTOR),
    "negative shape": Accident(sending("v['shape'] = [-3]"), VECTOR),
    "shape of many dimensions": Accident(sending("v['shape'] = [1] * 100 + [3]"), VECTOR),
    "shape that is text": Accident(sending("v['shape'] = 'abc'"), VECTOR),
    "dtype that is no type": Accident(sending("v['dtype'] = ','"), VECTOR),
    "dtype of objects": Accident(sending("v['dtype'] = '|O'"), VECTOR),
    "dtype as a list": Accident(sending("v['dtype'] = [['a', '<f8']]"), VECTOR),
    "data that are no base64": Accident(sending("v['data'] = 'é'"), VECTOR),
    "number of no value": Accident(sending("m['values'] = dict.fromkeys(m['values'], 99)"), VECTOR),
    "number below zero": Accident(sending("m['values'] = dict.fromkeys(m['values'], -1); table.append(v)"), VECTOR),
    "values as a list": Accident(sending("m['values'] = [1]"), VECTOR),
    "case as a list": Accident(sending("m['case'] = ['vector']"), VECTOR),
    "case as an object": Accident(sending("m.update(case={}, kind={})"), VECTOR),
    "half a character as a type": Accident(sending("v.clear(); v['type'] = 'a \\ud800'"), VECTOR),
    "half a character as a name": Accident(sending("m['check'] = 'vector/\\ud800'"), VECTOR),
    "half a character in an error": Accident(sending("m.update(kind='error', error='\\ud800', exception='E')"), VECTOR),
    "deep value": Accident(sending("m['values'] = json.loads('[' * 300 + ']' * 300)"), VECTOR),
    "half a character in the output": Accident(solution(f"print('\\ud800')\n{RIGHT}")),
}
CASES = FILES | STUDENTS | JSON | PYTHON | MESSAGES
