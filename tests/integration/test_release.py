"""What is generated from source/ is what its source generates, and gives nothing away."""

import json
import shutil
import sqlite3
import tomllib

import nbformat
import pytest
from autograder.authoring.fingerprints import record_fingerprints
from autograder.authoring.notebooks import KernelManager
from autograder.authoring.release import REGISTRY, registered, release, students_in
from autograder.course.cells import grade_id, is_check, is_solution, points_of
from autograder.course.key import keys
from cs231n import shipped
from helpers import ASSIGNMENT, REPOSITORY
from helpers.courses import WORKBOOK, the
from helpers.key_lines import MARKS, release_of, secret_lines
from nbclient import NotebookClient

NAMES = list(keys(WORKBOOK))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """The release made again from the repository's sources, beside nothing else."""
    course = tmp_path_factory.mktemp("course")
    shutil.copy(REPOSITORY / "nbgrader_config.py", course)
    for folder in ("source", "proof"):
        shutil.copytree(REPOSITORY / folder / ASSIGNMENT, course / folder / ASSIGNMENT)
    release(the(course))
    return course


def test_committed_release_is_what_source_generates(fresh):
    """Are the committed release and registry those that `make release` writes?"""
    ours, theirs = (folder / "release" / ASSIGNMENT for folder in (fresh, REPOSITORY))
    assert sorted(p.name for p in ours.iterdir()) == sorted(p.name for p in theirs.iterdir() if p.suffix != ".npz")
    for path in ours.iterdir():
        assert (theirs / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8"), "make release"
    assert registered(fresh / REGISTRY) == registered(REPOSITORY / REGISTRY), "make release"


def test_release_twice_changes_nothing(fresh):
    """Does a second release leave every byte as it was, although nbgrader draws random ids?"""
    paths = [p for p in fresh.rglob("*") if p.is_file() and ".git" not in p.parts]
    before = {path: path.read_bytes() for path in paths}
    release(the(fresh))
    assert {path: path.read_bytes() for path in paths} == before


def test_release_after_an_edit(toy_course):
    """Does a changed check reach the registry?"""
    path = toy_course / "source" / ASSIGNMENT / "Toy.ipynb"
    before = registered(toy_course / REGISTRY)
    path.write_text(path.read_text().replace("random.randn(3)", "random.randn(4)"))
    release(the(toy_course))
    assert registered(toy_course / REGISTRY) != before


def test_committed_gradebook_holds_no_student():
    """Are there only assignment, notebooks and cells in the registry, with their points, and no grades?"""
    assert students_in(REPOSITORY / REGISTRY) == 0
    with sqlite3.connect(REPOSITORY / REGISTRY) as connection:
        points = dict(
            connection.execute(
                "SELECT n.name, sum(g.max_score) FROM grade_cells g JOIN base_cell b ON g.id = b.id "
                "JOIN notebook n ON b.notebook_id = n.id GROUP BY n.name"
            )
        )
    assert points == {key.name: sum(map(points_of, key.notebook.cells)) for key in keys(WORKBOOK).values()}


def test_a_student_in_the_gradebook_is_noticed(toy_course):
    """Would the check above notice a single student?"""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{toy_course / REGISTRY}") as gradebook:
        gradebook.add_student("somebody")
    assert students_in(toy_course / REGISTRY) == 1


def test_nothing_secret_is_in_what_students_receive():
    """Is no line of a solution, hidden check, model answer or marking scheme in release/ or in the package?"""
    secret = secret_lines()
    assert len(secret) > 100
    received = [p for p in (REPOSITORY / "release").rglob("*") if p.is_file()]
    received += [
        p for p in (REPOSITORY / "assignment2" / "cs231n").rglob("*") if p.suffix in (".py", ".json", ".toml", ".npz")
    ]
    for path in received:
        if path.suffix == ".ipynb":
            lines = {
                line.strip() for cell in nbformat.read(path, as_version=4).cells for line in cell.source.split("\n")
            }
            text = "\n".join(lines)
        else:
            text = path.read_text(encoding="utf-8", errors="replace")
            lines = {line.strip() for line in text.split("\n")}
        given = lines & secret
        assert given == set(), f"{path.name} gives away {sorted(given)[:3]}"
        if path.suffix == ".ipynb":
            assert [mark for mark in MARKS if mark in text] == []


@pytest.mark.parametrize("name", NAMES)
def test_stubs_read_like_stubs(name, course_keys):
    """Does each TODO block say what to compute and then raise NotImplementedError; are answers asked for?"""
    for cell in release_of(name).cells:
        if not is_solution(cell):
            continue
        if cell.cell_type == "markdown":
            assert cell.source == "YOUR ANSWER HERE"
            continue
        assert "# TODO" in cell.source, f"{grade_id(cell)} has no TODO"
        assert "raise NotImplementedError" in cell.source
        compile(cell.source, grade_id(cell), "exec")


def test_run_all_goes_through_to_the_end(toy_course):
    """Does an error in one cell of a release, a failing check or an experiment, keep no other cell from running?"""
    notebook = nbformat.read(toy_course / "release" / ASSIGNMENT / "Toy.ipynb", as_version=4)
    NotebookClient(notebook, kernel_manager_class=KernelManager).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    failed = [cell.id for cell in code for output in cell.outputs if output.output_type == "error"]
    assert failed == ["test_double", "test_square", "plot"]


@pytest.mark.parametrize("name", NAMES)
def test_every_step_has_hints(name):
    """Has each step in code hints of three levels, in the file of its notebook, and no other name any?"""
    path = REPOSITORY / "assignment2" / "cs231n" / "assignments" / ASSIGNMENT / "hints" / f"{name}.toml"
    written = tomllib.loads(path.read_text(encoding="utf-8"))
    notebook = release_of(name)
    checked = {grade_id(cell).removeprefix("test_") for cell in notebook.cells if is_check(cell) and points_of(cell)}
    blocks = {grade_id(cell) for cell in notebook.cells if is_solution(cell) and cell.cell_type == "code"}
    assert set(written) == checked | blocks
    assert {len(levels) for levels in written.values()} == {3}
    assert all(level.strip() for levels in written.values() for level in levels)


@pytest.mark.parametrize("name", NAMES)
def test_source_and_release_store_no_outputs(name, course_keys):
    """Are outputs, execution counts and stray metadata out of the notebooks that are edited and handed out?"""
    for notebook in (course_keys[name].notebook, release_of(name)):
        for cell in notebook.cells:
            assert not cell.get("outputs")
            assert cell.get("execution_count") is None
            assert set(cell.metadata) <= {"nbgrader", "tags", "deletable", "editable", "jupyter"}


@pytest.mark.parametrize("name", NAMES)
def test_executed_notebook_is_that_of_the_source(name, course_keys):
    """Has notebooks/ the cells of source/, executed from top to bottom without an error?"""
    executed = nbformat.read(REPOSITORY / "notebooks" / f"{name}.ipynb", as_version=4)
    source = course_keys[name].notebook
    assert [(c.id, c.source) for c in executed.cells] == [(c.id, c.source) for c in source.cells], "make notebooks"
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert [cell.id for cell in code for out in cell.outputs if out.output_type == "error"] == []
    texts = [out.get("text") or out.get("data", {}).get("text/plain", "") for cell in code for out in cell.outputs]
    assert "✗" not in "".join(texts)


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_joined(name, course_keys):
    """Does every check cell belong to a solution cell of the same id, and every id occur once?"""
    ids = [grade_id(cell) for cell in course_keys[name].notebook.cells if grade_id(cell)]
    assert len(ids) == len(set(ids))
    tests = [each.removeprefix("test_") for each in ids if each.startswith("test_")]
    given = {"losses", "fully_connected_net_ln"}  # code that comes with the package; another side of an earlier step
    assert [each for each in tests if each not in ids and each not in given] == []


def test_fingerprints_are_written_into_the_course_that_is_named(toy_course):
    """Does `autograder fingerprints --course X` write beside X's key and into its package, never the installed one?"""
    installed = shipped.FOLDER / ASSIGNMENT / "fingerprints.json"
    before = installed.read_bytes()
    record_fingerprints(the(toy_course), [])
    everything = json.loads((toy_course / "proof" / ASSIGNMENT / "misconceptions" / "fingerprints.json").read_text())
    assert set(everything) == {"double", "square"}
    own = toy_course / "proof" / ".shipped" / ASSIGNMENT / "fingerprints.json"
    seen = json.loads(own.read_text())["cells"]["double"]
    assert seen
    assert "matrix/out" not in seen
    (toy_course / "assignment2" / "cs231n").mkdir(parents=True)
    record_fingerprints(the(toy_course), [])
    package = toy_course / "assignment2" / "cs231n" / "assignments" / ASSIGNMENT / "fingerprints.json"
    assert package.read_bytes() == own.read_bytes()
    assert installed.read_bytes() == before
