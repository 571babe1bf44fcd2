"""Write what students get, as a folder and a zip: notebooks, their package, what it needs, how to start. No key."""

import json
from dataclasses import dataclass
from pathlib import Path
from string import Template

import cs231n
import nbformat
from cs231n import shipped
from nbformat import NotebookNode

from autograder.authoring.archive import zipped
from autograder.authoring.fingerprints import VALUES, json_text, shipped_folder, values_of
from autograder.authoring.kit_files import kit_file
from autograder.authoring.pins import pins
from autograder.authoring.publishing import FILES, Repository, links, published_files, require_public
from autograder.authoring.release import release, renew_kept_key
from autograder.authoring.self_study import self_study
from autograder.authoring.wheel import STUDENTS, wheel, wheel_of_folder
from autograder.core.errors import GraderError
from autograder.core.frameworks import FRAMEWORKS
from autograder.core.notebooks import copied, read
from autograder.course.assignment import Assignment, assignments
from autograder.course.cells import EXPERIMENT, grade_id, is_solution, name_of, points_of
from autograder.course.editions import FILE as EDITIONS
from autograder.course.editions import Edition, changed_cells, editions, record, steps_in
from autograder.course.key import Key, keys, place

EXTRA = "lab"
DATA = """\
- **Data**: CIFAR-10 (170 MB) is downloaded once, at the first `get_CIFAR10_data()`. Without a network there are
  synthetic images, and a notice.
"""
SOLUTIONS = "- **Solutions** are folded below each step. Try first. No check is hidden here.\n"


@dataclass(frozen=True)
class Options:
    """How to hand out. self_study: with folded solutions and all checks; repository: where the folder is published;
    edition: the name of a new edition, by default its number; refuse_older: grade no older edition any more"""

    self_study: bool = False
    repository: Repository | None = None
    edition: str | None = None
    refuse_older: bool = False


def hand_out(assignment: Assignment, into: Path, options: Options | None = None) -> list[Path]:
    """Release an assignment and write the hand-out; returns the folder and the zip.

    into: the folder that they are written into; a second call writes the same bytes
    Raises GraderError if the folder contains something that does not belong to a hand-out.
    """
    options = options or Options()
    if options.repository:
        require_public(options.repository, assignment.course)
    release(assignment)
    handed = {key.name: key.handed_out for key in keys(assignment).values()}
    record(assignment.proof / EDITIONS, handed, options.edition, options.refuse_older)
    renew_kept_key(assignment)
    files, top = contents(assignment, options), assignment.name
    folder, archive = into / top, into / f"{top}.zip"
    require_own(folder, {name.partition("/")[0] for name in (*files, *FILES)})
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.whl"):
        old.unlink()  # of an earlier version
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    archive.write_bytes(zipped({f"{top}/{name}": content for name, content in files.items()}))
    return [folder, archive]


def require_own(folder: Path, names: set[str]) -> None:
    """Raise GraderError if a folder contains more than a hand-out, which would be handed out too. names: its files"""
    found = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    if others := [
        name for name in found if name not in names and not name.endswith(".whl") and not name.startswith(".git")
    ]:
        raise GraderError(
            f"{folder} contains files that are not handed out: move {', '.join(others)} away, or name another --into"
        )


def contents(assignment: Assignment, options: Options) -> dict[str, bytes]:
    """Return the files of a hand-out by name, in the order in which a student needs them."""
    found = sorted(keys(assignment).values(), key=place)
    name, package = wheel(STUDENTS, cs231n, shipped_with(assignment, options.self_study))
    page = readme(assignment, found, name)
    page += (SOLUTIONS if options.self_study else "") + opened_in(options.repository)
    files = {"README.md": page.encode(), "start.py": kit_file("start.py").encode()}
    for key in found:
        notebook = read(assignment.release / f"{key.name}.ipynb")
        notebook = with_colab_cell(self_study(key, notebook) if options.self_study else notebook, assignment.name)
        files[f"{key.name}.ipynb"] = f"{nbformat.writes(notebook)}\n".encode()
    wheels = {name: package, **wheels_of_course(assignment)}
    files |= {"requirements.txt": requirements(assignment, list(wheels)).encode(), **wheels}
    return files | (published_files(assignment.name) if options.repository else {})


def with_colab_cell(notebook: NotebookNode, assignment: str) -> NotebookNode:
    """Return a notebook with a new first cell, which sets up Google Colab and is not run in grading."""
    source = Template(kit_file("colab_cell.py")).substitute(assignment=assignment).strip()
    cell = nbformat.v4.new_code_cell(
        source, id="colab_cell", metadata={"tags": [EXPERIMENT], "jupyter": {"source_hidden": True}}
    )
    made = copied(notebook)
    made.cells.insert(0, cell)
    return made


