"""A proof says what is wrong with a key, where, and what to do; and does again only what has changed."""

import json
import re
import shutil

import nbformat
import pytest
from autograder import cli
from autograder.core.notebooks import read

NAME, NOTEBOOK = "hw3", "Clusters"


@pytest.fixture(scope="module")
def proved(tmp_path_factory):
    """A new assignment, proved; all tests share it: copy it."""
    course = tmp_path_factory.mktemp("proved") / "course"
    assert cli.main(["new", NAME, "--notebook", NOTEBOOK, "--course", str(course)]) == 0
    assert cli.main(["prove", "--course", str(course)]) == 0
    return course


@pytest.fixture
def course(proved, tmp_path):
    return shutil.copytree(proved, tmp_path / "course")


def prove(course, capsys, *options):
    """Return the exit status and all that is said, with line breaks as spaces."""
    status = cli.main(["prove", "--course", str(course), *options])
    said = capsys.readouterr()
    refusal = said.err.partition("autograder: ")[2]
    return status, " ".join((said.out + refusal).split())


def source_of(course):
    return course / "source" / NAME / f"{NOTEBOOK}.ipynb"


def edit(course, cell_id, old, new):
    """Replace a text that occurs in one cell of the key."""
    notebook = read(source_of(course))
    cell = next(cell for cell in notebook.cells if cell.id == cell_id)
    assert old in cell.source
    cell.source = cell.source.replace(old, new)
    nbformat.write(notebook, source_of(course))


def edit_proof(course, file, old, new):
    path = course / "proof" / NAME / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


