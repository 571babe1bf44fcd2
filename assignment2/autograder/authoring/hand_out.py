"""What students get, as one folder and one zip: notebooks, their package, what it needs, how to start. No key."""

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from string import Template

import cs231n
import nbformat
from cs231n.kit import handed_out
from nbformat import NotebookNode

from autograder.authoring import fingerprints
from autograder.authoring.archive import zipped
from autograder.authoring.fingerprints import json_text, values_of
from autograder.authoring.kit_files import kit_file
from autograder.authoring.pins import pins
from autograder.authoring.publishing import FILES, Repository, links, published_files, require_public
from autograder.authoring.release import release
from autograder.authoring.self_study import self_study
from autograder.authoring.wheel import STUDENTS, wheel
from autograder.core.errors import GraderError
from autograder.core.notebooks import copied, read
from autograder.course.assignment import ASSIGNMENT
from autograder.course.cells import EXPERIMENT, grade_id, is_solution, name_of, points_of
from autograder.course.editions import FILE as EDITIONS
from autograder.course.editions import Edition, changed_cells, editions, record, steps_in
from autograder.course.key import Key, keys

EXTRA = "lab"
SOLUTIONS = "- **Solutions** stand folded below each step, for after an attempt of your own. No check is hidden here.\n"
HOURS = "hours.toml"  # in source/: hours by notebook, in the order in which students work on them
HANDED_OUT = f"kit/{handed_out.FILE}"  # these two in the package of the students, made from this very key
VALUES = f"checks/{fingerprints.VALUES}"


@dataclass(frozen=True)
class Options:
    """How to hand out. self_study: with folded solutions and all checks; repository: where the folder is published;
    edition: the name of a new edition, by default its number; refuse_older: grade no older edition any more"""

    self_study: bool = False
    repository: Repository | None = None
    edition: str | None = None
    refuse_older: bool = False


def hand_out(course: Path, into: Path, options: Options | None = None) -> list[Path]:
    """Release the course and write the hand-out; returns the folder and the zip.

    into: the folder that they are written into. A second time writes the same bytes.
    Raises GraderError where the folder holds something that is no part of a hand-out.
    """
    options = options or Options()
    if options.repository:
        require_public(options.repository, course)
    release(course)
    handed = {key.name: key.handed_out for key in keys(course / "source" / ASSIGNMENT).values()}
    record(course / "source" / EDITIONS, handed, options.edition, options.refuse_older)
    files = contents(course, options)
    folder, archive = into / ASSIGNMENT, into / f"{ASSIGNMENT}.zip"
    require_own(folder, {name.partition("/")[0] for name in (*files, *FILES)})
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.whl"):
        old.unlink()  # of an earlier version
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    archive.write_bytes(zipped({f"{ASSIGNMENT}/{name}": content for name, content in files.items()}))
    return [folder, archive]


def require_own(folder: Path, names: set[str]) -> None:
    """Raise GraderError where a folder holds more than a hand-out: it would be handed out too."""
    found = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    if others := [
        name for name in found if name not in names and not name.endswith(".whl") and not name.startswith(".git")
    ]:
        raise GraderError(
            f"{folder} holds what is not handed out: move {', '.join(others)} away, or name another --into"
        )


def contents(course: Path, options: Options) -> dict[str, bytes]:
    """Return the files of a hand-out by name: what a student needs, in the order in which it is needed."""
    hours = hours_in(course)
    known = editions(course / "source" / EDITIONS)
    found = in_working_order(keys(course / "source" / ASSIGNMENT), list(hours))
    handed = {"edition": known[-1].name, "steps": {key.name: empty_steps(key) for key in found}}
    values = values_of(course, hidden=options.self_study)
    added = {HANDED_OUT: json.dumps(handed).encode(), VALUES: json_text(values).encode()}
    name, package = wheel(STUDENTS, cs231n, added)
    page = readme(found, hours, name, known) + (SOLUTIONS if options.self_study else "") + opened_in(options.repository)
    files = {"README.md": page.encode(), "start.py": kit_file("start.py").encode()}
    for key in found:
        notebook = read(course / "release" / ASSIGNMENT / f"{key.name}.ipynb")
        notebook = with_colab_cell(self_study(key, notebook) if options.self_study else notebook)
        files[f"{key.name}.ipynb"] = f"{nbformat.writes(notebook)}\n".encode()
    files |= {"requirements.txt": requirements(name).encode(), name: package}
    return files | (published_files(ASSIGNMENT) if options.repository else {})


def with_colab_cell(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook with a first cell that sets up Google Colab, and that grading does not run."""
    source = Template(kit_file("colab_cell.py")).substitute(assignment=ASSIGNMENT).strip()
    cell = nbformat.v4.new_code_cell(source, id="colab_cell", metadata={"tags": [EXPERIMENT]})
    made = copied(notebook)
    made.cells.insert(0, cell)
    return made


def empty_steps(key: Key) -> dict[str, str]:
    """Return the steps of a notebook as students get them, by name."""
    return {name_of(cell): cell.source for cell in key.template.cells if is_solution(cell) and cell.cell_type == "code"}


def hours_in(course: Path) -> dict[str, str]:
    """Return about how long each notebook takes, in working order; raises GraderError for what is no TOML."""
    path = course / "source" / HOURS
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except tomllib.TOMLDecodeError as error:
        raise GraderError(f"{path} is no TOML: {error}") from error


def in_working_order(found: dict[str, Key], order: list[str]) -> list[Key]:
    """Return the notebooks in an order; those that it does not name come last, what one imports before it."""
    places = {name: place for place, name in enumerate(order)}
    return sorted(found.values(), key=lambda key: (places.get(key.name, len(order)), len(key.imports), key.name))


def requirements(file: str) -> str:
    """Return what to install: the wheel beside the file, and everything that it needs in the versions of here."""
    lines = [f"{name}=={version}" for name, version in pins(STUDENTS, EXTRA).items()]
    return "\n".join(["# pip install -r requirements.txt", f"./{file}[{EXTRA}]", *lines, ""])


def readme(found: list[Key], hours: dict[str, str], file: str, known: list[Edition]) -> str:
    """Return the page that students read first. file: the wheel's name; known: the editions, this one last"""
    rows = ["| | notebook | points | hours, about | needs |", "|---|---|--:|---|---|"]
    for number, key in enumerate(found, start=1):
        link, needs = f"[{title(key.notebook)}]({key.name}.ipynb)", ", ".join(key.imports) or "–"
        points = sum(points_of(cell) for cell in key.notebook.cells)
        rows.append(f"| {number} | {link} | {points:g} | {hours.get(key.name, '–')} | {needs} |")
    step = next(grade_id(c) for key in found for c in key.notebook.cells if is_solution(c) and c.cell_type == "code")
    return Template(kit_file("README.md")).substitute(
        table="\n".join(rows), wheel=file, step=step, edition=known[-1].name, changes=changes(known, found)
    )


def changes(known: list[Edition], found: list[Key]) -> str:
    """Say what has changed since the edition before this one, "" where this is the first."""
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
    """Return a line of the page with links that open the published hand-out elsewhere."""
    if not repository:
        return ""
    named = ", ".join(f"[{service}]({address})" for service, address in links(repository).items())
    return f"- **Without installing anything**: {named}. Binder keeps nothing: download what `kit.hand_in()` writes.\n"
