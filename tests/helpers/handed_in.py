"""What happens to notebooks between a student's laptop and the grader, by name; none of it may cost a point.

Each case makes one submission of the toy assignment from the solved notebook, whose question is answered too. A new one
is one more entry.
"""

import copy
import json
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import nbformat

from helpers.hostile import RIGHT, SQUARE

STUB = '''def double(x):
    """Return x times two."""
    # TODO: twice the input, same shape
    # YOUR CODE HERE
    raise NotImplementedError("this TODO block is still empty")
    return out'''
ANSWER = "It doubles, because two times x is x and x again."
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # one pixel
)
DATA_URI = f"data:image/png;base64,{PICTURE}"


@dataclass
class HandedIn:
    """A submission that something has happened to. remark: what its row has to say; shown: what the answer shows

    make: function of (the student's folder, the solved notebook as JSON) that writes what is handed in
    """

    make: object
    remark: str = ""
    shown: str = "because"


def folder_of(student: Path) -> Path:
    folder = student / "assignment2"
    folder.mkdir(exist_ok=True)
    return folder


def write(student, notebook, name="assignment2/Toy.ipynb", encode=None):
    path = student / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(notebook, indent=1)
    path.write_bytes(encode(text) if encode else text.encode())


def changed(change):
    """A case that changes the notebook: change gets it, and its cells by id."""

    def make(student, notebook):
        cells = {cell["id"]: cell for cell in notebook["cells"]}
        change(notebook, cells)
        write(student, notebook)

    return make


def source_of(cell):
    return "".join(cell["source"])


def cell(kind, source, **fields):
    made = {"cell_type": kind, "id": "mine", "metadata": {}, "source": source, **fields}
    return {**made, "outputs": [], "execution_count": None} if kind == "code" else made


def lose_ids(notebook, _=None):
    """What Colab and formats before 4.5 leave: nbgrader's metadata and no ids."""
    notebook["nbformat_minor"] = 0
    for number, each in enumerate(notebook["cells"]):
        del each["id"]
        each["metadata"]["id"] = f"Xy{number}"  # Colab's own


def lose_all(notebook, _=None):
    """What a converter leaves: the sources."""
    lose_ids(notebook)
    for each in notebook["cells"]:
        each["metadata"] = {}


def lose_all_and(change):
    def both(notebook, cells):
        change(notebook, cells)
        lose_all(notebook)

    return both


def lose_ids_and(change):
    def both(notebook, cells):
        change(notebook, cells)
        lose_ids(notebook)

    return both


def drop(*names):
    def change(notebook, cells):
        notebook["cells"] = [each for each in notebook["cells"] if each["id"] not in names]

    return change


def put_behind(name, *new):
    def change(notebook, cells):
        place = notebook["cells"].index(cells[name]) + 1
        notebook["cells"][place:place] = copy.deepcopy(new)

    return change


def set_source(name, source):
    return lambda notebook, cells: cells[name].update(source=source)


def append_to(name, text):
    return lambda notebook, cells: cells[name].update(source=source_of(cells[name]) + text)


def all_of(*changes):
    def change(notebook, cells):
        for each in changes:
            each(notebook, cells)

    return change


def same_ids(notebook, cells):
    for each in notebook["cells"]:
        each.update(id="copy", metadata={})


def long_ids(notebook, cells):
    for number, each in enumerate(notebook["cells"]):
        each.update(id=f"{number:02}" + "x" * 100)


def in_format_3(student, notebook):
    node = nbformat.from_dict(notebook)
    old = nbformat.convert(node, 3)
    old.worksheets[0].cells[-1].outputs.append({"output_type": "pyout", "prompt_number": 1, "text": "x"})
    write(student, json.loads(json.dumps(old)))


def merge_solutions(notebook, cells):
    cells["double"]["source"] = f"{RIGHT}\n\n{SQUARE}"
    drop("square")(notebook, cells)


def merge_into_the_last(notebook, cells):
    cells["square"]["source"] = f"def twice(x):\n    return x + x\n\n{SQUARE}\n\ndef double(x):\n    return twice(x)"
    drop("double")(notebook, cells)


def helper_in(name):
    helper = "\ndef twice(x):\n    return np.add(x, x)\n"
    return all_of(append_to(name, helper), set_source("double", "def double(x):\n    return twice(x)"))


