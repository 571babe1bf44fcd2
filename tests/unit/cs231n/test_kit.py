"""What stands around the steps: progress, hints, a fresh start, handing in, a new edition."""

import hashlib
import json
import os
import re
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
from cs231n import checks, kit, shipped, verdicts
from cs231n.__main__ import main
from cs231n.checks.values import encode
from cs231n.kit import front_end, handed_out, hinting
from cs231n.kit.notebooks import EMPTY_ANSWER, EMPTY_BLOCK, Notebook

EMPTY = f'def double(x):\n    raise NotImplementedError("{EMPTY_BLOCK}")'
WRITTEN = "def double(x):\n    return 2 * x"
MODEL = 'with checking("train") as check:\n    check.model(\n        "net.npz", Net, get, {}, [1])'


def cell(name, source, kind="code", tags=(), **nbgrader):
    metadata = {"tags": list(tags)}
    if nbgrader:
        metadata["nbgrader"] = {"grade_id": name, "grade": False, "solution": False, **nbgrader}
    return {"id": name, "cell_type": kind, "metadata": metadata, "source": source}


def cells(double=EMPTY, answer=EMPTY_ANSWER, plot="plot()", check="check one"):
    """The cells of a notebook with a step, a question, a training run and a plot."""
    return [
        cell("double", double, solution=True),
        cell("test_double", check, grade=True, points=3, checksum=hashlib.md5(check.encode()).hexdigest()),
        cell("why", answer.splitlines(keepends=True), "markdown", solution=True, grade=True, points=1),
        cell("train", "save_model()", solution=True),
        cell("test_train", MODEL, grade=True, points=2),
        cell("plot", plot, tags=["experiment"]),
    ]


