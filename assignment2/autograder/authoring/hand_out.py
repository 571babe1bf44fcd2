"""What students get, as one folder and one zip: notebooks, their package, what it needs, how to start. No key."""

import hashlib
import json
from importlib import resources
from pathlib import Path
from string import Template

import cs231n
import nbformat
from cs231n import shipped
from nbformat import NotebookNode

from autograder.authoring.archive import zipped
from autograder.authoring.fingerprints import VALUES, json_text, shipped_folder, values_of
from autograder.authoring.pins import pins
from autograder.authoring.release import release
from autograder.authoring.self_study import self_study
from autograder.authoring.wheel import STUDENTS, wheel, wheel_of_folder
from autograder.core.errors import GraderError
from autograder.core.notebooks import read
from autograder.course.assignment import Assignment, assignments
from autograder.course.cells import grade_id, is_solution, name_of, points_of
from autograder.course.key import Key, keys, package_files, place

EXTRA = "lab"
SOLUTIONS = "- **Solutions** are folded below each step. Try first. No check is hidden here.\n"


def hand_out(assignment: Assignment, into: Path, with_solutions: bool = False) -> list[Path]:
    """Release an assignment and write the hand-out; returns the folder and the zip.

    into: the folder that they are written into. A second time writes the same bytes.
    with_solutions: the self-study edition, with folded solutions and all checks
    Raises GraderError if the folder holds something that is no part of a hand-out.
    """
    release(assignment)
    files, top = contents(assignment, with_solutions), assignment.name
    folder, archive = into / top, into / f"{top}.zip"
    require_own(folder, set(files))
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.whl"):
        old.unlink()  # of an earlier version
    for name, content in files.items():
        (folder / name).write_bytes(content)
    archive.write_bytes(zipped({f"{top}/{name}": content for name, content in files.items()}))
    return [folder, archive]


def require_own(folder: Path, names: set[str]) -> None:
    """Raise GraderError if a folder holds more than a hand-out: it would be handed out too."""
    found = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    if others := [
        name for name in found if name not in names and not name.endswith(".whl") and not name.startswith(".git")
    ]:
        raise GraderError(
            f"{folder} contains files that are not handed out: move {', '.join(others)} away, or name another --into"
        )


def contents(assignment: Assignment, with_solutions: bool) -> dict[str, bytes]:
    """Return the files of a hand-out by name: what a student needs, in the order in which it is needed."""
    found = sorted(keys(assignment).values(), key=place)
    name, package = wheel(STUDENTS, cs231n, shipped_with(assignment, found, with_solutions))
    page = readme(assignment, found, name) + (SOLUTIONS if with_solutions else "")
    files = {"README.md": page.encode(), "start.py": kit_file("start.py").encode()}
    for key in found:
        path = assignment.release / f"{key.name}.ipynb"
        files[path.name] = (
            nbformat.writes(self_study(key, read(path))).encode() if with_solutions else path.read_bytes()
        )
    wheels = {name: package, **wheels_of_course(assignment)}
    return {**files, "requirements.txt": requirements(list(wheels)).encode(), **wheels}


def empty_steps(key: Key) -> dict[str, str]:
    """Return the steps of a notebook as students get them, by name."""
    return {name_of(cell): cell.source for cell in key.template.cells if is_solution(cell) and cell.cell_type == "code"}


def shipped_with(assignment: Assignment, found: list[Key], hidden: bool) -> dict[str, bytes]:
    """Return what the students' package has for the assignments that were released, by its path in there.

    hidden: the values of hidden checks too
    """
    added: dict[str, bytes] = {}
    for each in assignments(assignment.course).values():
        folder, theirs = shipped_folder(each), f"{shipped.FOLDER.name}/{each.name}"
        files = [path for path in sorted(folder.rglob("*")) if path.is_file() and each.release.is_dir()]
        added |= {f"{theirs}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in files}
    mine = f"{shipped.FOLDER.name}/{assignment.name}"
    added[f"{mine}/{shipped.STEPS}"] = json.dumps({key.name: empty_steps(key) for key in found}).encode()
    added[f"{mine}/{VALUES}"] = json_text(values_of(assignment, hidden)).encode()
    return added


def wheels_of_course(assignment: Assignment) -> dict[str, bytes]:
    """Return the wheel of the package that the course has for this assignment, by its name; {} if it has none.

    Its version is that of what is in it: pip installs another one over an older one.
    """
    files = package_files(assignment)
    if not files:
        return {}
    version = int(hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:8], 16)
    return dict([wheel_of_folder(assignment.course / assignment.package, f"0.{version}")])


def requirements(wheels: list[str]) -> str:
    """Return what to install: the wheels beside the file, and everything that they need in the versions of here.

    wheels: the students' package, then others
    """
    own, *others = wheels
    lines = [f"{name}=={version}" for name, version in pins(STUDENTS, EXTRA).items()]
    files = [f"./{own}[{EXTRA}]", *(f"./{other}" for other in others)]
    return "\n".join(["# pip install -r requirements.txt", *files, *lines, ""])


def readme(assignment: Assignment, found: list[Key], file: str) -> str:
    """Return the page that students read first. file: the wheel's name"""
    rows = ["| | notebook | points | hours, about | needs |", "|---|---|--:|---|---|"]
    for number, key in enumerate(found, start=1):
        link, needs = f"[{title(key.notebook)}]({key.name}.ipynb)", ", ".join(key.imports) or "–"
        points = sum(points_of(cell) for cell in key.notebook.cells)
        rows.append(f"| {number} | {link} | {points:g} | {assignment.hours.get(key.name, '–')} | {needs} |")
    step = next(grade_id(c) for key in found for c in key.notebook.cells if is_solution(c) and c.cell_type == "code")
    return Template(kit_file("README.md")).substitute(
        title=assignment.title, table="\n".join(rows), wheel=file, step=step
    )


def title(notebook: NotebookNode) -> str:
    """Return the first heading of a notebook."""
    lines = (line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.split("\n"))
    return next((line.removeprefix("# ").strip() for line in lines if line.startswith("# ")), "untitled")


def kit_file(name: str) -> str:
    """Return one of the files that every hand-out has."""
    return resources.files("autograder.authoring").joinpath("kit", name).read_text(encoding="utf-8")
