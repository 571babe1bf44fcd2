"""`autograder notebooks` executes what has changed, and keeps the rest."""

import nbformat
import pytest
from autograder import cli
from autograder.core.notebooks import read
from nbformat.v4 import new_code_cell

COUNT = 'from pathlib import Path\nwith Path("runs.txt").open("a") as file:\n    file.write("x")\nprint(standardize)'


@pytest.fixture
def course(tmp_path):
    """An assignment with an experiment that counts its runs, and a notebook that imports from it."""
    assert cli.main(["new", "hw3", "--course", str(tmp_path)]) == 0
    assert cli.main(["add", "later", "--to", "Second", "--course", str(tmp_path)]) == 0
    change(tmp_path, "Start", lambda cells: cells.insert(-1, experiment()))
    change(tmp_path, "Second", imports_from_start)
    return tmp_path


def experiment():
    return new_code_cell(COUNT, id="count", metadata={"tags": ["experiment"]})


def imports_from_start(cells):
    cells[1].source += "\nimport cs231n.notebook_import\nfrom Start import standardize"
    cells.append(experiment())


def change(course, notebook, how):
    path = course / "source" / "hw3" / f"{notebook}.ipynb"
    found = read(path)
    how(found.cells)
    nbformat.write(found, path)


def edit(course, notebook, cell_id, old, new):
    def how(cells):
        cell = next(cell for cell in cells if cell.id == cell_id)
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    change(course, notebook, how)


def executed(course, capsys, *options):
    """Execute; returns how much of each notebook was executed, and how often experiments have run by now."""
    assert cli.main(["notebooks", "--course", str(course), *options]) == 0
    extents = dict(line.split(" ... ")[0].split(": ") for line in capsys.readouterr().out.splitlines())
    return extents, len((course / "notebooks" / "runs.txt").read_text())


def outputs(course, notebook="Start"):
    cells = [cell for cell in read(course / "notebooks" / f"{notebook}.ipynb").cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    return {cell.id: cell.outputs for cell in cells}


NETWORK = """\
with checking("network") as check:
    @check.case("trained")
    def _(random):
        check.equal("count", trained, 1)
        if trained != 1:
            check.model("network.npz", "standardize")
"""


def judges_a_network(cells):
    """Add an experiment that trains, and a check that names its file of weights and reads its data."""
    check = next(cell for cell in cells if cell.get("metadata", {}).get("nbgrader", {}).get("grade"))
    about = {**check.metadata["nbgrader"], "grade_id": "network"}
    cells.append(new_code_cell("trained = 1", id="train", metadata={"tags": ["experiment"]}))
    cells.append(new_code_cell(NETWORK, id="network", metadata={"nbgrader": about}))


def test_a_check_of_a_network_keeps_its_outputs(course, capsys):
    """Is a check that needs the data of an experiment left out where another check has changed?"""
    change(course, "Start", judges_a_network)
    capsys.readouterr()
    assert executed(course, capsys, "Start") == ({"Start": "everything"}, 1)
    before = outputs(course)["network"]
    assert "trained" in str(before)
    edit(course, "Start", "test_standardize", "a large eps", "a great eps")
    assert executed(course, capsys, "Start") == ({"Start": "only checks"}, 1)
    assert outputs(course)["network"] == before


def test_only_what_changed_is_executed(course, capsys):
    """Do texts cost nothing, checks no experiment, and solutions whatever depends on them?"""
    capsys.readouterr()
    assert executed(course, capsys) == ({"Start": "everything", "Second": "everything"}, 2)
    before = outputs(course)

    edit(course, "Start", "title", "Say in two", "Tell in two")
    assert executed(course, capsys) == ({"Start": "kept", "Second": "kept"}, 2)
    assert outputs(course) == before
    assert "Tell in two" in read(course / "notebooks" / "Start.ipynb").cells[0].source

    edit(course, "Start", "test_standardize", "a large eps", "a great eps")
    assert executed(course, capsys) == ({"Start": "only checks", "Second": "kept"}, 2)
    after = outputs(course)
    assert "a great eps" in str(after["test_standardize"])
    assert after["count"] == before["count"]

    edit(course, "Start", "standardize", "Z = centered", "Z = 1.0 * centered")
    assert executed(course, capsys, "Start") == ({"Start": "everything"}, 3)
    assert executed(course, capsys) == ({"Start": "kept", "Second": "everything"}, 4)
    assert executed(course, capsys, "Second", "--all") == ({"Second": "everything"}, 5)