def write(folder, name="Nets", content=None):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps({"cells": content or cells(), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.fixture
def ships(monkeypatch, tmp_path):
    """A function that writes files of a course's own assignments, by their path."""
    folder = tmp_path / "assignments"
    monkeypatch.setenv(shipped.VARIABLE, str(folder))

    def write_files(**files):
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        forget()

    def forget():
        for cached in (shipped.each, shipped.known, shipped.notebooks, hinting.all_hints):
            cached.cache_clear()

    write_files()
    yield write_files
    forget()


@pytest.fixture
def handed(ships):
    """A package that was handed out with two notebooks."""
    ships(**{"toys/steps.json": json.dumps({"Nets": {"double": EMPTY}, "More": {}})})


# -- progress


def test_progress_of_a_new_notebook(tmp_path, handed, capsys):
    """Does the table name each step once with its points, what is empty, and what is missing, and promise nothing?"""
    write(tmp_path)
    kit.progress(tmp_path)
    said = capsys.readouterr().out
    for line in (
        r"Nets\.ipynb, saved just now",
        r"  double +3  still empty",
        r"  why +1  unanswered",
        r"  train +2  not checked yet: run its check cell",
        r"  net\.npz is missing: run the cell that saves it",
        r"More\.ipynb is not in this folder",
    ):
        assert re.search(f"(?m)^{line}$", said), line
    assert said.count("double") == 1
    assert "Hidden checks" in said


def test_progress_with_verdicts(tmp_path, capsys):
    """Is the last verdict of a check cell shown, and an empty step empty, whatever it was before?"""
    write(tmp_path, content=cells(WRITTEN, "Because."))
    (tmp_path / "net.npz").touch()
    verdicts.remember("double", 5, 2, tmp_path)
    verdicts.remember("train", 2, 0, tmp_path)
    kit.progress(tmp_path)
    said = capsys.readouterr().out
    assert "✗ 2 of 5 visible checks fail" in said
    assert "✓ all visible checks pass" in said
    assert "answered" in said
    assert "missing" not in said
    write(tmp_path)
    kit.progress(tmp_path)
    assert "still empty" in capsys.readouterr().out


def test_progress_where_there_is_nothing(tmp_path, capsys):
    """Is a folder without notebooks named?"""
    kit.progress(tmp_path)
    assert f"no notebook with steps in {tmp_path}" in capsys.readouterr().out


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"cells": 3}', '{"cells": [{"source": 1, "cell_type": "code"}]}'])
def test_damaged_notebook(damage, tmp_path, handed, capsys):
    """Is a notebook that cannot be read named, the others shown, and is it handed in all the same?"""
    write(tmp_path)
    (tmp_path / "More.ipynb").write_text(damage)
    kit.progress(tmp_path)
    assert "More.ipynb is not a notebook" in capsys.readouterr().out
    with zipfile.ZipFile(kit.hand_in(tmp_path)) as archive:
        assert "More.ipynb" in archive.namelist()


def test_old_file(tmp_path, capsys):
    """Is it said how long ago a notebook was saved, if ever?"""
    path = write(tmp_path)
    for written, said in ((time.time() - 7300, "saved 2 hours ago"), (1577880000, "as it was handed out")):
        os.utime(path, (written, written))
        kit.progress(tmp_path)
        assert said in capsys.readouterr().out


def test_verdicts_are_kept_and_never_in_the_way(tmp_path):
    """Are verdicts of several steps kept, a damaged store forgotten, and a folder that cannot be written ignored?"""
    verdicts.remember("one", 2, 1, tmp_path)
    verdicts.remember("two", 3, 0, tmp_path)
    verdicts.remember("one", 2, 0, tmp_path)
    assert verdicts.recall(tmp_path) == {"one": {"checks": 2, "failed": 0}, "two": {"checks": 3, "failed": 0}}
    assert [path.name for path in (tmp_path / ".cs231n").iterdir()] == ["verdicts.json"]
    (tmp_path / verdicts.FILE).write_text("{")
    assert verdicts.recall(tmp_path) == {}
    (tmp_path / "file").touch()
    verdicts.remember("one", 1, 0, tmp_path / "file")


# -- handing in


def test_hand_in(tmp_path, handed, capsys):
    """Does the zip hold notebooks, weights, modules and a manifest of them, flat, and is what is missing said?"""
    path = write(tmp_path, content=cells(WRITTEN))
    (tmp_path / "net.npz").write_bytes(b"weights")
    for other in ("diary.txt", "start.py", "helper.py"):
        (tmp_path / other).touch()
    before = path.read_bytes()
    archive = kit.hand_in(tmp_path)
    assert path.read_bytes() == before
    assert re.fullmatch(r"[a-z0-9_]+\.zip", archive.name)
    with zipfile.ZipFile(archive) as opened:
        assert opened.namelist() == ["Nets.ipynb", "net.npz", "helper.py", "manifest.json"]
        assert opened.read("Nets.ipynb") == before
        manifest = json.loads(opened.read("manifest.json"))
    assert manifest["files"]["net.npz"] == {"bytes": 7, "sha256": hashlib.sha256(b"weights").hexdigest()}
    assert manifest["editions"] == {"Nets": Notebook(path).edition}
    assert set(manifest["files"]) == {"Nets.ipynb", "net.npz", "helper.py"}
    said = capsys.readouterr().out
    assert "More.ipynb is not in this folder" in said
    assert "Nets: why unanswered" in said
    assert "net.npz is missing" not in said
    assert str(archive) in said


def test_nothing_is_missing(tmp_path, capsys):
    """Is a complete hand-in called one?"""
    write(tmp_path, content=cells(WRITTEN, "Because."))
    (tmp_path / "net.npz").touch()
    kit.hand_in(tmp_path)
    assert "Nothing is missing." in capsys.readouterr().out


def test_nothing_to_hand_in(tmp_path):
    """Is no zip written where there is no notebook?"""
    (tmp_path / "helper.py").touch()
    with pytest.raises(ValueError, match="nothing to hand in"):
        kit.hand_in(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["helper.py"]


def test_edition(tmp_path):
    """Is the edition of a notebook the same whatever a student writes, and another one after a check has changed?"""
    editions = [Notebook(write(tmp_path / name, content=content)).edition for name, content in [
        ("new", cells()), ("written", cells(WRITTEN, "Because.", "other()")), ("changed", cells(check="check two")),
    ]]  # fmt: skip
    assert editions[0] == editions[1] != editions[2]
    assert re.fullmatch("[0-9a-f]{8}", editions[0])


# -- hints and a fresh start


@pytest.fixture
def hints(ships, monkeypatch):
    """Hints for one step, none of them opened."""
    ships(**{"toys/hints/Nets.toml": 'double = ["the idea", "the formula", "an example"]'})
    monkeypatch.setattr(hinting, "opened", {})


def test_hints_in_levels(hints, capsys):
    """Does each call say more, up to the last hint, and can a level be asked for?"""
    said = []
    for level in (None, None, None, None, 1):
        kit.hint("double", level)
        said.append(capsys.readouterr().out)
    found = [next(text for text in ("the idea", "the formula", "an example") if text in each) for each in said]
    assert found == ["the idea", "the formula", "an example", "an example", "the idea"]
    assert "hint 1 of 3" in said[0]
    assert "last one" in said[2]


@pytest.mark.parametrize("level", [0, 4, -1])
def test_no_such_level(level, hints):
    """Is a level that there is not refused, with those that there are?"""
    with pytest.raises(ValueError, match=f"levels 1 to 3, not {level}"):
        kit.hint("double", level)


def test_no_such_step(hints, handed):
    """Is a step that is misspelled recognized?"""
    for ask in (kit.hint, kit.start_again):
        with pytest.raises(ValueError, match="did you mean double"):
            ask("duoble")


class Shell:
    """What of IPython's shell in a notebook is used."""

    kernel = object()

    def set_next_input(self, text):
        self.below = text


def test_start_again(handed, monkeypatch, capsys):
    """Does the empty step come into a new cell of a notebook, with advice, and to a terminal as it is?"""
    kit.start_again("double")
    assert capsys.readouterr().out == EMPTY + "\n"
    shell = Shell()
    monkeypatch.setattr(front_end, "shell", lambda: shell)
    monkeypatch.setattr(front_end, "kernel", lambda: shell.kernel)
    kit.start_again("double")
    assert shell.below == EMPTY
    assert "swap the texts" in capsys.readouterr().out


def test_start_again_without_a_hand_out(ships):
    """Is it said where the empty step is, when the package has none?"""
    with pytest.raises(ValueError, match="notebook that you were given"):
        kit.start_again("double")


def test_package_of_a_clone_has_nothing_handed_out():
    """Are there no empty steps in a package that no hand-out was made of?"""
    assert handed_out.steps() == []


TWO = {
    f"{name}/{file}": json.dumps(content)
    for name in ("hw1", "hw2")
    for file, content in {
        "steps.json": {"Start": {"double": f"def double(x): # {name}"}},
        "values.json": {"double": {"numbers/out": encode(np.array([len(name), int(name[-1])]))}},
        "fingerprints.json": {"cells": {"double": {"numbers/out": [[name, 1]]}}, "hints": {name: f"of {name}"}},
    }.items()
} | {f"{name}/hints/Start.toml": f'double = ["of {name}"]' for name in ("hw1", "hw2")}


@pytest.mark.parametrize("name", ["hw1", "hw2"])
def test_two_assignments_with_a_step_of_one_name(name, ships, monkeypatch, tmp_path):
    """Are values, hints and the empty step those of the assignment in whose folder one works, also where notebooks have
    the same name too?"""
    ships(**TWO)
    (tmp_path / name).mkdir()
    write(tmp_path / name, "Start")
    monkeypatch.chdir(tmp_path / name)
    assert checks.shipped.expected("double", "numbers/out").tolist() == [3, int(name[-1])]
    assert checks.shipped.mistakes("double") == ({"numbers/out": [[name, 1]]}, {name: f"of {name}"})
    assert hinting.hints_for("double") == [f"of {name}"]
    assert handed_out.stub("double") == f"def double(x): # {name}"


def test_a_step_of_another_assignment_in_the_folder(ships, monkeypatch, tmp_path):
    """Does a step that the folder's assignment lacks get the values of the one that has it?"""
    ships(**TWO, **{"hw3/steps.json": json.dumps({"More": {"triple": ""}, "Most": {}})})
    ships(**{"hw2/values.json": json.dumps({"triple": {"numbers/out": 1.0}})})
    for notebook in ("More", "Most"):
        write(tmp_path, notebook)
    monkeypatch.chdir(tmp_path)
    assert handed_out.assignment_in(tmp_path) == "hw3"
    assert handed_out.stub("double") == "def double(x): # hw1"
    assert checks.shipped.values("triple") == {}, "those of another step of the name"


# -- a new edition


def test_take_over(tmp_path, capsys):
    """Do steps, answers, added cells, weights and verdicts come into a new edition, and and nothing that it dropped?"""
    old, new = tmp_path / "old", tmp_path / "new"
    mine, removed = cell("3f2a90bc", "my_test()"), cell("old_text", "what was handed out before")
    written = cells(WRITTEN, "Because.", "old_plot()")
    write(old, content=[*written[:2], mine, removed, *written[2:]])
    (old / "net.npz").write_bytes(b"weights")
    verdicts.remember("double", 1, 0, old)
    path = write(new, content=cells(check="check two", plot="new_plot()"))
    assert main(["take-over", str(old), str(new)]) == 0
    found = {each.get("id"): each for each in Notebook(path).cells}
    assert list(found) == ["double", "test_double", "3f2a90bc", "why", "train", "test_train", "plot"]
    assert found["double"]["source"] == WRITTEN
    assert found["why"]["source"] == ["Because."]
    assert found["test_double"]["source"] == "check two"
    assert found["plot"]["source"] == "new_plot()"
    assert "plot differs and was not copied" in capsys.readouterr().out
    assert (new / "net.npz").read_bytes() == b"weights"
    assert verdicts.recall(new) == verdicts.recall(old)


def test_take_over_twice_or_after_work(tmp_path):
    """Does what was written into the new edition stay, and does a second time change nothing?"""
    old, new = tmp_path / "old", tmp_path / "new"
    write(old, content=[*cells(WRITTEN, "Because."), cell("0a1b2c3d", "my_test()")])
    path = write(new, content=cells("def double(x):\n    return x + x"))
    main(["take-over", str(old), str(new)])
    once = path.read_bytes()
    assert b"x + x" in once
    main(["take-over", str(old), str(new)])
    assert path.read_bytes() == once


@pytest.mark.parametrize("earlier", ["new", "empty", "nowhere"])
def test_take_over_from_nothing(earlier, tmp_path, capsys):
    """Is the folder itself, or one without the notebooks, refused by name?"""
    write(tmp_path / "new")
    (tmp_path / "empty").mkdir()
    assert main(["take-over", str(tmp_path / earlier), str(tmp_path / "new")]) == 1
    assert str(tmp_path / earlier) in capsys.readouterr().err


# -- the command


def test_check(tmp_path, capsys, monkeypatch):
    """Are steps and check cells run without experiments, failing ones named, and their verdicts remembered?"""
    case = '    @check.case("one")\n    def _(random):\n        check.equal("out", {}(2), 4)'
    checks = f'with checking("{{}}") as check:\n\n{case}'
    content = [
        cell("imports", "from cs231n.checks import checking"),
        cell("double", WRITTEN, solution=True),
        cell("test_double", checks.format("double", "double"), grade=True),
        cell("triple", f'def triple(x):\n    raise NotImplementedError("{EMPTY_BLOCK}")', solution=True),
        cell("test_triple", checks.format("triple", "triple"), grade=True),
        cell("plot", "raise SystemExit('not now')", tags=["experiment"]),
        cell("mine", "1 / 0"),
    ]
    write(tmp_path, content=content)
    assert main(["check", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert "1 check cells fail: triple" in said.err
    assert "fill in the TODO block of triple in Nets.ipynb" in said.out
    assert "cell 7: ZeroDivisionError" in said.out
    assert verdicts.recall(tmp_path) == {step: {"checks": 1, "failed": n} for step, n in (("double", 0), ("triple", 1))}
    write(tmp_path, content=content[:3])
    assert main(["check", str(tmp_path)]) == 0


def test_check_of_nothing(tmp_path, capsys):
    """Is a folder without notebooks no success?"""
    assert main(["check", str(tmp_path)]) == 1
    assert "no notebook" in capsys.readouterr().err


def test_command(tmp_path):
    """Does `python -m cs231n` do in a terminal what the functions do, and import neither NumPy nor IPython for it?"""
    write(tmp_path)
    code = "import sys, runpy; sys.argv = ['cs231n', 'hand-in']\n"
    code += "try: runpy.run_module('cs231n', run_name='__main__')\nexcept SystemExit as end: status = end.code\n"
    code += "print(status, {'numpy', 'IPython'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout.splitlines()[-1] == "0 set()", run.stderr
    assert (tmp_path / "hand_in.zip").exists()
