"""The demo's folder: what may be deleted for a new one, and what may not."""

from types import SimpleNamespace

import pytest
from autograder.core.errors import GraderError
from autograder.demo import run, samples
from autograder.demo.run import MARK, make_room
from autograder.grading.rows import Row
from autograder.grading.run import Outcome


@pytest.fixture
def course(tmp_path):
    """A course of somebody's, with grades in it."""
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "nbgrader_config.py").write_text("c = get_config()")
    (folder / "gradebook.db").write_text("grades")
    return folder


def refused(folder, *keep):
    """Tell whether a demo refuses the folder, and leaves what is in it."""
    before = sorted(folder.rglob("*"))
    with pytest.raises(GraderError, match="--folder"):
        make_room(folder, keep)
    return sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("make_empty", [False, True])
def test_new_and_empty_folders(tmp_path, make_empty):
    """Does a demo take a folder that is not there yet, or empty, and mark it?"""
    folder = tmp_path / "some" / "demo"
    if make_empty:
        folder.mkdir(parents=True)
    make_room(folder, keep=[tmp_path / "repository"])
    assert [path.name for path in folder.iterdir()] == [MARK]


def test_own_folder_is_made_anew(tmp_path):
    """Does a demo delete what an earlier one made?"""
    make_room(tmp_path / "demo", keep=[])
    (tmp_path / "demo" / "submitted").mkdir()
    make_room(tmp_path / "demo", keep=[])
    assert [path.name for path in (tmp_path / "demo").iterdir()] == [MARK]


def test_course_is_kept(course):
    """Is a course that no demo made refused, its gradebook untouched?"""
    assert refused(course)


@pytest.mark.parametrize("kept", [".", "inside", "deeper/inside"])
def test_what_holds_a_kept_folder(course, kept):
    """Is a folder refused that is the repository, the home or the current folder, or holds it, marked or not?"""
    (course / MARK).touch()
    (course / "deeper" / "inside").mkdir(parents=True)
    assert refused(course, course / kept)


def test_link_is_refused(tmp_path, course):
    """Is a link refused, even to a demo's own folder?"""
    (course / MARK).touch()
    (tmp_path / "link").symlink_to(course)
    assert refused(tmp_path / "link")
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    assert refused(tmp_path / "broken")


def test_file_is_refused(tmp_path):
    """Is a file in the way refused and kept?"""
    (tmp_path / "demo").write_text("mine")
    with pytest.raises(GraderError, match="not made by a demo"):
        make_room(tmp_path / "demo", keep=[])
    assert (tmp_path / "demo").read_text() == "mine"


def test_folder_of_the_marks_name(course, tmp_path):
    """Does a folder in the place of the mark not count as one?"""
    (course / MARK).mkdir()
    assert refused(course)


def test_demo_fits_a_terminal(tmp_path, monkeypatch, capsys):
    """Has no line that a demo prints more than 80 characters, but for paths, where there is no sandbox either?"""
    rows = [Row("common-mistakes", {"FullyConnectedNets": 25.0}, 100.0, 0.0, ["Dropout was not handed in"] * 4)]
    monkeypatch.setattr(run, "make_course", lambda repository, folder: None)
    monkeypatch.setattr(run, "chosen", lambda *_: SimpleNamespace(feedback=lambda student: tmp_path / student))
    monkeypatch.setattr(run, "grade", lambda *_: Outcome(rows, [], 4, 1, {}))
    monkeypatch.setattr(run, "report", lambda _: tmp_path / "report.html")
    monkeypatch.setattr(run.sandbox, "unavailable", lambda: "no bwrap on the PATH")
    monkeypatch.setattr(samples, "hand_in", lambda _: [f"sample-{number}" for number in range(20)])
    run.demo(tmp_path, tmp_path / "demo")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("WARNING: no sandbox")
    assert [line for line in lines if len(line) > 80 and str(tmp_path) not in line] == []
