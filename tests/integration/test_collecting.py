"""Collecting from the zips of Canvas, Moodle, Blackboard and Brightspace."""

import errno
import io
import os
import shutil
import stat
import struct
import time
import zipfile
from datetime import UTC
from zipfile import ZipFile, ZipInfo
from zoneinfo import ZoneInfo

import nbformat
import pytest
from autograder.cli import main
from autograder.collecting import placing
from autograder.collecting.choosing import known_names
from autograder.collecting.collect import BadArchive, Options, Outcome, collect
from autograder.collecting.give_back import give_back
from autograder.collecting.roster import BadRoster
from autograder.collecting.systems import UnknownSystem
from autograder.core.files import MIB
from autograder.core.notebooks import read
from autograder.course.key import keys
from autograder.course.solutions import answered, set_source
from autograder.execution.kernel import sandbox
from autograder.grading.lock import CourseIsBusy, only_grader
from autograder.grading.run import Options as GradingOptions
from autograder.grading.run import grade
from helpers import lms
from helpers.courses import WORKBOOK, the
from nbgrader.api import Gradebook
from nbgrader.apps import ZipCollectApp

ROSTER = """id,name,email,lms_user_id
ada,Ada Lovelace,ada@example.org,4711
alan,"Turing, Alan",alan.turing@example.org,
emmy,Emmy Noether,en@example.org,
"""


@pytest.fixture
def course(toy_course):
    """The toy course with a roster, and nothing handed in."""
    (toy_course / "roster.csv").write_text(ROSTER, encoding="utf-8")
    return toy_course


@pytest.fixture
def collected(course, tmp_path):
    """Function of the files of a zip that collects it with the roster; returns what was done by file."""

    def run(files, **options):
        path = lms.write_zip(tmp_path / "all.zip", files)
        return by_file(collect(the(course), [path], Options(roster=course / "roster.csv", **options)))

    return run


def by_file(lines):
    return {line.file: (line.student, line.outcome) for line in lines}


def submitted(course):
    """What is in `submitted/`, by path."""
    folder = course / "submitted"
    return {str(p.relative_to(folder)): p.read_text(encoding="utf-8") for p in sorted(folder.rglob("*")) if p.is_file()}


SAME_FILES = {"ada/assignment2/Toy.ipynb": "a", "alan/assignment2/Toy.ipynb": "b"}


def test_canvas(course, collected):
    """Are number, names, late mark and the number of a resubmission understood?"""
    files = lms.canvas("lovelaceada", 4711, 90, {"Toy-2.ipynb": "a", "net.npz": "w", "utils-1.py": "u"}, late=True)
    files |= lms.canvas("turingalan", 4712, 95, {"Toy.ipynb": "b"}) | {"noetheremmy_4713_text.html": "I could not"}
    outcomes = collected(files)
    assert outcomes["noetheremmy_4713_text.html"] == ("", Outcome.NO_PART)
    assert {outcome for name, (_, outcome) in outcomes.items() if "text" not in name} == {Outcome.TAKEN}
    more = {"ada/assignment2/net.npz": "w", "ada/assignment2/utils.py": "u"}
    assert submitted(course) == SAME_FILES | more
    record = placing.read_record(the(course), "ada")
    assert record.late
    assert record.names["Toy.ipynb"] == "lovelaceada_LATE_4711_90_Toy-2.ipynb"
    assert not placing.read_record(the(course), "alan").late


def test_moodle(course, collected):
    """Are folders, the older form without them, and texts written online understood?"""
    files = lms.moodle("Ada Lovelace", 4711, {"work/Toy.ipynb": "a"})
    files |= {"Alan Turing_17_assignsubmission_file_Toy.ipynb": "b"}
    files |= {"Emmy Noether_18_assignsubmission_onlinetext_/onlinetext.html": "<p>see above</p>"}
    outcomes = collected(files)
    assert submitted(course) == SAME_FILES
    assert outcomes["Emmy Noether_18_assignsubmission_onlinetext_/onlinetext.html"] == ("", Outcome.NO_PART)