def chain_of_helpers(notebook, cells):
    cells["plot"]["source"] = (
        "print('an experiment')\nimport functools\nTWO = 2\nonce = lambda x: x\n\n@functools.cache\ndef factor():\n"
        "    return TWO\n\ndef twice(x):\n    return factor() * once(x)\nraise RuntimeError"
    )
    cells["double"]["source"] = "def double(x):\n    return twice(x)"


def split_answer(notebook, cells):
    second = copy.deepcopy(cells["why"])
    second.update(source="A second paragraph of the same answer.", id="split")
    put_behind("why", second)(notebook, cells)


def windows(text):
    return text.replace("\n", "\r\n").encode("utf-8")


def windows_cells(notebook, cells):
    for each in notebook["cells"]:
        each["source"] = source_of(each).replace("\n", "\r\n")


def reformatted(notebook, cells):
    for name in ("test_double", "test_square"):
        cells[name]["source"] = source_of(cells[name]).replace("[", "[ ").replace(",", ",  ") + "\n\n"


def encoded(encode):
    return lambda student, notebook: write(student, notebook, encode=encode)


def named(name):
    return lambda student, notebook: write(student, notebook, name)


def zipped(*members, name="assignment2/homework.zip"):
    def make(student, notebook):
        path = student / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member in members:
                archive.writestr(member, json.dumps(notebook) if member.endswith("ipynb") else "x = 1\n")

    return make


def with_package(student, notebook):
    folder = folder_of(student)
    (folder / "utils" / "deeper").mkdir(parents=True)
    (folder / "utils" / "__init__.py").write_text("from utils.deeper.sums import twice\n")
    (folder / "utils" / "deeper" / "sums.py").write_text("def twice(x):\n    return x + x\n")
    notebook["cells"][2]["source"] = "from utils import twice\n\ndef double(x):\n    return twice(x)"
    write(student, notebook)


def with_the_whole_folder(student, notebook):
    """Everything of the course is handed in: the package cs231n as well, with something of the student's in it."""
    package = folder_of(student) / "cs231n"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('an old version')\n")
    shutil.copytree(package, folder_of(student) / ".venv" / "lib" / "cs231n")
    write(student, notebook)


def in_cell(name, **fields):
    return changed(lambda notebook, cells: cells[name].update(fields))


def without(name, *fields):
    return changed(lambda notebook, cells: [cells[name].pop(each, None) for each in fields])


def outputs(*found):
    return in_cell("plot", outputs=list(found))


