"""Find out which cell of a submission is which of the instructor's: by id if there is one, else by its content.

Colab, old versions of the format, converters and careless merges lose ids, metadata or both. What is left of a cell
is its source, what it defines, its tag and its position.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from nbformat import NotebookNode

from autograder.core.results import Repair, RepairKind
from autograder.course.cells import defined_names, is_answer, is_check, is_experiment, is_solution, name_of, tree_of
from autograder.course.key import Key
from autograder.submission.writing import joined, plain, same_code, same_text, written_into

ALIKE = 0.6  # the share of words that two versions of a cell have in common
ALIKE_IN_PLACE = 0.3  # if the cell is also between the right neighbors
CHECKING = re.compile(r"\bchecking\(\s*[\"']([^\"']+)[\"']")
WORD = re.compile(r"\w+")


@dataclass
class Matched:
    """What a submission holds.

    found: the student's version of each known cell, by name; added: the student's own cells, by the name of the known
    cell before them; spare: further copies of given cells, which the notebook no longer contains
    """

    found: dict[str, NotebookNode] = field(default_factory=dict)
    added: dict[str | None, list[NotebookNode]] = field(default_factory=dict)
    spare: list[NotebookNode] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)


def match(cells: list[NotebookNode], key: Key) -> Matched:
    """Find the student's version of each of the key's cells. cells: as `parse_notebook` returns them"""
    matcher = Matcher(cells, key)
    matcher.identify()
    matcher.find_answers()
    return matcher.result()


class Matcher:
    """Gives submitted cells the names of known ones. names: one for each cell, None for one that the student added"""

    def __init__(self, cells: list[NotebookNode], key: Key):
        self.cells = cells
        self.known = {name_of(cell): cell for cell in key.template.cells}
        self.given = key.given
        self.order = {name: number for number, name in enumerate(self.known)}
        self.names: list[str | None] = [None] * len(cells)
        self.repairs: list[Repair] = []

    # -- which cell is which

    def identify(self) -> None:
        """Name each cell that is the instructor's, from what is certain to what is likely."""
        self._by_id()
        self._by_source()
        self._by_check()
        self._by_definition()
        self._by_resemblance()

    def _by_id(self) -> None:
        """Name cells by nbgrader's id, else by the id of the cell, which is less certain: editors copy it."""
        for index, cell in enumerate(self.cells):
            if (name := cell.metadata.get("nbgrader", {}).get("grade_id")) in self.known:
                self.names[index] = name
        names = {mine.id: name for name, mine in self.known.items()}
        taken = set(self.names)
        for index, cell in self._unnamed():
            if (name := names.get(cell.get("id"))) not in taken:
                self.names[index] = name

    def _by_source(self) -> None:
        """Name cells by the exact text of a given cell; a cell with the text of one that was found is a copy of it."""
        for index, cell in self._unnamed():
            same = [name for name in self.known if self._is_distinct(name) and self._is_untouched(cell, name)]
            if same:
                self.names[index] = next((name for name in same if name not in self.names), same[0])

    def _by_check(self) -> None:
        """Name check cells by the name that they give their checks."""
        checks = {said[1]: name for name in self.known if (said := CHECKING.search(self._code_of(name)))}
        for index, cell in self._unnamed():
            said = CHECKING.search(cell.source) if cell.cell_type == "code" else None
            if said and said[1] in checks:
                self.names[index] = checks[said[1]]

    def _by_definition(self) -> None:
        """Name cells by the functions and classes that they define, those of solutions first."""
        mine = {name: defined_names(cell) - {"_"} for name, cell in self.known.items() if cell.cell_type == "code"}
        theirs = {index: defined for index, cell in self._unnamed() if (defined := defined_names(cell))}
        for name in sorted(mine, key=lambda name: not is_solution(self.known[name])):
            others = set().union(*(mine[other] for other in mine if other != name)) - mine[name]
            fitting = [
                (len(defined & mine[name]), -len(defined & others), index)
                for index, defined in theirs.items()
                if defined & mine[name] and self.names[index] is None
            ]
            if fitting and name not in self.names:
                self._recognize(max(fitting)[-1], name, "recognized by what it defines: its id was lost")

    def _by_resemblance(self) -> None:
        """Name cells by the words that they share with a given cell, and by their position."""
        missing = [name for name in self.known if name not in self.names and self._is_distinct(name)]
        words = {name: words_of(self.given[name]) for name in missing}
        likely = []
        for index, cell in self._unnamed():
            theirs = words_of(cell.source)
            before, after = self._neighbors(index)
            for name, mine in words.items():
                if cell.cell_type == self.known[name].cell_type:
                    in_place = before < self.order[name] < after
                    begins = in_place and cell.source.startswith(self.given[name].strip())
                    alike = 1.0 if begins else likeness(theirs, mine)
                    if alike >= (ALIKE_IN_PLACE if in_place else ALIKE) or self._is_tagged(index, name, in_place):
                        likely.append((in_place + alike, -index, name))
        found = set(self.names)
        for _, minus, name in sorted(likely, reverse=True):
            if self.names[-minus] is None and name not in found:
                found.add(name)
                self._recognize(-minus, name, "recognized by its text and its position: its id was lost")

    def _is_tagged(self, index: int, name: str, in_place: bool) -> bool:
        """Return whether a cell in the place of an experiment is tagged as one."""
        return in_place and is_experiment(self.known[name]) and is_experiment(self.cells[index])

    def _unnamed(self) -> list[tuple[int, NotebookNode]]:
        pairs = enumerate(self.cells)
        return [(index, cell) for index, cell in pairs if self.names[index] is None and cell.source.strip()]

    def _neighbors(self, index: int) -> tuple[int, int]:
        """Return the positions, in the key, of the known cells before and after a submitted one."""
        before = next((self.order[name] for name in reversed(self.names[:index]) if name), -1)
        after = next((self.order[name] for name in self.names[index + 1 :] if name), len(self.order))
        return before, after

    def _recognize(self, index: int, name: str, how: str) -> None:
        self.names[index] = name
        self.repairs.append(Repair(RepairKind.ID_LOST, name, how))

    def _is_distinct(self, name: str) -> bool:
        """Return whether a cell's text distinguishes it from all others: an answer's does not, since all look alike."""
        return not is_answer(self.known[name]) and bool(self.given[name].strip())

    def _is_untouched(self, cell: NotebookNode, name: str) -> bool:
        """Return whether a submitted cell says what students were given under this name."""
        same = same_code if self.known[name].cell_type == "code" else same_text
        return cell.cell_type == self.known[name].cell_type and same(cell.source, self.given[name])

    def _code_of(self, name: str) -> str:
        return self.known[name].source if is_check(self.known[name]) else ""

    # -- answers

    def find_answers(self) -> None:
        """If the place for an answer is empty, take what was written below its question instead."""
        known = list(self.known)
        for name in filter(lambda name: is_answer(self.known[name]), known):
            if self._is_answered(name):
                continue
            question = known[max(0, self.order[name] - 1)]
            lost = name not in self.names
            below = self._texts_below(question, name)
            for index in below:
                self.names[index] = name
            if any(not self._is_blank(self.cells[index], name) for index in below):
                how = (
                    "recognized by its question: its id was lost" if lost else "was in another cell below its question"
                )
                self.repairs.append(Repair(RepairKind.ID_LOST if lost else RepairKind.MOVED, name, how))
            if not self._is_answered(name) and question in self.names:
                self._take_from_question(name, question)

    def _is_answered(self, name: str) -> bool:
        return any(not self._is_blank(self.cells[index], name) for index in self._indices(name))

    def _is_blank(self, cell: NotebookNode, name: str) -> bool:
        return not cell.source.strip() or same_text(cell.source, self.given[name])

    def _indices(self, name: str) -> list[int]:
        return [index for index, found in enumerate(self.names) if found == name]

    def _texts_below(self, question: str, answer: str) -> list[int]:
        """Return the added texts between a question, or its empty answer, and the next known cell."""
        starts = [index for index, name in enumerate(self.names) if name in (question, answer)]
        found = []
        for start in starts[-1:] if answer in self.names and question not in self.names else starts[:1]:
            for index in range(start + 1, len(self.cells)):
                if self.names[index] not in (None, question, answer):
                    break
                if self.names[index] is None and is_text(self.cells[index]):
                    found.append(index)
        return found

    def _take_from_question(self, answer: str, question: str) -> None:
        """Take what was typed into the cell of the question."""
        index = self._indices(question)[-1]
        text, _ = written_into(self.cells[index].source, self.given[question])
        if text and self.cells[index].cell_type != "code":
            cell = plain(self.cells[index])
            cell.source, self.cells[index].source = text, self.given[question]
            self.cells.insert(index + 1, cell)
            self.names.insert(index + 1, answer)
            self.repairs.append(Repair(RepairKind.MOVED, answer, "the answer was in the cell of its question"))

    # -- what there is, in order

    def result(self) -> Matched:
        """Return the version of each known cell that counts, and everything else in its place."""
        matched = Matched(repairs=self.repairs)
        counted = {name: self._counting(name) for name in set(self.names) - {None} if name}
        last: str | None = None
        for index, name in enumerate(self.names):
            cell = self.cells[index]
            if name is None:
                matched.added.setdefault(last, []).append(plain(cell))
            elif index == counted[name]:
                matched.found[name], last = self._version(name, index), name
            elif is_answer(self.known[name]):
                continue  # it is a part of the version that counts
            else:
                self._repeated(matched, name, cell, last)
        order = [name for index, name in enumerate(self.names) if name and index == counted[name]]
        if order != sorted(order, key=self.order.__getitem__):
            matched.repairs.append(Repair(RepairKind.REORDERED, "", "cells were in another order"))
        return matched

    def _counting(self, name: str) -> int:
        """Return the position of the version that counts: the last one that is not as it was given."""
        indices = self._indices(name)
        if len(indices) == 1:
            return indices[0]
        changed = [index for index in indices if not self._is_untouched(self.cells[index], name)]
        filled = [index for index in changed if self.cells[index].source.strip()]
        if is_check(self.known[name]):  # the instructor's counts anyway: prefer one that was not changed
            return next((index for index in reversed(indices) if index not in changed), indices[-1])
        return (filled or indices)[-1]

    def _version(self, name: str, index: int) -> NotebookNode:
        """Return the student's version of a cell; an answer in several cells is put together."""
        cells = [self.cells[each] for each in self._indices(name)]
        if not is_answer(self.known[name]) or len(cells) == 1:
            return self.cells[index]
        filled = [cell for cell in cells if not self._is_blank(cell, name)]
        if len(filled) > 1:
            self.repairs.append(Repair(RepairKind.MOVED, name, "it was put together from several cells"))
        return joined(filled) if filled else self.cells[index]

    def _repeated(self, matched: Matched, name: str, cell: NotebookNode, last: str | None) -> None:
        """Keep a version that does not count: as an added cell if its definitions may matter, else as a spare one."""
        matched.repairs.append(
            Repair(RepairKind.CELL_REPEATED, name, "the cell was there more than once: one version counts")
        )
        if is_check(self.known[name]) or self._is_untouched(cell, name) or not cell.source.strip():
            matched.spare.append(cell)
        else:
            matched.added.setdefault(last, []).append(plain(cell, is_experiment(self.known[name])))


def is_text(cell: NotebookNode) -> bool:
    """Return whether a cell holds prose: text, or something in a code cell that is not Python."""
    source = cell.source.strip()
    if cell.cell_type == "code":
        return bool(source) and source[0] not in "%!?" and not tree_of(source).body
    return bool(source)


def words_of(text: str) -> Counter[str]:
    """Return how often each word occurs in a text."""
    return Counter(WORD.findall(text))


def likeness(one: Counter[str], other: Counter[str]) -> float:
    """Return the share of words that two texts have in common, from 0 to 1 (Dice's coefficient). The time that it takes
    depends on the second text only."""
    return 2 * (other & one).total() / max(1, one.total() + other.total())