@pytest.mark.parametrize("title", ["Assignment 2", "Assignment_2_ada"])
def test_blackboard(title, course, collected):
    """Is the newest attempt taken, with its time in the given zone, whatever the title and whether there is a note?"""
    files = lms.blackboard("Ada Lovelace", "ada", "2026-11-01-09-00-00", {"Toy.ipynb": "old"}, title)
    files |= lms.blackboard("Ada Lovelace", "ada", "2026-11-02-10-33-12", {"Toy.ipynb": "a"}, title)
    files |= {f"{title}_alan_attempt_2026-11-02-11-00-00_Toy.ipynb": "b"}  # without a note
    outcomes = collected(files, zone=ZoneInfo("America/New_York"))
    times = {
        "ada/assignment2/timestamp.txt": "2026-11-02 15:33:12.000000 UTC",
        "alan/assignment2/timestamp.txt": "2026-11-02 16:00:00.000000 UTC",
    }
    assert submitted(course) == SAME_FILES | times
    assert outcomes[f"{title}_ada_attempt_2026-11-01-09-00-00_Toy.ipynb"] == ("ada", Outcome.OLDER)


@pytest.mark.parametrize("separator", [" - ", "/"])
def test_brightspace(separator, course, collected):
    """Do later submissions add to earlier ones, is the time read, and index.html left out?"""
    files = {"index.html": "<table>"}
    files |= lms.brightspace(
        "Ada Lovelace", 4711, "Nov 1, 2026 903 AM", {"net.npz": "w", "Toy.ipynb": "old"}, separator
    )
    files |= lms.brightspace("Ada Lovelace", 4711, "Nov 2, 2026 1033 PM", {"Toy.ipynb": "a"}, separator)
    files |= lms.brightspace("Alan Turing", 99, "Nov 2, 2026 103 AM", {"Toy.ipynb": "b"}, separator)
    outcomes = collected(files, zone=UTC)
    assert submitted(course) == SAME_FILES | {
        "ada/assignment2/net.npz": "w",
        "ada/assignment2/timestamp.txt": "2026-11-02 22:33:00.000000 UTC",
        "alan/assignment2/timestamp.txt": "2026-11-02 01:03:00.000000 UTC",
    }
    assert outcomes["index.html"] == ("", Outcome.NO_PART)
    older = f"4711-90210 - Ada Lovelace - Nov 1, 2026 903 AM{separator}Toy.ipynb"
    assert outcomes[older] == ("ada", Outcome.OLDER)


def test_a_student_s_own_zip(course, collected):
    """Is a zip unpacked, without its outer folder, the package that was given, checkpoints and what macOS adds?"""
    inside = {"a2/Toy.ipynb": "a", "a2/utils/__init__.py": "", "a2/utils/more.py": "m", "a2/nets/net (1).npz": "w"}
    others = [
        "a2/cs231n/layers.py",
        "a2/.ipynb_checkpoints/Toy-checkpoint.ipynb",
        "__MACOSX/a2/._Toy.ipynb",
        "a2/a.pdf",
    ]
    own = lms.zipped(inside | dict.fromkeys(others, "x"))
    outcomes = collected(lms.canvas("lovelaceada", 4711, 90, {"work.zip": own}))
    name = "lovelaceada_4711_90_work.zip"
    assert {outcomes[f"{name}: {other}"][1] for other in others} == {Outcome.NO_PART}
    assert submitted(course) == {
        "ada/assignment2/Toy.ipynb": "a",
        "ada/assignment2/utils/__init__.py": "",
        "ada/assignment2/utils/more.py": "m",
        "ada/assignment2/nets/net (1).npz": "w",
    }
    assert set(placing.read_record(the(course), "ada").names.values()) == {name}


@pytest.mark.parametrize("depth", [2, 3])
def test_zips_in_zips(depth, course, collected):
    """Is a zip in a student's zip unpacked too, and one more refused?"""
    content = "a"
    for level in range(depth):
        content = lms.zipped({f"work{level}.zip" if level else "Toy.ipynb": content})
    ((student, outcome),) = collected(lms.moodle("Ada Lovelace", 4711, {"all.zip": content})).values()
    assert (student, outcome) == ("ada", Outcome.TAKEN if depth == 2 else Outcome.REFUSED)


