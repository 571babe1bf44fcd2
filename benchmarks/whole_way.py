"""The whole way of an assignment, as people go it, in Chromium: from the zip to the feedback that comes back.

    PYTHONPATH=tests python benchmarks/whole_way.py FOLDER    (takes some minutes, installs packages)

A student unpacks the hand-out, runs start.py, solves a step in JupyterLab, looks at the progress and hands in. The
instructor collects, grades, opens formgrader and the feedback page, and gives back. Screenshots go into
FOLDER/screenshots, for somebody to look at; times of all steps are printed.
"""

import os
import shutil
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

from autograder.course.key import keys
from autograder.course.solutions import solution, without_marks
from helpers import ASSIGNMENT, REPOSITORY, browser, lms
from helpers.courses import the

NOTEBOOK, STEP = "FullyConnectedNets", "affine_forward"
AUTOGRADER = str(Path(sys.executable).with_name("autograder"))
PATIENCE_MS = 180_000


def main(folder: Path) -> None:
    course, home, pictures = folder / "course", folder / "home", folder / "screenshots"
    home.mkdir(parents=True)
    pictures.mkdir()
    run("new-course", str(course), "--course", str(REPOSITORY), cwd=folder)
    run("hand-out", ASSIGNMENT, cwd=course)
    with browser.chromium() as chromium:
        archive = student(course, home, chromium, pictures)
        lms.write_zip(
            course / "submissions.zip", lms.canvas("lovelaceada", 4711, 90, {archive.name: archive.read_bytes()})
        )
        (course / "roster.csv").write_text("id,lms_user_id,first_name,last_name\nada,4711,Ada,Lovelace\n")
        for command in (
            ["collect", ASSIGNMENT, "submissions.zip", "--roster", "roster.csv"],
            ["grade"],
            ["give-back", "back.zip", "--assignment", ASSIGNMENT],
        ):
            run(*command, cwd=course)
        instructor(course, folder, chromium, pictures)
    with zipfile.ZipFile(course / "back.zip") as back:
        print("\n".join(["given back:", *back.namelist()]))


def run(*arguments: str, cwd: Path) -> None:
    """Run autograder and show what it says, and how long it took."""
    print(f"\n$ autograder {' '.join(arguments)}", flush=True)
    with timed(arguments[0]):
        subprocess.run([AUTOGRADER, *arguments], cwd=cwd, check=True, stderr=subprocess.DEVNULL)


@contextmanager
def timed(what: str):
    begin = time.perf_counter()
    yield
    print(f"[{what}: {time.perf_counter() - begin:.1f} s]", flush=True)


def student(course: Path, home: Path, chromium, pictures: Path) -> Path:
    """Go the student's way; returns the zip that is handed in."""
    shutil.unpack_archive(course / "hand_out" / f"{ASSIGNMENT}.zip", home)
    folder = home / ASSIGNMENT
    with timed("start.py --only-set-up"):
        subprocess.run([sys.executable, "start.py", "--only-set-up"], cwd=folder, check=True)
    server = home / "server"
    server.mkdir()
    with browser.jupyter_server(folder, server, python=folder / ".venv" / "bin" / "python") as (address, token):
        page = open_page(chromium, token)
        page.goto(f"{address}lab/tree/README.md")
        page.locator(".jp-RenderedMarkdown table").first.wait_for()
        take(page, pictures / "student_1_page.png")
        page.goto(f"{address}lab/tree/{NOTEBOOK}.ipynb")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        take(page, pictures / "student_2_notebook.png")
        solve(page, course)
        take(page, pictures / "student_3_step.png")
        page.keyboard.press("Control+s")
        add_below(page, "from cs231n.kit import hand_in, hint, progress\n\nprogress()")
        page.get_by_text("These are the points that a step is worth").scroll_into_view_if_needed()
        take(page, pictures / "student_4_progress.png")
        add_below(page, f'hint("{STEP}")')
        page.get_by_text(f"{STEP}, hint 1 of").wait_for()
        add_below(page, "hand_in()")
        page.get_by_text("Hand in this file: ").wait_for()
        take(page, pictures / "student_5_hand_in.png")
    return folder / f"{ASSIGNMENT}_hand_in.zip"


def solve(page, course: Path) -> None:
    """Write the key's solution into a step and run its check cell, after the cells before it."""
    key = keys(the(course))[NOTEBOOK]
    code_cells = page.locator(".jp-Notebook .jp-CodeCell")
    code_cells.filter(has_text="import numpy as np").first.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    code_cells.filter(has_text=f"def {STEP}(").first.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(without_marks(solution(key, STEP).source))
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")  # the check cell comes next, and its code is folded
    page.locator(".jp-OutputArea").get_by_text("✓").first.wait_for()


def add_below(page, code: str) -> None:
    """Run a cell of one's own below the selected one."""
    for keys_pressed in ("Escape", "b", "Enter"):
        page.keyboard.press(keys_pressed)
    page.keyboard.insert_text(code)
    page.keyboard.press("Control+Enter")


def instructor(course: Path, folder: Path, chromium, pictures: Path) -> None:
    """Look at what the instructor looks at."""
    server = folder / "server"
    server.mkdir()
    with browser.jupyter_server(course, server) as (address, token):
        page = open_page(chromium, token)
        for number, part in enumerate(["", f"gradebook/{ASSIGNMENT}", f"gradebook/{ASSIGNMENT}/{NOTEBOOK}"], start=1):
            page.goto(f"{address}formgrader/{part}", wait_until="networkidle")
            take(page, pictures / f"instructor_{number}_formgrader.png")
        page.locator("table a").first.click()
        page.wait_for_load_state("networkidle")
        take(page, pictures / "instructor_4_submission.png")
    page = open_page(chromium, "")
    page.goto((course / "feedback" / "ada" / ASSIGNMENT / f"{NOTEBOOK}.html").as_uri())
    take(page, pictures / "student_6_feedback.png")
    run("report", ASSIGNMENT, cwd=course)
    page.goto((course / "report" / ASSIGNMENT / "report.html").as_uri())
    take(page, pictures / "instructor_5_report.png")


def open_page(chromium, token: str):
    headers = {"Authorization": f"token {token}"} if token else {}
    page = chromium.new_context(extra_http_headers=headers, viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page


def take(page, path: Path) -> None:
    """Take a screenshot of what a person would see."""
    page.wait_for_timeout(1500)  # what is drawn after loading
    page.screenshot(path=path)
    print(f"[{path.name}]", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2 or (Path(sys.argv[1]).exists() and os.listdir(sys.argv[1])):
        sys.exit(__doc__)
    main(Path(sys.argv[1]).absolute())
