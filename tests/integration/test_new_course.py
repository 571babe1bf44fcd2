"""A course to start from, and what a release says."""

import re
import shutil

import pytest
from autograder import cli
from autograder.authoring.release import REGISTRY, registered, students_in
from helpers import ASSIGNMENT


def test_new_course(toy_course, tmp_path, capsys):
    """Has a new course the key and the registry of the old one, released, and none of its students?"""
    (toy_course / "submitted" / "ada").mkdir(parents=True)
    folder = tmp_path / "new"
    assert cli.main(["new-course", str(folder), "--course", str(toy_course)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"Toy +8 +6 +2\n", said)
    assert f"cd {folder} && autograder hand-out" in said
    for part in (
        f"source/{ASSIGNMENT}/Toy.ipynb",
        f"proof/{ASSIGNMENT}/misconceptions/Toy.toml",
        f"release/{ASSIGNMENT}/Toy.ipynb",
    ):
        assert (folder / part).read_bytes() == (toy_course / part).read_bytes()
    assert registered(folder / REGISTRY) == registered(toy_course / REGISTRY)
    assert students_in(folder / REGISTRY) == 0
    assert not (folder / "submitted").exists()
    seeds = {(course / "held_out_seed").read_text() for course in (folder, toy_course)}
    assert len(seeds) == 2


def test_folder_in_use(toy_course, tmp_path, capsys):
    """Is a folder that holds something left as it is?"""
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "notes.txt").touch()
    assert cli.main(["new-course", str(tmp_path / "used"), "--course", str(toy_course)]) == 1
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "used").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("missing", ["nbgrader_config.py", "source"])
def test_no_course_to_start_from(missing, toy_course, tmp_path, capsys):
    """Is it said what is missing where the course that is named is none, and nothing made?"""
    (toy_course / missing).rename(tmp_path / "away")
    assert cli.main(["new-course", str(tmp_path / "new"), "--course", str(toy_course)]) == 1
    assert missing in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_release_says_what_it_wrote(toy_course, capsys):
    """Does `autograder release` name the folder, points by notebook and the next step, in 80 columns but for paths?"""
    assert cli.main(["release", "--course", str(toy_course)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == str(toy_course / "release" / ASSIGNMENT)
    assert lines[-1] == "next: autograder hand-out"
    assert max(len(line) for line in lines if str(toy_course) not in line) <= 80


def test_an_assignment_without_its_framework_is_left_out(toy_course, tmp_path, capsys, monkeypatch):
    """Is a course made, and all released but the assignment whose framework is not installed, which is said?"""
    shutil.copytree(toy_course / "source" / ASSIGNMENT, toy_course / "source" / "hw2")
    (toy_course / "course.toml").write_text('[hw2]\nframeworks = ["torch"]\n', encoding="utf-8")
    for module in ("cli", "course.assignment"):
        monkeypatch.setattr(f"autograder.{module}.missing_frameworks", list)
    folder = tmp_path / "new"
    assert cli.main(["new-course", str(folder), "--course", str(toy_course)]) == 0
    assert [path.name for path in (folder / "release").iterdir()] == [ASSIGNMENT]
    assert (folder / "source" / "hw2").is_dir()
    assert "hw2 is left out: torch is not installed" in capsys.readouterr().err