@pytest.mark.parametrize("names", [["Toy.ipynb", "old/Toy.ipynb"], ["Toy.ipynb", "Toy (1).ipynb"], ["TOY.ipynb"]])
def test_one_of_several(names, course, collected):
    """Does the file count that is in the fewest folders and has no copy mark, and get the proper name?"""
    files = {name: "a" if name == names[0] else "other" for name in names}
    outcomes = collected(lms.moodle("Ada Lovelace", 4711, files))
    assert submitted(course) == {"ada/assignment2/Toy.ipynb": "a"}
    assert list(outcomes.values()).count(("ada", Outcome.SPARE)) == len(names) - 1


def link(name):
    info = ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def encrypted(content):
    """The bytes of a zip whose entries say that they are encrypted."""
    return content.replace(b"PK\1\2\x14\x03\x14\0\0\0", b"PK\1\2\x14\x03\x14\0\1\0")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../../../evil/Toy.ipynb", "out of the archive"),
        ("/etc/Toy.ipynb", "out of the archive"),
        ("C:\\evil\\Toy.ipynb", "out of the archive"),
        ("..\\..\\Toy.ipynb", "out of the archive"),
        ("a\nb/Toy.ipynb", "control characters"),
        ("x" * 250 + "/Toy.ipynb", "too long"),
        (link("Toy.ipynb"), "not a regular file"),
        ("deeper.tar.gz", "only files and .zip archives are read"),
    ],
)
def test_hostile_names(name, why, course, collected, tmp_path):
    """Is a name that leads elsewhere, or is no file's, refused with the reason, and everybody else collected?"""
    own = io.BytesIO()
    with ZipFile(own, "w") as archive:
        archive.writestr(name, "/etc/passwd")
    files = lms.canvas("lovelaceada", 4711, 90, {"work.zip": own.getvalue()})
    files |= lms.canvas("turingalan", 4712, 95, {"Toy.ipynb": "b"})
    path = lms.write_zip(tmp_path / "all.zip", files)
    lines = collect(the(course), [path], Options(roster=course / "roster.csv"))
    refused = [line for line in lines if line.outcome == Outcome.REFUSED]
    assert [line.student for line in refused] == ["ada"]
    assert why in refused[0].why
    assert submitted(course) == {"alan/assignment2/Toy.ipynb": "b"}
    assert (course / "submitted" / "ada" / "assignment2").is_dir()  # so that she gets a row


def bomb():
    """A zip of a notebook that has 60 MB of nothing."""
    made = io.BytesIO()
    with ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Toy.ipynb", bytes(60 * MIB))
    return made.getvalue()


def lying_bomb():
    """The same, declaring a hundred bytes."""
    return bomb().replace(struct.pack("<L", 60 * MIB), struct.pack("<L", 100))


def many_files():
    """An archive that declares a list of files of 4 GB."""
    content = lms.zipped({"Toy.ipynb": "a"})
    end = content.rindex(b"PK\5\6")
    return content[: end + 12] + b"\xf0\xff\xff\xff" + content[end + 16 :]


def damaged():
    """A zip whose notebook is not what its checksum says."""
    return lms.zipped({"Toy.ipynb": "the content"}).replace(b"the content", b"the kontent")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (bomb, "60 MB, more than 50"),
        (lying_bomb, "damaged"),
        (many_files, "too many files"),
        (damaged, "damaged"),
        (lambda: b"Rar!", "not a zip"),
        (lambda: b"", "not a zip"),
        (lambda: encrypted(damaged()), "encrypted"),
    ],
)
def test_hostile_zips(content, why, course, tmp_path):
    """Is a bomb, a damaged or an encrypted zip of one student refused with the reason, and nothing of it kept?"""
    path = lms.write_zip(tmp_path / "all.zip", lms.moodle("Ada Lovelace", 4711, {"work.zip": content()}))
    (line,) = collect(the(course), [path], Options(roster=course / "roster.csv"))
    assert (line.student, line.outcome) == ("ada", Outcome.REFUSED)
    assert why in line.why
    assert submitted(course) == {}


