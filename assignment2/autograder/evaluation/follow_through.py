"""Follow mistakes through, as a person does who grades: what fails only because of an earlier step is tried with ours.

A check cell that lost points, and that builds on earlier steps which lost points themselves, is executed once more with
the key's definitions in place of those steps. A check that then passes counts. The step that the cell is about stays
the student's, and so do the steps that share a cache with it: nobody gains by failing a step on purpose.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from nbformat import NotebookNode

from autograder.core.annotations import status_of
from autograder.core.notebooks import copied
from autograder.core.results import CellResult, CheckKind, Status, Verdict
from autograder.course.cells import is_check, is_executed, loaded_names, name_of
from autograder.course.key import Key
from autograder.course.solutions import solution, without_marks
from autograder.course.steps import foundations, partners, steps, steps_under_test
from autograder.execution.job import CodeCell, Role
from autograder.submission.preparation import code_cell, put_result

Verdicts = dict[str, list[Verdict]]  # by check cell


@dataclass(frozen=True)
class SecondRun:
    """What is executed once more.

    instead: by check cell, in the order of the notebook, the steps that the key's replace
    cells: the cells to execute, none if nothing can change
    """

    instead: dict[str, set[str]]
    cells: tuple[CodeCell, ...]

    def executed(self, notebook: NotebookNode, results: list[CellResult]) -> Iterator[NotebookNode]:
        """Yield the check cells as they were executed. results: one for each of `cells`"""
        ended = [result for cell, result in zip(self.cells, results, strict=True) if cell.role is Role.CHECK]
        again = [copied(NotebookNode(cell, outputs=[])) for cell in notebook.cells if name_of(cell) in self.instead]
        for cell, result in zip(again, ended, strict=True):
            put_result(cell, result)
            yield cell


def second_run(key: Key, notebook: NotebookNode, verdicts: Verdicts) -> SecondRun:
    """Plan what to execute once more. notebook: executed, with its statuses; verdicts: on the first run"""
    failed = {step for step in steps(key) if lost(verdicts.get(f"test_{step}", []))}
    instead: dict[str, set[str]] = {}
    before: list[str] = []
    for cell in notebook.cells:
        name = name_of(cell)
        if name in steps(key):
            before.append(name)
        elif is_check(cell) and may_gain(key, notebook, cell, verdicts[name]):
            found = in_place(key, name, failed) & set(before)
            instead |= {name: found} if found & failed else {}
    return SecondRun(instead, tuple(cells_of(key, notebook, instead)))


def lost(verdicts: list[Verdict]) -> bool:
    """Return whether a check did not pass."""
    return any(not verdict.passed for verdict in verdicts)


def may_gain(key: Key, notebook: NotebookNode, cell: NotebookNode, verdicts: list[Verdict]) -> bool:
    """Return whether another run could give a check cell points: not if a step that it is about is still a stub."""
    if not lost(verdicts) or not float(cell.metadata.nbgrader["points"]):
        return False
    if any(verdict.kind is CheckKind.MODEL for verdict in verdicts):
        return False  # a network is judged from its file, whatever the notebook defines
    sources = {name_of(c): c.source.strip() for c in notebook.cells}
    return not any(sources[step] == key.stubs[step].strip() for step in steps_under_test(key, name_of(cell)))


def in_place(key: Key, check_cell: str, failed: set[str]) -> set[str]:
    """Return the steps that the key's replace for a check cell. In the key, what it is about, or its own code, builds
    on them; and they, or the partners that share a cache with them, have failed."""
    about = steps_under_test(key, check_cell)
    kept = {partner for step in about for partner in partners(key, step)}
    below = {step for each in about for step in foundations(key)[each]} | (foundations(key)[check_cell] - about)
    together = [partners(key, step) for step in below & failed]
    return {step for group in together if not group & kept for step in group}


def cells_of(key: Key, notebook: NotebookNode, instead: dict[str, set[str]]) -> list[CodeCell]:
    """Return the student's definitions and the check cells in question, with the key's definitions before these."""
    cells: list[CodeCell] = []
    before: list[NotebookNode] = []  # the student's steps
    ours: set[str] = set()
    length = 0
    for cell in notebook.cells:
        name = name_of(cell)
        if name in instead:
            cells += [*exchanged(key, before, ours, instead[name]), code_cell(cell)]
            ours, length = instead[name], len(cells)
        elif not is_check(cell):
            cells += again(cell)
            before += [cell] if name in steps(key) else []
    return cells[:length]


def exchanged(key: Key, before: list[NotebookNode], ours: set[str], wanted: set[str]) -> list[CodeCell]:
    """Return the definitions after which the steps `wanted` are the key's, where `ours` were before: those of the steps
    that change, and those of later steps that use their names and may refer to the old objects."""
    cells: list[CodeCell] = []
    names: set[str] = set()
    for cell in before:
        step = name_of(cell)
        if step in ours ^ wanted or names & loaded_names(cell):
            source = without_marks(solution(key, step).source)
            cells += [CodeCell(source, ours=True)] if step in wanted else again(cell)
            names |= steps(key)[step]
    return cells


def again(cell: NotebookNode) -> list[CodeCell]:
    """Return the cell of a student's definitions to execute once more, nothing if it was cut short the first time."""
    return [code_cell(cell)] if is_executed(cell) and status_of(cell) is Status.DONE else []


def count(verdicts: Verdicts, check_cell: str, found: list[Verdict], instead: set[str]) -> None:
    """Count what passed in the second run, in place. found: the verdicts on it; instead: see `SecondRun`"""
    costly = sorted(step for step in instead if lost(verdicts.get(f"test_{step}", []))) or sorted(instead)
    named = " and ".join(costly)
    words = f"correct with our {named}; yours lost {'its' if len(costly) == 1 else 'their'} own points"
    for number, (first, second) in enumerate(zip(verdicts[check_cell], found, strict=True)):
        if second.passed and not first.passed:
            verdicts[check_cell][number] = replace(second, message=words, told=words, with_ours=costly)
