"""Compare what proves a key with the key's cells: each part has to be about something that exists."""

from collections import Counter
from collections.abc import Iterator

from autograder.authoring.mutants import equivalents, mutants_of
from autograder.authoring.reference_values import read_cells
from autograder.course.assignment import Assignment
from autograder.course.catalogue import catalogue
from autograder.course.cells import is_check, is_experiment, is_solution, name_of
from autograder.course.key import Key
from autograder.course.steps import steps

FOLDERS = ("misconceptions", "variants", "equivalents", "reference")


def strays(assignment: Assignment, found: dict[str, Key]) -> Iterator[tuple[str, str]]:
    """Yield (where, problem) for what belongs to no notebook, to no step, or to several."""
    for folder in FOLDERS:
        for path in sorted((assignment.proof / folder).glob("*")):
            if path.stem not in {*found, "fingerprints", "__pycache__"}:
                yield path.stem, f"there is no such notebook, but {folder}/{path.name}: delete or rename it"
    mistakes = [mistake for key in found.values() for mistake in catalogue(key.assignment, key.name)]
    for what in ("name", "hint"):
        for text, times in Counter(getattr(mistake, what) for mistake in mistakes).items():
            if times > 1:
                yield "misconceptions", f"{times} of them have the same {what}: {text}"
    for name, times in Counter(name_of(c) for key in found.values() for c in key.notebook.cells).items():
        if times > 1 and name.startswith("test_"):
            yield name, f"{times} check cells have this name: steps of one assignment need different ones"
    for key in found.values():
        yield from ((key.name, problem) for problem in strays_of(key))


def strays_of(key: Key) -> Iterator[str]:
    """Yield what does not belong in one notebook or its proof."""
    names = Counter(name_of(cell) for cell in key.notebook.cells)
    yield from (f"{name}: {times} cells have this id" for name, times in names.items() if times > 1)
    checks = {name_of(cell) for cell in key.notebook.cells if is_check(cell)}
    for name in sorted(name for name in checks if not name.startswith("test_")):
        yield f"{name}: the name of a check cell has to be test_ and the name of its step"
    for cell in key.notebook.cells:
        if is_solution(cell) and cell.cell_type == "code" and not is_experiment(cell):
            if f"test_{name_of(cell)}" not in checks:
                yield f"{name_of(cell)}: a solution without a check cell test_{name_of(cell)}"
            if "### BEGIN SOLUTION" not in cell.source:
                yield f"{name_of(cell)}: a solution cell without ### BEGIN SOLUTION: students would get none of it"
    for mistake in catalogue(key.assignment, key.name):
        if mistake.cell not in steps(key):
            yield f"misconception {mistake.name} is about {mistake.cell}, which is not a step of this notebook"
    for path in sorted((key.assignment.proof / "variants" / key.name).glob("*.py")):
        if gone := [cell for cell in read_cells(path) if cell not in steps(key)]:
            yield f"the variant {path.name} is about {', '.join(gone)}, which is not a step of this notebook"
    sources = {name_of(cell): cell.source for cell in key.notebook.cells}
    known = equivalents(key)
    made = [mutant for cell in {each[0] for each in known} for mutant in mutants_of(cell, sources.get(cell, ""))]
    alive = {(mutant.cell, mutant.line, mutant.change) for mutant in made}
    for cell, _, change in sorted(known - alive):
        yield f"the equivalent {change} of {cell} is no longer a mutant: delete it"