def test_names_in_other_encodings(course, tmp_path):
    """Is a name in UTF-8 that does not say so, as macOS writes it, the person's?"""
    path = tmp_path / "all.zip"
    (course / "roster.csv").write_text("id;name\nkurt;Kurt Gödel\n", encoding="utf-8-sig")
    name = "Kurt Gödel_5_assignsubmission_file_/Toy.ipynb"
    lms.write_zip(path, {name.replace("ö", "\0\0"): "a"} | {"x": ""})
    raw = lms.write_zip(path, {name.replace("ö", "oe"): "a"}).read_bytes()
    path.write_bytes(raw.replace("Gödel".replace("ö", "oe").encode(), "Gödel".encode()))
    (line,) = collect(the(course), [path], Options(roster=course / "roster.csv"))
    assert (line.student, line.outcome) == ("kurt", Outcome.TAKEN)


def test_unknown_and_ambiguous_people(course, collected):
    """Is nobody guessed: neither who is not in the roster, nor a name of two, nor a name whose number is another's?"""
    (course / "roster.csv").write_text("id,name,lms_user_id\na1,Ann Lee,\na2,Ann Lee,\nada,Ada Lovelace,4711\n")
    files = lms.moodle("Ann Lee", 1, {"Toy.ipynb": "?"}) | lms.moodle("Bob Roy", 2, {"Toy.ipynb": "?"})
    files |= lms.moodle("Ada Lovelace", 4712, {"Toy.ipynb": "of another Ada"})
    assert set(collected(files).values()) == {("", Outcome.UNKNOWN)}
    assert submitted(course) == {}


def test_without_a_roster(course, tmp_path):
    """Are people those of the gradebook, and others called as the LMS calls them?"""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        gradebook.add_student("ada", first_name="Ada", last_name="Lovelace")
    files = lms.canvas("lovelaceada", 4711, 90, {"Toy.ipynb": "a"}) | lms.canvas("roybob", 2, 95, {"Toy.ipynb": "b"})
    collect(the(course), [lms.write_zip(tmp_path / "all.zip", files)])
    assert submitted(course) == {"ada/assignment2/Toy.ipynb": "a", "canvas-2/assignment2/Toy.ipynb": "b"}


CANVAS_EXPORT = """Student,ID,SIS User ID,SIS Login ID,Section
"    Points Possible",,,,
"Lovelace, Ada",4711,x,ada,1
"""


@pytest.mark.parametrize(
    ("roster", "student"),
    [
        (CANVAS_EXPORT, "ada"),
        ("Identifier,Full name,Email address\nParticipant 4711,A. King,ada@b.org\n", "ada@b.org"),
        ("username\tFirst name\tLast name\nada\tADA\tLovelace\n", "ada"),
    ],
)
def test_rosters(roster, student, course, collected):
    """Are the files that Canvas and Moodle export rosters as they are?"""
    (course / "roster.csv").write_text(roster, encoding="utf-8-sig")
    assert list(collected(lms.moodle("Ada Lovelace", 4711, {"Toy.ipynb": "a"})).values()) == [(student, Outcome.TAKEN)]


@pytest.mark.parametrize("roster", ["", "name\nAda\n", "id\na\na\n", "id\n../a\n", 'id,name\na,"\n', "id\n\xe4"])
def test_bad_rosters(roster, course, collected):
    """Is a roster without ids, or with one twice, refused before anything is collected?"""
    (course / "roster.csv").write_text(roster, encoding="latin-1")
    with pytest.raises(BadRoster, match=r"roster\.csv"):
        collected(lms.moodle("Ada Lovelace", 4711, {"Toy.ipynb": "a"}))


def test_collecting_twice(course, collected):
    """Is what is the same left alone, a newer attempt taken, and an older one not?"""
    first = lms.canvas("lovelaceada", 4711, 90, {"Toy.ipynb": "a"})
    collected(first)
    notebook = course / "submitted" / "ada" / "assignment2" / "Toy.ipynb"
    notebook.write_text("mended by hand")
    assert list(collected(first).values()) == [("ada", Outcome.SAME)]
    assert notebook.read_text() == "mended by hand"
    assert list(collected(lms.canvas("lovelaceada", 4711, 120, {"Toy.ipynb": "b"})).values()) == [
        ("ada", Outcome.TAKEN)
    ]
    assert list(collected(first).values()) == [("ada", Outcome.OLDER)]
    assert notebook.read_text() == "b"
    assert list(collected(lms.canvas("lovelaceada", 4711, 130, {"a.pdf": ""})).values()) == [("ada", Outcome.NO_PART)]
    assert notebook.read_text() == "b"
    assert placing.read_record(the(course), "ada").names == {"Toy.ipynb": "lovelaceada_4711_120_Toy.ipynb"}


