"""What every notebook has: figures with a text and their numbers, folded check cells, lines that fit, experiments that
say what they are."""

from pathlib import Path

import nbformat
import pytest

REPOSITORY = Path(__file__).parents[2]
NAMES = {path.stem: path.parent.name for path in sorted(REPOSITORY.glob("source/*/*.ipynb"))}  # and their assignments
HTML = "text/html"


def cells(folder, name):
    return nbformat.read(REPOSITORY / folder / f"{name}.ipynb", as_version=4).cells


@pytest.mark.parametrize("name", NAMES)
def test_each_figure_has_a_text_and_its_numbers(name):
    """Has every picture in notebooks/ an alternative text of its own, and its numbers below where it plots some?"""
    texts = []
    for cell in cells("notebooks", name):
        outputs = cell.get("outputs", [])
        for output, after in zip(outputs, [*outputs[1:], None], strict=False):
            data = output.get("data", {})
            if "image/svg+xml" in data:  # a figure to poke
                assert "<title>" in data["image/svg+xml"]
                assert "<table>" in data[HTML]
            if "image/png" in data:
                text = output.metadata["image/png"]["alt"]
                assert len(text.split()) > 5, cell.id
                assert " from " not in text or "<table>" in after.data[HTML], cell.id
                texts.append(text)
    assert texts
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("name", NAMES)
def test_check_cells_are_folded(name):
    """Does a notebook show the result of a check cell, and its code to those who ask?"""
    for folder in (f"source/{NAMES[name]}", f"release/{NAMES[name]}", "notebooks"):
        for cell in cells(folder, name):
            about = cell.metadata.get("nbgrader", {})
            is_check = cell.cell_type == "code" and about.get("grade", False) and not about.get("solution")
            assert cell.metadata.get("jupyter", {}).get("source_hidden", False) == is_check, cell.id


@pytest.mark.parametrize("name", NAMES)
def test_code_fits(name):
    """Is no line of code longer than 120 characters?"""
    long = [(cell.id, line) for cell in cells(f"source/{NAMES[name]}", name) if cell.cell_type == "code"
            for line in cell.source.split("\n") if len(line) > 120]  # fmt: skip
    assert long == []


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_shown_with_a_text(name):
    """Does no cell of the key show a figure without saying what it is?"""
    code = [cell for cell in cells(f"source/{NAMES[name]}", name) if cell.cell_type == "code"]
    assert [cell.id for cell in code if "plt.show()" in cell.source] == []
    drawn = [cell.id for cell in code if "plot_training(" in cell.source and "\ndef " not in cell.source]
    assert [cell.id for cell in code if cell.id in drawn and "show(" not in cell.source] == []


@pytest.mark.parametrize("name", NAMES)
def test_experiments_say_what_they_are(name):
    """Does the text above each cell that is not graded call it an experiment, since tags cannot be seen?"""
    above, silent = "", set()
    for cell in cells("notebooks", name):
        if cell.cell_type == "markdown":
            above = cell.source
        elif "experiment" in cell.metadata.get("tags", []) and "experiment" not in (above + cell.source).lower():
            silent.add(cell.id)
    assert silent <= {"data", "load_data", "progress"}  # they load images, and show what is done
