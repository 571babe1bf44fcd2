"""Reading submissions within limits, and where the trouble of one of them ends."""

import errno
import json
import os

import pytest
from autograder.core.errors import GraderError
from autograder.core.files import Unusable, open_regular, read_regular
from autograder.core.text import printable, well_formed
from autograder.course.assignment import Assignment
from autograder.grading.boundary import Boundary
from autograder.submission import parsing, reading
from autograder.submission.parsing import parse_notebook
from autograder.submission.reading import NotGradable, problem_of_name, read_submission


@pytest.fixture
def folder(tmp_path):
    """A student's folder with a notebook in it."""
    folder = tmp_path / "ada" / "assignment2"
    folder.mkdir(parents=True)
    (folder / "Toy.ipynb").write_text(json.dumps({"cells": [{"cell_type": "code", "source": ["a = 1\n", "b"]}]}))
    return folder


def test_what_counts_is_read_and_the_digest_depends_on_it(folder):
    """Does each file that counts change the digest, and none of the others?"""
    digests = [read_submission(folder, ["Toy"]).digest]
    for name in ("helper.py", "net.npz", "timestamp.txt", "Toy.ipynb"):
        (folder / name).write_bytes(b"new")
        digests.append(read_submission(folder, ["Toy"]).digest)
    assert len(set(digests)) == 5
    (folder / "photo.png").write_bytes(b"new")
    (folder / "Other.ipynb").write_bytes(b"new")
    assert read_submission(folder, ["Toy"]).digest == digests[-1]


def test_file_without_permission(folder, monkeypatch):
    """Is a file that may not be read a reason, for a notebook, a module, weights and the timestamp, and no more?"""
    for name in ("helper.py", "net.npz", "timestamp.txt"):
        (folder / name).write_text("x = 1")

    def refuse(path, *arguments):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.open", refuse)
    found = read_submission(folder, ["Toy"])
    assert str(found.notebooks["Toy"]) == "Toy.ipynb cannot be read: Permission denied"
    assert found.modules == {}
    assert found.remarks == ("Python files were left out: helper.py cannot be read: Permission denied",)


def test_folder_without_permission(folder, monkeypatch):
    """Is a folder that may not be read this student's reason?"""

    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(NotGradable, match="the folder cannot be read: Permission denied"):
        read_submission(folder, ["Toy"])


def test_links_at_each_level_are_refused(folder):
    """Is a file refused that is reached through a link at the file, the assignment's or the student's folder?"""
    for number, place in enumerate((folder / "Toy.ipynb", folder, folder.parent)):
        linked = place.with_name(f"link-{number}")
        os.symlink(place, linked)
        path = linked / folder.joinpath("Toy.ipynb").relative_to(place)
        with pytest.raises(Unusable, match="is a link"):
            open_regular(path, 1000)
    assert read_regular(folder / "Toy.ipynb", 1000)


def test_many_files(folder, monkeypatch):
    """Are only so many modules taken, in their order, and a folder of very many files said to be one?"""
    monkeypatch.setattr(reading, "MAX_MODULES", 2)
    monkeypatch.setattr(reading, "MAX_ENTRIES", 4)
    for name in "abcd":
        (folder / f"{name}.py").write_text("")
    found = read_submission(folder, ["Toy"])
    assert list(found.modules) == ["a.py", "b.py"]
    assert found.remarks[-1] == "Python files were left out: c.py is beyond the limit, and 1 more"
    (folder / "e.py").write_text("")
    assert "more than 4 files" in read_submission(folder, ["Toy"]).remarks[0]


def test_only_what_counts_of_a_cell_is_kept(folder):
    """Does a cell hold its kind, id, source and outputs of the right type, and nothing else?"""
    notebook, left_out = parse_notebook(read_submission(folder, ["Toy"]).notebooks["Toy"], "Toy")
    assert notebook.cells == [{"cell_type": "code", "source": "a = 1\nb", "metadata": {}, "id": "", "outputs": []}]
    assert left_out == []


def test_nodes_are_counted_outside_of_strings(monkeypatch):
    """Are a million values refused before they are parsed, and the same characters in a string not?"""
    monkeypatch.setattr(parsing, "MAX_NODES", 100)
    assert parsing.too_many_nodes("[" + "{}," * 60 + "0]")
    assert not parsing.too_many_nodes(json.dumps(['{,["' * 1000, "\\"]))


@pytest.mark.parametrize(
    ("name", "good"),
    [("ada", True), ("Zoë van Dyck", True), ("a[1]", True), ("-rf", True), ("می\u200cخواهم", True), ("", False),
     (" a", False), ("a\n", False), ("a\tb", False), ("\udcff", False), ("n" * 129, False), ("😀" * 61, False)],
)  # fmt: skip
def test_names_of_students(name, good):
    """Is a name taken where the gradebook, a log's file and a terminal can hold it?"""
    assert (problem_of_name(name) == "") is good
    printable(name).encode()  # whatever the name, its row can be written


def test_well_formed():
    """Are halves of characters replaced in keys and values, pairs kept, and what is nested too deeply cut off?"""
    assert well_formed({"\ud800": ["a\udfff", "😀", 3, None]}) == {"?": ["a?", "😀", 3, None]}
    assert well_formed([[[["x"]]]], depth=2) == [[[None]]]


@pytest.mark.parametrize("error", [RecursionError("too deep"), MemoryError(), ZeroDivisionError("ours"), KeyError("x")])
def test_unforeseen_trouble_is_the_students_own_and_visible(tmp_path, error):
    """Does whatever is raised become a reason with its type, and its traceback the student's log?"""
    boundary = Boundary(Assignment(tmp_path, "assignment2"))
    with boundary.around("ada"):
        raise error
    assert boundary.reasons["ada"].startswith(f"not gradable: {type(error).__name__}")
    assert "Traceback" in (tmp_path / "logs" / "assignment2" / "ada.log").read_text()


def test_foreseen_trouble_has_no_traceback(tmp_path):
    """Is a reason for people all that is said where the student's file is at fault?"""
    boundary = Boundary(Assignment(tmp_path, "assignment2"))
    with boundary.around("ada"):
        raise NotGradable("the folder\nis a link")
    assert boundary.reasons == {"ada": "not gradable: the folder is a link"}
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), GraderError("no kernel"), KeyboardInterrupt()])
def test_the_graders_own_trouble_passes(tmp_path, error):
    """Does the trouble of the machine stop the run, and Ctrl-C?"""
    boundary = Boundary(Assignment(tmp_path, "assignment2"))
    with pytest.raises(type(error)), boundary.around("ada"):
        raise error
    assert boundary.reasons == {}