def test_what_is_no_part_of_it_does_not_make_late(course, collected):
    """Does the time stay that of the notebook where a student adds something else later?"""
    files = lms.brightspace("Ada Lovelace", 4711, "Nov 1, 2026 900 AM", {"Toy.ipynb": "a"})
    files |= lms.brightspace("Ada Lovelace", 4711, "Nov 9, 2026 900 AM", {"thoughts.pdf": "x"})
    collected(files, zone=UTC)
    assert submitted(course)["ada/assignment2/timestamp.txt"].startswith("2026-11-01")
    assert placing.read_record(the(course), "ada").names == {"Toy.ipynb": next(iter(files))}


@pytest.mark.parametrize(("month", "hour"), [("Jan", "09"), ("Jul", "08")])
def test_time_zone_of_this_machine(month, hour, course, collected, monkeypatch):
    """Without a time zone, is a time this machine's, in summer as in summer?"""
    monkeypatch.setenv("TZ", "Europe/London")
    time.tzset()
    collected(lms.brightspace("Ada Lovelace", 4711, f"{month} 1, 2026 900 AM", {"Toy.ipynb": "a"}))
    assert f" {hour}:00:00" in submitted(course)["ada/assignment2/timestamp.txt"]
    monkeypatch.undo()
    time.tzset()


def test_same_file_handed_in_again(course, collected):
    """Does the time stay that of the first attempt where a later one holds the same?"""
    collected(lms.brightspace("Ada Lovelace", 4711, "Nov 1, 2026 900 AM", {"Toy.ipynb": "a"}), zone=UTC)
    collected(lms.brightspace("Ada Lovelace", 4711, "Nov 9, 2026 900 AM", {"Toy.ipynb": "a"}), zone=UTC)
    assert submitted(course)["ada/assignment2/timestamp.txt"].startswith("2026-11-01")


def test_several_zips(course, tmp_path):
    """Do attempts in several zips compete, also where one is in both?"""
    one = lms.canvas("lovelaceada", 4711, 90, {"Toy.ipynb": "old", "net.npz": "old"})
    two = lms.canvas("lovelaceada", 4711, 190, {"Toy.ipynb": "a"})
    paths = [lms.write_zip(tmp_path / f"{i}.zip", files) for i, files in enumerate([two, one, one])]
    collect(the(course), paths, Options(roster=course / "roster.csv"))
    assert submitted(course) == {"ada/assignment2/Toy.ipynb": "a"}


@pytest.mark.parametrize("step", range(12))
def test_an_interrupted_collect_loses_nothing(step, course, collected, monkeypatch):
    """Wherever Ctrl-C or a full disk stops it, is each student's work there, and does the rerun complete?"""
    collected(lms.canvas("lovelaceada", 4711, 90, {"Toy.ipynb": "old"}))
    new = lms.canvas("lovelaceada", 4711, 190, {"Toy.ipynb": "a"}) | lms.canvas(
        "turingalan", 2, 195, {"Toy.ipynb": "b"}
    )
    calls = iter(range(1000))

    def failing(original):
        def call(*arguments, **options):
            if next(calls) == step:
                raise KeyboardInterrupt if step % 2 else OSError(errno.ENOSPC, "No space left on device")
            return original(*arguments, **options)

        return call

    with monkeypatch.context() as patched:
        for owner, name in ((os, "rename"), (os, "replace"), (placing.shutil, "rmtree"), (os, "mkdir")):
            patched.setattr(owner, name, failing(getattr(owner, name)))
        try:
            collected(new)
        except (KeyboardInterrupt, OSError):
            places = [
                course / "submitted" / "ada" / "assignment2",
                course / ".collecting" / "assignment2" / "old" / "ada",
            ]
            assert any((place / "Toy.ipynb").exists() for place in places)
    collected(new)
    assert submitted(course) == SAME_FILES
    assert not (course / ".collecting").exists()
    assert placing.read_record(the(course), "ada").order == 190


