"""Every command on the pages for instructors and students, run in a course that `autograder new-course` has made.

A command that a page gains has to be entered here: with what runs it, or with the reason why nothing can.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from autograder import cli
from autograder.course.solutions import set_source
from autograder.execution.kernel import sandbox
from helpers import ASSIGNMENT, REPOSITORY, lms

PAGES = [REPOSITORY / "docs" / f"{name}.md" for name in ("instructors", "lms", "grading", "services", "students")]
PROGRAMS = "jupyter|autograder|nbgrader|python|pip|make|rm|apt|dnf|source"
FENCED = re.compile(r"^```(\w*)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
INLINE = re.compile(rf"`((?:!|\.venv/bin/)?(?:{PROGRAMS}) [^`]+)`")

CONFIG = f"""
c.ExecuteFromStore.sandbox = {not sandbox.unavailable()}
c.CourseDirectory.course_id = "toys"
c.Exchange.root = "{{root}}/exchange"
c.Exchange.cache = "{{root}}/cache"
"""

AT_HOME = "in the folder of a student"
IN_COURSE = {  # what an instructor runs in the course folder, in an order in which each finds what it needs
    "autograder --help": "",
    "autograder doctor": "",
    "autograder release": "",
    "autograder hand-out": "",
    "autograder hand-out --self-study": "",
    "autograder hand-out --refuse-older": "",
    "autograder hand-out --repository https://github.com/ME/homework": "",
    "autograder jupyterlite": "",
    "autograder gradescope": "",
    "nbgrader zip_collect assignment2": "",
    "autograder collect submissions.zip --roster roster.csv": "",
    "autograder collect ZIP": "autograder collect submissions.zip",
    "nbgrader release_assignment assignment2": "",
    "nbgrader fetch_assignment assignment2": AT_HOME,
    "nbgrader submit assignment2": AT_HOME,
    "nbgrader collect": "nbgrader collect assignment2",
    "nbgrader collect assignment2": "nbgrader collect assignment2 --update",
    "autograder grade-one FILE": "autograder grade-one FILE --no-sandbox",
    "autograder grade": "",
    "autograder grade --no-sandbox": "",
    "nbgrader autograde assignment2": "",
    "nbgrader autograde": "nbgrader autograde assignment2",
    "nbgrader generate_feedback assignment2": "",
    "autograder report": "",
    "autograder give-back feedback.zip": "",
    "autograder give-back ZIP": "autograder give-back again.zip",
    "nbgrader release_feedback": "nbgrader release_feedback assignment2",
    "nbgrader release_feedback assignment2": "",
    "nbgrader fetch_feedback assignment2": AT_HOME,
    "rm submitted/*/assignment2/timestamp.txt": "rm -f submitted/nobody/assignment2/timestamp.txt",
}
IN_HAND_OUT = {  # what a student runs in the folder that was handed out
    ".venv/bin/python -m cs231n progress": "python -m cs231n progress",
    "python -m cs231n check": "",
}
OTHER = "hw3 is an example of a second assignment; tests of several assignments run the like"
INSTALLS = "it installs packages from a network; the workflow of CI runs it"
NOT_RUN = {
    "pip install 'cs231n-assignment2[pytorch]'": INSTALLS,
    "pip install 'cs231n-assignment2[tensorflow]'": INSTALLS,
    "autograder grade pytorch": "it needs PyTorch; make test-frameworks grades that assignment",
    "make setup": INSTALLS,
    ".venv/bin/autograder new-course ~/assignment2": "it has made the folder that everything here runs in",
    "autograder new-course": "the same",
    "cd ~/assignment2": "everything here runs in that folder",
    "source .venv/bin/activate": "these tests run in that environment",
    "pip install './assignment2[lab]' .": INSTALLS,
    "pip install 'cs231n-autograder[cluster]'": INSTALLS,
    "pip install 'cs231n-autograder[postgresql]'": INSTALLS,
    "pip install 'cs231n-autograder[lite]'": INSTALLS,
    "apt install bubblewrap libseccomp2": INSTALLS,
    "dnf install bubblewrap libseccomp": INSTALLS,
    "autograder grade --scheduler tcp://HOST:8786": "it needs a cluster: tests/integration/test_grading.py starts one",
    "autograder prove": "it proves a whole key for minutes; tests of its own run it on the toy course",
    "nbgrader db student import": "it needs a file of names, described by nbgrader",
    "autograder grade hw3": OTHER,
    "autograder collect hw3 submissions.zip": OTHER,
    "autograder grade-one FILE --assignment hw3": OTHER,
    "python start.py": INSTALLS,
    "python start.py --from OLD_FOLDER": "tests/unit/cs231n/test_kit.py takes work over",
    "pip install cs231n_assignment2-*.whl": INSTALLS,
    ".venv/bin/pip install nbgrader": INSTALLS,
    ".venv/bin/pip install notebook": INSTALLS,
    ".venv/bin/jupyter notebook": INSTALLS,
    "python start.py --only-set-up": INSTALLS,
    ".venv/bin/nbgrader validate FullyConnectedNets.ipynb": "it trains networks for minutes",
}


def commands_on(page):
    """Return the commands on a page, in fenced blocks and in the text."""
    text = page.read_text(encoding="utf-8")
    blocks = [content for language, content in FENCED.findall(text) if language in ("", "bash")]
    fenced = [re.split(r"\s+#", line)[0].strip() for block in blocks for line in block.splitlines()]
    return list(dict.fromkeys([*filter(None, fenced), *INLINE.findall(FENCED.sub("", text))]))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_known(page):
    """Is each command of a page run below, or is there a reason why not?"""
    found = commands_on(page)
    assert len(found) > 5
    assert [command for command in found if command not in {**IN_COURSE, **IN_HAND_OUT, **NOT_RUN}] == []


def test_no_command_is_forgotten():
    """Is everything that is run or excused below still on a page?"""
    found = [command for page in PAGES for command in commands_on(page)]
    assert [command for command in {**IN_COURSE, **IN_HAND_OUT, **NOT_RUN} if command not in found] == []


@pytest.fixture
def course(released_toy, tmp_path, monkeypatch):
    """A course folder as the first command makes it, with a student's folder `home` and an exchange beside it."""
    folder = tmp_path / ASSIGNMENT
    assert cli.main(["new-course", str(folder), "--course", str(released_toy)]) == 0
    config = (folder / "nbgrader_config.py").read_text(encoding="utf-8") + CONFIG.format(root=tmp_path)
    for path in (folder, tmp_path / "home"):
        path.mkdir(exist_ok=True)
        (path / "nbgrader_config.py").write_text(config, encoding="utf-8")
    (tmp_path / "exchange").mkdir(mode=0o777)
    (tmp_path / "exchange").chmod(0o777)
    notebook = nbformat.read(folder / "release" / ASSIGNMENT / "Toy.ipynb", as_version=4)
    set_source(notebook, "double", "def double(x):\n    return 2 * x")
    handed_in = lms.canvas("lovelaceada", 4711, 90, {"Toy.ipynb": nbformat.writes(notebook)})
    lms.write_zip(folder / "submissions.zip", handed_in)
    (folder / "roster.csv").write_text("id,lms_user_id,name\nada,4711,Ada Lovelace\n", encoding="utf-8")
    (folder / "FILE").mkdir()
    nbformat.write(notebook, folder / "FILE" / "Toy.ipynb")
    archive = folder / "downloaded" / ASSIGNMENT / "archive"
    archive.mkdir(parents=True)
    lms.write_zip(archive / "submissions.zip", handed_in)
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", programs)
    return folder