OUTPUTS = {
    "stream without a name": outputs({"output_type": "stream", "text": "x"}),
    "display without metadata": outputs({"output_type": "display_data", "data": {"text/plain": "x"}}),
    "result without a number": outputs({"output_type": "execute_result", "data": {"text/plain": "x"}, "metadata": {}}),
    "error without a traceback": outputs({"output_type": "error", "ename": "KeyboardInterrupt", "evalue": ""}),
    "output of version 3": outputs({"output_type": "pyout", "prompt_number": 1, "text": "x", "metadata": {}}),
    "output that is null": outputs(None),
}
LOST = {
    "Colab": HandedIn(changed(lose_ids)),
    "Colab, experiment edited": HandedIn(
        changed(lose_ids_and(set_source("plot", "print('an experiment')\n1 / 0"))), remark="recognized by its text"
    ),
    "Colab, experiment copied": HandedIn(
        changed(lose_ids_and(lambda n, c: put_behind("plot", c["plot"])(n, c))), remark="more than once"
    ),
    "format 3": HandedIn(in_format_3),
    "all ids the same": HandedIn(changed(same_ids), remark="recognized by what it defines"),
    "ids of 100 characters": HandedIn(changed(long_ids)),
    "everything lost but the sources": HandedIn(changed(lose_all), remark="why: recognized by its question"),
    "everything lost, answer in the question": HandedIn(
        changed(lose_all_and(all_of(append_to("why_text", f"\n\n{ANSWER}"), drop("why")))),
        remark="in the cell of",
    ),
}
ANSWERS = {
    "answer in a new cell below": HandedIn(
        changed(all_of(set_source("why", "YOUR ANSWER HERE"), put_behind("why", cell("markdown", ANSWER)))),
        remark="another cell below",
    ),
    "answer in a new cell between": HandedIn(
        changed(all_of(set_source("why", "YOUR ANSWER HERE"), put_behind("why_text", cell("markdown", ANSWER)))),
        remark="another cell below",
    ),
    "answer instead of the cell": HandedIn(
        changed(all_of(drop("why"), put_behind("why_text", cell("markdown", ANSWER)))),
        remark="recognized by its question",
    ),
    "answer in a code cell": HandedIn(
        changed(all_of(drop("why"), put_behind("why_text", cell("code", ANSWER)))), remark="recognized by its question"
    ),
    "answer typed into the question": HandedIn(
        changed(all_of(set_source("why", "YOUR ANSWER HERE"), append_to("why_text", f" {ANSWER}"))),
        remark="in the cell of its question",
    ),
    "answer at the end": HandedIn(
        changed(all_of(set_source("why", "YOUR ANSWER HERE"), put_behind("plot", cell("markdown", ANSWER)))),
        remark="a person has to look",
        shown="No answer was found",
    ),
    "answer in a given text": HandedIn(
        changed(all_of(set_source("why", "YOUR ANSWER HERE"), append_to("title", f"\n\n{ANSWER}"))),
        remark="a person has to look",
        shown="No answer was found",
    ),
    "answer in two cells": HandedIn(changed(split_answer), "it was put together", "because.*second paragraph"),
    "answer in a raw cell": HandedIn(in_cell("why", cell_type="raw"), remark="was a raw cell"),
    "answer with a picture of Colab": HandedIn(
        in_cell("why", source=f"because\n![plot]({DATA_URI})"), shown=r"because\n!\[plot\]\(attachment:"
    ),
    "answer with a picture in HTML": HandedIn(
        in_cell(
            "why",
            source='because\n<img src="attachment:image.png" width="300">',
            attachments={"image.png": {"image/png": PICTURE}},
        ),
        shown=r"because\n!\[.*\]\(attachment:image.png\)",
    ),
    "answer whose picture was lost": HandedIn(
        in_cell("why", source="because ![image.png](attachment:image.png)"), remark="picture image.png"
    ),
    "answer whose picture is in another cell": HandedIn(
        changed(
            all_of(
                set_source("why", "because ![image.png](attachment:image.png)"),
                put_behind("plot", cell("markdown", "merged", attachments={"image.png": {"image/png": PICTURE}})),
            )
        ),
        shown=r"because !\[image.png\]\(attachment:image.png\)",
    ),
    "answer with half an emoji": HandedIn(in_cell("why", source="because \ud83d"), remark="half of a character"),
}
CODE = {
    "two solutions in one cell": HandedIn(changed(merge_solutions), remark="square: its code was in the cell double"),
    "two solutions in one cell, ids lost": HandedIn(changed(lose_all_and(merge_solutions)), remark="square: its code"),
    "two solutions in the last cell": HandedIn(changed(merge_into_the_last), remark="double: its code was in"),
    "helper in the experiment": HandedIn(changed(helper_in("plot")), remark="twice: taken from the cell plot"),
    "helper in the check cell": HandedIn(changed(helper_in("test_double")), remark="twice: taken from the cell test_"),
    "helpers that need each other": HandedIn(changed(chain_of_helpers), remark="factor, functools, once, twice"),
    "stub pasted again": HandedIn(
        changed(put_behind("test_double", cell("code", STUB, metadata={"nbgrader": {"grade_id": "double"}}))),
        remark="more than once",
    ),
    "solution in an added cell, its own as given": HandedIn(
        changed(all_of(set_source("double", STUB), put_behind("plot", cell("code", RIGHT)))), remark="in an added cell"
    ),
    "solution in an added cell, its own deleted": HandedIn(
        changed(all_of(drop("double"), put_behind("plot", cell("code", RIGHT)))), remark="recognized by what it defines"
    ),
    "solution in the experiment": HandedIn(
        changed(all_of(set_source("double", STUB), append_to("plot", f"\n{RIGHT}"))), remark="in the cell plot"
    ),
    "solution tagged as an experiment": HandedIn(
        changed(lambda n, c: c["double"]["metadata"].update(tags=["experiment"]))
    ),
    "own cell tagged as an experiment": HandedIn(
        changed(put_behind("plot", cell("code", "while True: pass", metadata={"tags": ["experiment"]})))
    ),
    "checks reformatted": HandedIn(changed(reformatted)),
    "line ends of Windows in each cell": HandedIn(changed(windows_cells)),
}
BYTES = {
    "UTF-8 with a mark": HandedIn(encoded(lambda text: text.encode("utf-8-sig"))),
    "UTF-16": HandedIn(encoded(lambda text: text.encode("utf-16"))),
    "line ends of Windows": HandedIn(encoded(windows)),
    "cell without metadata": HandedIn(without("title", "metadata")),
    "cell without source": HandedIn(without("title", "source"), remark="cell 1 was left out"),
    "outputs that are null": HandedIn(in_cell("plot", outputs=None), remark="not a list"),
    "a cell that is null": HandedIn(changed(lambda n, c: n["cells"].insert(3, None)), remark="left out"),
    "no metadata of the notebook": HandedIn(changed(lambda n, c: n.pop("metadata"))),
    "versions as texts": HandedIn(changed(lambda n, c: n.update(nbformat="4", nbformat_minor="5"))),
    "half an emoji in a text": HandedIn(
        changed(put_behind("title", cell("markdown", "a cut emoji \ud83d"))), remark="half of a character"
    ),
    **{name: HandedIn(make, remark="cell 9: an output") for name, make in OUTPUTS.items()},
}
NAMES = {
    "Toy (1).ipynb": HandedIn(named("assignment2/Toy (1).ipynb"), remark=r"Toy.ipynb was found as .*Toy \(1\).ipynb"),
    "Toy-2.ipynb": HandedIn(named("assignment2/Toy-2.ipynb"), remark="was found as"),
    "Toy-Copy1.ipynb": HandedIn(named("assignment2/Toy-Copy1.ipynb"), remark="was found as"),
    "toy.ipynb": HandedIn(named("assignment2/toy.IPYNB"), remark="was found as"),
    "Copy of Toy.ipynb": HandedIn(named("assignment2/Copy of Toy.ipynb"), remark="was found as"),
    "Toy.ipynb.txt": HandedIn(named("assignment2/Toy.ipynb.txt"), remark="was found as"),
    "a folder too many": HandedIn(named("assignment2/assignment2/Toy.ipynb"), remark="was found as assignment2/"),
    "a folder forgotten": HandedIn(named("Toy.ipynb"), remark="was found as"),
    "another folder": HandedIn(named("Assignment 2/Toy.ipynb"), remark="was found as"),
    "one zip": HandedIn(zipped("Toy.ipynb"), remark="homework.zip"),
    "one zip with folders": HandedIn(
        zipped("hw/a/Toy.ipynb", "hw/a/h.py", "__MACOSX/hw/a/._Toy.ipynb"), remark="homework.zip"
    ),
    "one zip and no folder": HandedIn(zipped("Toy.ipynb", name="homework.zip"), remark="homework.zip"),
    "a package of helpers": HandedIn(with_package),
    "the whole folder": HandedIn(with_the_whole_folder, remark="cs231n"),
}


def written_with(version, source=None):
    def change(notebook, cells):
        notebook["metadata"] = {
            "kernelspec": {"name": "my-env", "display_name": "My env", "language": "python"},
            "language_info": {"name": "python", "version": version},
        }
        if source:
            put_behind("plot", cell("code", source))(notebook, cells)

    return changed(change)


VERSIONS = {
    "another kernel and a newer Python": HandedIn(written_with("3.99.1")),
    "syntax of a newer Python": HandedIn(
        written_with("3.99.1", "x = new syntax"), remark="it may be correct in Python 3.99"
    ),
}
CASES = {**VERSIONS, **LOST, **ANSWERS, **CODE, **BYTES, **NAMES}


def hand_in(course: Path, name: str, case: HandedIn, solved) -> None:
    """Write one submission; `solved` is the solved notebook."""
    student = course / "submitted" / name
    student.mkdir(parents=True)
    notebook = json.loads(nbformat.writes(solved))
    for each in notebook["cells"]:
        each["source"] = ANSWER if each["id"] == "why" else source_of(each)
    case.make(student, notebook)