def test_trouble_is_told(course, tmp_path):
    """Is a zip of no LMS, no zip, or a course that is being graded, told and nothing changed?"""
    with pytest.raises(UnknownSystem, match=r"names in .*other\.zip are not those of canvas, .* is Toy\.ipynb"):
        collect(the(course), [lms.write_zip(tmp_path / "other.zip", {"Toy.ipynb": "a"})])
    (tmp_path / "no.zip").write_text("no")
    for path in (tmp_path / "no.zip", tmp_path / "missing.zip"):
        with pytest.raises(BadArchive, match=path.name):
            collect(the(course), [path])
    with only_grader(course), pytest.raises(CourseIsBusy):
        collect(the(course), [tmp_path / "other.zip"])
    assert not (course / "submitted").exists()


def test_command(course, tmp_path, capsys):
    """Does the command print what it did with each file, and end with status 1 where a person is unknown?"""
    path = lms.write_zip(tmp_path / "all.zip", lms.canvas("lovelaceada", 4711, 90, {"Toy.ipynb": "a"}, late=True))
    arguments = ["collect", "--course", str(course), "--roster", str(course / "roster.csv"), str(path)]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "ada  lovelaceada_LATE_4711_90_Toy.ipynb  taken: late, says canvas\n" in printed
    assert "1 student; 1 taken\n" in printed
    lms.write_zip(path, lms.canvas("roybob", 1, 90, {"Toy.ipynb": "a"}))
    assert main(arguments) == 1
    assert "unknown person: nobody in the roster fits" in capsys.readouterr().out


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc", ""])
def test_time_zone_that_is_none(zone, course, capsys):
    """Is a time zone that does not exist refused by name?"""
    with pytest.raises(SystemExit):
        main(["collect", "--course", str(course), "--time-zone", zone, "x.zip"])
    assert "is not a time zone" in capsys.readouterr().err


PAGES = {"ada": {"Toy": "page of Ada"}, "alan": {"Toy": "page of Alan"}, "by-hand": {"Toy": "nobody's"}}


@pytest.fixture
def with_pages(course):
    """The course with feedback pages."""
    for student, pages in PAGES.items():
        folder = course / "feedback" / student / "assignment2"
        folder.mkdir(parents=True)
        for name, text in pages.items():
            (folder / f"{name}.html").write_text(text)
    return course


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (
            lms.canvas("lovelaceada", 4711, 90, {"Toy-2.ipynb": "a"}, late=True)
            | lms.canvas("turingalan", 5, 95, {"work.zip": lms.zipped({"Toy.ipynb": "b"})}),
            ["lovelaceada_LATE_4711_90_Toy.html", "turingalan_5_95_Toy.html"],
        ),
        (
            lms.moodle("Ada Lovelace", 4711, {"Toy.ipynb": "a"})
            | {"Alan Turing_5_assignsubmission_file_Toy.ipynb": "b"},
            ["Ada Lovelace_4711_assignsubmission_file_/Toy.html", "Alan Turing_5_assignsubmission_file_Toy.html"],
        ),
    ],
    ids=["canvas", "moodle"],
)
def test_give_back(files, names, with_pages, collected, tmp_path, capsys):
    """Do pages get names from which Canvas and Moodle find the student, and are those told who did not come by them?"""
    collected(files)
    target = tmp_path / "back.zip"
    command = ["give-back", "--course", str(with_pages), str(target)]
    assert main(command) == 0
    with ZipFile(target) as archive:
        assert sorted(archive.namelist()) == names
        assert [archive.read(name).decode() for name in names] == ["page of Ada", "page of Alan"]
    printed = capsys.readouterr().out
    assert "2 pages of 2 students" in printed
    assert "by-hand" in printed
    assert main(command) == 1  # what is there may be the LMS's own zip
    assert "exists: name another file" in capsys.readouterr().err