CASE = '    @check.case("a large eps")'
EDITS = {
    "a solution that raises": (
        ("standardize", "centered / (", "center / ("),
        ["test_standardize", "does not pass its own check cell", "center"],
    ),
    "an expectation that the key does not meet": (
        ("test_standardize", CASE, f'    @check.case("zeros")\n    def _(random):\n        X = random.randn(2, 2)\n'
         f'        check.equal("Z", standardize(X), X)\n\n{CASE}'),
        ["a student with the key's solution would read", "zeros"],
    ),
    "a case that knows its values in advance": (
        ("test_standardize", "standardize(random.randn(5, 2), eps=0.5)", "standardize(np.eye(2))"),
        ["case a large eps: no check in it depends on the case's random inputs"],
    ),
    "a solution that is given away": (
        ("standardize", "    # TODO", "    return (X - X.mean(axis=0)) / (X.std(axis=0) + eps)\n    # TODO"),
        ["the untouched notebook earns 3 points"],
    ),
    "a case that is missing": (
        ("standardize", "Z = centered", "Z = np.maximum(centered, -1e9)"),
        ["no check notices the change 1000000000.0 -> 1000000001.0"],
    ),
    "points of a cell that are not those of the texts": (
        ("title", "| 15 | 3 |", "| 15 | 2 |"),
        ["the table gives `standardize` 2 points, the cells 3"],
    ),
    "points of a question": (
        ("question_1_text", "(1 point)", "(2 points)"),
        ["question_1_text says 2 points, its cells give 1"],
    ),
    "a notebook that is not there": (
        ("title", "Say in two", "As in `Scaling.ipynb`. Say in two"),
        ["title names Scaling.ipynb, which the course does not have"],
    ),
    "a mark without its end": (
        ("question_1_text", "### END MARK SCHEME", ""),
        ["Clusters, question_1_text", "Each ### BEGIN needs its ### END"],
    ),
    "a mark with a typing error": (
        ("test_standardize", "BEGIN HIDDEN TESTS", "BEGIN HIDDEN CASES"),
        ["test_standardize would be handed out with ### BEGIN HIDDEN CASES"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "told"), EDITS.values(), ids=EDITS)
def test_what_is_wrong_in_the_notebook_is_told(change, told, course, capsys):
    """Is each kind of mistake of an author found, and told with its cell?"""
    edit(course, *change)
    status, said = prove(course, capsys)
    assert status == 1
    for words in told:
        assert words in said


MISCONCEPTION = "misconceptions/Clusters.toml"
PROOFS = {
    "a misconception that is right": (
        (MISCONCEPTION, "centered.var(axis=0)", "centered.std(0)"), "standardize_divides_by_variance is not caught",
    ),
    "a misconception of a text that is gone": (
        (MISCONCEPTION, 'old = "centered', 'old = "center_'), "its text occurs 0 times in standardize",
    ),
    "a misconception about another step": (
        (MISCONCEPTION, 'cell = "standardize"', 'cell = "normalize"'), "is about normalize, which is not a step",
    ),
    "a variant that is wrong": (
        ("variants/Clusters/loops.py", "sum(x) / len(x)", "sum(x)"), "the variant loops.py is correct, but fails",
    ),
    "a variant of a step that is gone": (
        ("variants/Clusters/loops.py", "# %% standardize", "# %% normalize"), "is about normalize, which is not a step",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "told"), PROOFS.values(), ids=PROOFS)
def test_what_is_wrong_beside_it_is_told(change, told, course, capsys):
    """Is what proves a key found to be wrong, too?"""
    edit_proof(course, *change)
    status, said = prove(course, capsys)
    assert status == 1
    assert told in said


def test_two_misconceptions_that_look_the_same(course, capsys):
    """Is it said which other misconception explains the same values?"""
    path = course / "proof" / NAME / MISCONCEPTION
    entry = path.read_text().split("\n\n", 1)[1]
    other = entry.replace("_by_variance", "_by_its_square").replace("centered.var(axis=0)", "centered.std(axis=0) ** 2")
    path.write_text(path.read_text() + "\n" + other.replace("You divide", "You really divide"))
    status, said = prove(course, capsys)
    assert status == 1
    assert "standardize_divides_by_variance is caught, but not named by its hint" in said


def test_a_step_that_is_left_out(course, capsys):
    """Are the texts and files found that still name a step whose cells are deleted?"""
    for command in (["add", "leaky_relu", "--to", NOTEBOOK], ["release"]):
        assert cli.main([*command, "--course", str(course)]) == 0
    notebook = read(source_of(course))
    notebook.cells = [cell for cell in notebook.cells if cell.id not in ("standardize", "test_standardize")]
    nbformat.write(notebook, source_of(course))
    status, said = prove(course, capsys)
    assert status == 1
    for words in (
        "title names `standardize`, which is gone",
        "the table gives `standardize` 3 points, the cells 0",
        "standardize_text says 3 points",
        "misconception standardize_divides_by_variance is about standardize, which is not a step",
        "the variant loops.py is about standardize, which is not a step",
    ):
        assert words in said


def test_solutions_in_the_package_of_the_course(course, capsys):
    """Is a file found that students get and that gives two lines of a solution away?"""
    (course / "course.toml").write_text(f'[{NAME}]\npackage = "scales"\n')
    (course / "scales").mkdir()
    lines = ["centered = X - X.mean(axis=0)", "Z = centered / (centered.std(axis=0) + eps)"]
    (course / "scales" / "__init__.py").write_text(lines[0] + "\n")
    assert prove(course, capsys)[0] == 0
    (course / "scales" / "__init__.py").write_text("\n".join(lines))
    status, said = prove(course, capsys)
    assert status == 1
    assert "scales/__init__.py: it gives away a line of the key" in said


def test_strays(course, capsys):
    """Are files of a notebook that is not there found, and equivalents that are no mutants?"""
    proof = course / "proof" / NAME
    (proof / "misconceptions" / "Gone.toml").write_text("")
    (proof / "equivalents").mkdir()
    entry = '[[equivalent]]\ncell = "standardize"\nline = "x"\nchange = "a -> b"\nreason = "none"\n'
    (proof / "equivalents" / f"{NOTEBOOK}.toml").write_text(entry)
    status, said = prove(course, capsys)
    assert status == 1
    assert "there is no such notebook, but misconceptions/Gone.toml" in said
    assert "the equivalent a -> b of standardize is no longer a mutant" in said


def test_only_what_changed_is_proved_again(course, capsys):
    """Is a step without a change skipped, and said to be, and tried again after one; with --all in any case?"""
    assert cli.main(["add", "leaky_relu", "--to", NOTEBOOK, "--course", str(course)]) == 0
    capsys.readouterr()
    _, said = prove(course, capsys)
    assert re.search(r"1 step tried, 1 \(·\) unchanged", said)
    assert "lacks leaky_relu" in said
    edit(course, "test_leaky_relu", "randn(3, 4)", "randn(5, 4)")
    _, said = prove(course, capsys)
    assert re.search(r"points mistakes empty .*· standardize 3 1/1 0", said)
    assert "✓ leaky_relu" in said
    assert "2 steps tried" in prove(course, capsys, "--all")[1]


def test_what_a_problem_was_found_in_is_not_skipped(course, capsys):
    """Does a step that failed fail again, without a change?"""
    edit_proof(course, MISCONCEPTION, "centered.var(axis=0)", "centered.std(0)")
    assert prove(course, capsys) == prove(course, capsys)
    assert prove(course, capsys)[0] == 1


def test_fingerprints_change_with_their_step_only(course, capsys):
    """Do recorded numbers stay where only rounding differs, and go with their mistake?"""
    path = course / "proof" / NAME / "misconceptions" / "fingerprints.json"
    recorded = json.loads(path.read_text())
    entry = recorded["standardize"]["4 rows, 3 columns/Z"][0]
    entry[2] *= 1 + 1e-6
    path.write_text(json.dumps(recorded))
    prove(course, capsys)
    assert json.loads(path.read_text()) == recorded
    entry[2] *= 2
    path.write_text(json.dumps(recorded))
    prove(course, capsys)
    assert json.loads(path.read_text()) != recorded
    (course / "proof" / NAME / MISCONCEPTION).unlink()
    prove(course, capsys)
    assert json.loads(path.read_text()) == {}


@pytest.mark.parametrize("arguments", [
    ["new", NAME], ["new", "a/b"], ["new", "hw4", "--notebook", "two words"],
    ["add", "standardize", "--to", NOTEBOOK], ["add", "Two", "--to", NOTEBOOK], ["add", "two", "--to", "two words"],
    ["add", "two", "--to", NOTEBOOK, "--after", "nothing"],
])  # fmt: skip
def test_names_that_cannot_be(arguments, course, capsys):
    """Is a name that is taken, or is none, refused in one line, and nothing written?"""
    before = {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}
    assert cli.main([*arguments, "--course", str(course)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert {path: path.read_bytes() for path in course.rglob("*") if path.is_file()} == before


def test_added_exercises_prove_themselves(course, capsys):
    """Do an exercise and a question, in a notebook of their own and in one between others, stand where they should?"""
    for arguments in (
        ["add", "rescale", "--to", "Other", "--points", "2"],
        ["add", "question_1", "--to", "Other", "--question"],
        ["add", "first", "--to", "Other", "--after", "imports"],
    ):
        assert cli.main([*arguments, "--course", str(course)]) == 0
    cells = [cell.id for cell in read(source_of(course).with_name("Other.ipynb")).cells]
    work = ["first_text", "first", "test_first", "rescale_text", "rescale", "test_rescale"]
    assert cells == ["title", "imports", *work, "question_1_text", "question_1", "hand_in_text", "progress"]
    status, said = prove(course, capsys)
    assert status == 0, said
    for place in ("title", "rescale_text", "rescale", "question_1_text", "question_1"):
        assert f"Other: {place} still says: " in said


def test_words_that_an_author_has_written(course, capsys):
    """Is a place that still has the words of `new` told, without a problem, and none that was written?"""
    status, said = prove(course, capsys)
    assert status == 0
    assert f"before students get it: {NOTEBOOK}: title still says: Say in two sentences" in said
    edit(course, "title", "Say in two sentences what this notebook is about", "This notebook is about scales")
    assert "still" not in prove(course, capsys)[1]


REFERENCE = """\
# %% standardize
def standardize(X, eps=1e-8):
    return np.stack([(x - np.mean(x)) / (np.sqrt(np.mean((x - np.mean(x)) ** 2)) + eps) for x in X.T], axis=1)
"""


@pytest.mark.parametrize(("change", "agrees"), [(("", ""), True), (("- np.mean(x)", "- np.median(x)"), False)])
def test_the_key_agrees_with_another_implementation(change, agrees, course, capsys):
    """Are the values of a reference recorded, and does a key that differs from them prove nothing?"""
    reference = course / "proof" / NAME / "reference"
    reference.mkdir()
    (reference / f"{NOTEBOOK}.py").write_text(REFERENCE.replace(*change))
    assert cli.main(["reference", NAME, "--course", str(course)]) == 0
    status, said = prove(course, capsys)
    assert (status == 0) is agrees
    assert ("differs from the independent reference" in said) is not agrees


def test_a_step_that_is_not_implemented_has_no_record(course, capsys):
    """Is the key never compared with itself, and are notebooks without a reference left alone?"""
    assert cli.main(["reference", NAME, "--course", str(course)]) == 0
    reference = course / "proof" / NAME / "reference"
    assert not reference.exists()
    reference.mkdir()
    (reference / f"{NOTEBOOK}.py").write_text("# Nothing yet.\n")
    assert cli.main(["reference", NAME, "--course", str(course)]) == 0
    assert json.loads((reference / f"{NOTEBOOK}.json").read_text()) == {}