def empty_steps(assignment: Assignment) -> dict[str, dict[str, str]]:
    """Return the sources of the steps as students get them, by notebook in working order and by name."""
    return {
        key.name: {
            name_of(cell): cell.source for cell in key.template.cells if is_solution(cell) and cell.cell_type == "code"
        }
        for key in sorted(keys(assignment).values(), key=place)
    }


def shipped_with(assignment: Assignment, hidden: bool) -> dict[str, bytes]:
    """Return the files that are added to the students' package for the released assignments, by their paths in it.

    hidden: include the values of hidden checks
    """
    added: dict[str, bytes] = {}
    for each in assignments(assignment.course).values():
        if not each.release.is_dir():
            continue
        folder, theirs = shipped_folder(each), f"{shipped.FOLDER.name}/{each.name}"
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        added |= {f"{theirs}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in files}
        added[f"{theirs}/{shipped.STEPS}"] = json.dumps(empty_steps(each)).encode()
    mine = f"{shipped.FOLDER.name}/{assignment.name}"
    added[f"{mine}/{shipped.EDITION}"] = json.dumps({"name": known_editions(assignment)[-1].name}).encode()
    added[f"{mine}/{VALUES}"] = json_text(values_of(assignment, hidden)).encode()
    return added


def wheels_of_course(assignment: Assignment) -> dict[str, bytes]:
    """Return the wheel of the course's own package for this assignment, by its file name; {} if there is none."""
    return dict([wheel_of_folder(assignment.course / assignment.package)]) if assignment.package else {}


def requirements(assignment: Assignment, wheels: list[str]) -> str:
    """Return what to install: the wheels next to the file, and what they need, in the versions installed here.

    wheels: that of the students' package, then others
    """
    own, *others = wheels
    extras = [EXTRA, *(FRAMEWORKS[name] for name in assignment.frameworks)]
    lines = [f"{name}=={version}" for name, version in pins(STUDENTS, *extras).items()]
    files = [f"./{own}[{','.join(extras)}]", *(f"./{other}" for other in others)]
    return "\n".join(["# pip install -r requirements.txt", *files, *lines, ""])


def readme(assignment: Assignment, found: list[Key], file: str) -> str:
    """Return the page that students read first. file: the wheel's name"""
    rows = ["| | notebook | points | hours, about | needs |", "|---|---|--:|---|---|"]
    for number, key in enumerate(found, start=1):
        link, needs = f"[{title(key.notebook)}]({key.name}.ipynb)", ", ".join(key.imports) or "–"
        points = sum(points_of(cell) for cell in key.notebook.cells)
        rows.append(f"| {number} | {link} | {points:g} | {assignment.hours.get(key.name, '–')} | {needs} |")
    step = next(grade_id(c) for key in found for c in key.notebook.cells if is_solution(c) and c.cell_type == "code")
    images = any("cs231n.data_utils" in cell.source for key in found for cell in key.notebook.cells)
    known = known_editions(assignment)
    edition = {"edition": known[-1].name, "changes": changes(known, found)}
    return Template(kit_file("README.md")).substitute(
        title=assignment.title, table="\n".join(rows), wheel=file, step=step, data=DATA if images else "", **edition
    )


def known_editions(assignment: Assignment) -> list[Edition]:
    """Return the editions of an assignment, newest last."""
    return editions(assignment.proof / EDITIONS)


def changes(known: list[Edition], found: list[Key]) -> str:
    """Return a sentence about what has changed since the previous edition, "" if this is the first."""
    if len(known) == 1:
        return ""
    before = known[-2]
    steps = {key.name: steps_in(changed_cells(before.notebooks.get(key.name, {}), key.handed_out)) for key in found}
    told = "; ".join(f"{name}: {', '.join(changed)}" for name, changed in steps.items() if changed)
    return f" What has changed since edition {before.name}: {told}." if told else ""


def title(notebook: NotebookNode) -> str:
    """Return the first heading of a notebook."""
    lines = (line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.split("\n"))
    return next((line.removeprefix("# ").strip() for line in lines if line.startswith("# ")), "untitled")


def opened_in(repository: Repository | None) -> str:
    """Return a line of the page with links that open the published hand-out in online services."""
    if not repository:
        return ""
    named = ", ".join(f"[{service}]({address})" for service, address in links(repository).items())
    return f"- **Without installing anything**: {named}. Binder keeps nothing: download what `kit.hand_in()` writes.\n"