def run(command, folder):
    """Run a command in a folder; returns what it prints and what is wrong with that, which is "" where all is well: it
    has to end well, and our own have to fit a terminal of 80 columns."""
    ended = subprocess.run(
        shlex.split(command), cwd=folder, capture_output=True, text=True, env={**os.environ, "COLUMNS": "80"}
    )
    if ended.returncode:
        return ended.stdout, f"{command}: status {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    long = [line for line in ended.stdout.splitlines() if len(line) > 80 and str(folder.parent) not in line]
    return ended.stdout, f"{command}: {long}" if long and command.startswith("autograder") else ""


def test_commands_for_instructors(course):
    """Does every command that an instructor reads end well, in the course that the first one has made?"""
    problems = []
    for command, instead in IN_COURSE.items():
        at_home = instead == AT_HOME
        _, problem = run(command if at_home else instead or command, course.parent / "home" if at_home else course)
        problems += [problem] if problem else []
    assert not problems, "\n".join(problems)
    for made in ("hand_out", "self_study", "jupyterlite", "feedback", "report", "gradescope.zip", "feedback.zip"):
        assert (course / made).exists(), made
    assert list((course.parent / "home" / ASSIGNMENT / "feedback").rglob("Toy.html"))


def test_commands_for_students(course):
    """Does every command that a student reads end as it should in a new folder: what is empty fails?"""
    assert run("autograder hand-out", course)[1] == ""
    folder = course / "hand_out" / ASSIGNMENT
    assert "still empty" in run("python -m cs231n progress", folder)[0]
    check = subprocess.run([sys.executable, "-m", "cs231n", "check"], cwd=folder, capture_output=True, text=True)
    assert check.returncode == 1
    assert "2 check cells fail: double, square" in check.stderr
