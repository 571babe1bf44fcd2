"""Files that are not where, or not called what, they should be: what is taken, and what is said."""

import os
import zipfile

import pytest
from autograder.course.assignment import Assignment
from autograder.submission.arrangement import arrange, missing_in
from autograder.submission.names import best, fit, is_of_another_assignment
from autograder.submission.reading import read_submission
from autograder.submission.submitters import submitters

WANTED = ["Toy.ipynb", "two_layer_net.npz"]


@pytest.fixture
def student(tmp_path):
    folder = tmp_path / "submitted" / "ada"
    folder.mkdir(parents=True)
    return folder


def put(folder, **files):
    """Write files into a folder. files: contents by path"""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)


def read(student, wanted=WANTED):
    course = student.parents[1]
    return read_submission(arrange(Assignment(course, "assignment2"), student.name, wanted), ["Toy"])


@pytest.mark.parametrize(
    ("name", "fits"),
    [("Toy.ipynb", 0), ("toy.ipynb", 1), ("TOY.IPYNB", 1), ("T_o-y.ipynb", 1), ("Toy (1).ipynb", 2), ("Toy-2.ipynb", 2),
     ("Toy-Copy1.ipynb", 2), ("Copy of Toy.ipynb", 2), ("Toy – Kopie.ipynb", 2), ("ada_Toy_final.ipynb", 2),
     ("Toy.ipynb.txt", 2), ("Toy.ipynb (1).json", 2), ("Toys.ipynb", None), ("Joytoy.ipynb", None), ("Toy.py", None),
     ("Toy.html", None), ("Other.ipynb", None)],
)  # fmt: skip
def test_names(name, fits):
    """Is a name that a browser, an editor or a person has changed known, and that of something else not?"""
    assert fit(f"some/folder/{name}", "Toy.ipynb") == fits


def test_the_best_name_in_the_fewest_folders():
    """Does the better name win, and of equal ones that in the fewest folders?"""
    assert best(["a/b/Toy.ipynb", "a/Toy.ipynb", "Toy (1).ipynb"], "Toy.ipynb") == ["a/Toy.ipynb"]
    assert best(["x/Toy (1).ipynb", "x/Toy (2).ipynb"], "Toy.ipynb") == ["x/Toy (1).ipynb", "x/Toy (2).ipynb"]


def test_nothing_is_arranged_where_nothing_is_missing(student):
    """Is a submission that is as it should be read where it is, with a word about a second version beside it?"""
    put(student, **{f"assignment2/{name}": "x" for name in (*WANTED, "Toy (1).ipynb")})
    found = read(student)
    assert found.notebooks == {"Toy": b"x"}
    assert found.weights == {"two_layer_net.npz"}
    assert found.remarks == ("Toy (1).ipynb was handed in too, but not read",)
    assert not (student.parents[1] / "arranged").exists()


def test_weights_are_found(student):
    """Are weights under another name, and in another folder, taken and reported?"""
    put(student, **{"assignment2/Toy.ipynb": "x", "assignment2/models/two_layer_net (1).npz": "w"})
    found = read(student)
    assert found.weights == {"two_layer_net.npz"}
    assert found.remarks == ("two_layer_net.npz was found as assignment2/models/two_layer_net (1).npz and taken",)


def test_two_candidates(student):
    """Are two versions left to a person and named where they differ, and one taken where they are the same?"""
    put(student, **{"assignment2/Toy (1).ipynb": "one", "assignment2/Toy (2).ipynb": "two"})
    found = read(student)
    assert found.notebooks == {}
    assert "Toy (1).ipynb" in found.remarks[0]
    assert "Toy (2).ipynb" in found.remarks[0]
    put(student, **{"assignment2/Toy (2).ipynb": "one"})
    assert read(student).notebooks == {"Toy": b"one"}