def test_nothing_to_give_back(with_pages, collected, tmp_path, capsys):
    """Is it told what to do where nothing was collected, several LMSs were, or the LMS takes no pages?"""
    command = ["give-back", "--course", str(with_pages), str(tmp_path / "back.zip")]
    assert main(command) == 1
    assert "no submission came from an LMS" in capsys.readouterr().err
    shutil.move(with_pages / "feedback", tmp_path)
    assert main(command) == 1
    assert "run `autograder grade` first" in capsys.readouterr().err
    shutil.move(tmp_path / "feedback", with_pages)
    collected(lms.brightspace("Ada Lovelace", 4711, "Nov 2, 2026 1033 AM", {"Toy.ipynb": "a"}))
    assert main(command) == 1
    assert "brightspace takes no feedback in a zip" in capsys.readouterr().err
    collected(lms.moodle("Alan Turing", 5, {"Toy.ipynb": "b"}))
    assert main(command) == 1
    assert "from brightspace, moodle: choose one with --for" in capsys.readouterr().err
    assert main([*command, "--for", "canvas"]) == 1
    assert "no feedback for submissions from canvas" in capsys.readouterr().err
    assert main([*command, "--for", "moodle"]) == 0


@pytest.mark.parametrize(
    "files",
    [
        lms.canvas("lovelaceada", 4711, 90, {"Toy-2.ipynb": "a", "net.npz": "w"}),
        lms.canvas("lovelaceada", 4711, 90, {"work.zip": lms.zipped({"a2/Toy.ipynb": "a", "net.npz": "w"})}),
        lms.moodle("Ada Lovelace", 4711, {"Toy.ipynb": "a", "net.npz": "w", "a.pdf": "x"}),
        lms.blackboard("Ada Lovelace", "ada", "2026-11-02-10-33-12", {"Toy.ipynb": "a", "net.npz": "w"}),
        lms.brightspace("Ada Lovelace", 4711, "Nov 2, 2026 1033 AM", {"Toy.ipynb": "a", "net.npz": "w"}),
        lms.brightspace("Ada Lovelace", 4711, "Nov 2, 2026 1033 AM", {"Toy.ipynb": "a", "net.npz": "w"}, "/"),
    ],
    ids=["canvas", "canvas-zip", "moodle", "blackboard", "brightspace", "brightspace-folders"],
)
def test_plain_zip_collect(files, course, monkeypatch):
    """Does nbgrader's own command, as configured, find notebooks and weights of each LMS?"""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        gradebook.add_student("ada", first_name="Ada", last_name="Lovelace", lms_user_id="4711")
    archive = course / "downloaded" / "assignment2" / "archive"
    archive.mkdir(parents=True)
    lms.write_zip(archive / "all.zip", files)
    monkeypatch.chdir(course)
    app = ZipCollectApp()
    app.initialize(["assignment2"])
    app.start()
    found = submitted(course)
    time = found.pop("ada/assignment2/timestamp.txt", None)
    assert found == {"ada/assignment2/Toy.ipynb": "a", "ada/assignment2/net.npz": "w"}
    assert (time is not None) == any("2026" in name for name in files)


def test_names_of_the_workbook():
    """Are the notebooks and the weights that the workbook's students hand in known by name?"""
    notebooks = {path.name for path in WORKBOOK.source.glob("*.ipynb")}
    assert known_names(WORKBOOK) >= notebooks | {"two_layer_net.npz", "best_fully_connected_net.npz"}


def test_from_an_lms_and_back(course, collected, tmp_path):
    """Are submissions of two attempts graded one after the other, and does the page of the last one go back?"""
    config = f"\nc = get_config()\nc.ExecuteFromStore.sandbox = {not sandbox.unavailable()}\n"
    (course / "nbgrader_config.py").open("a").write(config)
    key = keys(the(course))["Toy"]
    notebook = answered(read(course / "release" / "assignment2" / "Toy.ipynb"), key)
    right = nbformat.writes(notebook)
    set_source(notebook, "double", "def double(x):\n    return 2 + x")
    wrong, totals = nbformat.writes(notebook), []
    for attempt, content in enumerate([wrong, right]):
        name = "Toy-1.ipynb" if attempt else "Toy.ipynb"
        collected(lms.canvas("lovelaceada", 4711, 90 + attempt, {name: content}))
        totals += [row.total for row in grade(the(course), GradingOptions(workers=1)).rows]
    assert totals[0] < totals[1] == 6
    give_back(the(course), tmp_path / "back.zip")
    with ZipFile(tmp_path / "back.zip") as archive:
        assert archive.namelist() == ["lovelaceada_4711_91_Toy.html"]
        assert b"<p>6 of 8 points" in archive.read("lovelaceada_4711_91_Toy.html")