def test_what_stands_beside_a_notebook_comes_along(student):
    """Do modules, packages, weights and the timestamp come along when a folder is too many, or forgotten?"""
    for place in ("assignment2/hw/", ""):
        files = ("Toy.ipynb", "helper.py", "utils/deep/sums.py", "two_layer_net.npz")
        put(student, **{f"{place}{name}": "x" for name in files})
        put(student, **{"timestamp.txt": "2026-01-01 10:00:00 UTC"})
        found = read(student)
        assert found.notebooks == {"Toy": b"x"}
        assert found.modules.keys() == {"helper.py", "utils/deep/sums.py"}
        assert found.weights == {"two_layer_net.npz"}
        for path in sorted(student.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


def test_zip_with_everything(student):
    """Is a zip unpacked, without what leads out of it, links and what a Mac adds, and are those said?"""
    (student / "assignment2").mkdir()
    with zipfile.ZipFile(student / "assignment2" / "all.zip", "w") as archive:
        for name in ("hw/Toy.ipynb", "hw/two_layer_net.npz", "hw/helper.py", "__MACOSX/hw/._Toy.ipynb", "../out.py"):
            archive.writestr(name, "x")
        link = zipfile.ZipInfo("hw/link.py")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    found = read(student)
    assert found.notebooks == {"Toy": b"x"}
    assert found.modules == {"helper.py": "x"}
    assert found.weights == {"two_layer_net.npz"}
    assert any("out.py was left out" in remark for remark in found.remarks)
    assert any("link.py was left out" in remark for remark in found.remarks)
    assert not (student.parents[1] / "arranged" / "ada" / "unpacked").exists()


def test_what_is_no_zip(student):
    """Is an archive that cannot be unpacked a remark?"""
    put(student, **{"assignment2/a.zip": "no zip", "assignment2/b.rar": "x"})
    remarks = read(student).remarks
    assert any(remark.startswith("assignment2/a.zip was not unpacked") for remark in remarks)
    assert any("b.rar was not opened" in remark for remark in remarks)


def test_arranged_anew_each_time(student):
    """After a student has handed in again, is nothing of the earlier arrangement left?"""
    put(student, **{"assignment2/Toy (1).ipynb": "old"})
    read(student)
    put(student, **{"assignment2/Toy.ipynb": "new"})
    found = read(student)
    assert found.notebooks == {"Toy": b"new"}
    assert found.remarks == ("Toy (1).ipynb was handed in too, but not read",)
    assert not (student.parents[1] / "arranged" / "ada").exists()


def test_links_are_not_followed(student, tmp_path):
    """Is a link, to a file or a folder, no candidate?"""
    put(tmp_path, **{"neighbor/Toy.ipynb": "theirs"})
    (student / "assignment2").mkdir()
    os.symlink(tmp_path / "neighbor", student / "assignment2" / "here")
    os.symlink(tmp_path / "neighbor" / "Toy.ipynb", student / "assignment2" / "Toy (1).ipynb")
    assert read(student).notebooks == {}
    os.symlink(student, student.with_name("eve"))
    assert missing_in(student.with_name("eve") / "assignment2", WANTED) == []


def test_other_assignments_are_left_alone(student):
    """Is a notebook of the same name in another assignment's folder not taken?"""
    put(student, **{"assignment1/Toy.ipynb": "x"})
    (student / "assignment2").mkdir()
    assert read(student).notebooks == {}
    assert [is_of_another_assignment(n, "assignment2") for n in ("assignment1", "HW 3", "Assignment_2", "my work")] == [
        True, True, False, False,
    ]  # fmt: skip


def test_everybody_has_a_row(tmp_path):
    """Is whoever has a folder a student, a file beside the folders a reason, and only another assignment nobody?"""
    submitted = tmp_path / "submitted"
    put(submitted, **{"ada/assignment2/Toy.ipynb": "x", "bob/Toy.ipynb": "x", "cy/hw/all.zip": "x", "dan.zip": "x"})
    put(submitted, **{"eve/assignment1/Toy.ipynb": "x", ".cache/x": "x", "notes.txt": "x"})
    (submitted / "fay").mkdir()
    found = submitters(Assignment(tmp_path, "assignment2"))
    assert [name for name, problem in found.items() if not problem] == ["ada", "bob", "cy", "fay"]
    assert "not in a student's folder" in found["dan.zip"]
    assert len(found) == 5
