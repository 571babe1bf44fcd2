"""Item analysis: what the verdicts of a class say about its checks, its mistakes and its submissions."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np

from autograder.core.results import FAULTS, CheckKind, Status, Verdict
from autograder.report.data import Cell, Course, Reason, Remark, StudentResult

STATUSES = (Status.PASSED, Status.FAILED, Status.ERROR, Status.EMPTY, *FAULTS, Status.NOT_REACHED)
WRONG = (Status.FAILED, Status.ERROR)

SMALL_CLASS = 10  # with fewer submissions no check is flagged: one student more or less changes the numbers too much
SEVERAL = 5  # students on each side: if fewer pass or fail, that says nothing about a check
EASY, HARD, USUAL = 0.95, 0.05, 0.3  # USUAL: a check that works has at least this correlation
CERTAINTY = 1.96  # standard errors on each side of a 95 % confidence interval
NEARLY_ALL_PASS, NEARLY_ALL_FAIL = "nearly all pass", "nearly all fail"
TELLS_NOTHING, UPSIDE_DOWN = (
    "hardly distinguishes strong students from weak ones",
    "strong students fail and weak students pass",
)


@dataclass
class Check:
    """One check over the class.

    points: its share of the cell's points; counts: the number of submissions with each of STATUSES
    discrimination: see `discrimination`; None if it is not defined
    interval: the 95 % confidence interval of the discrimination, None if there are too few students to tell
    flags: what is questionable about it, as texts; none in a class smaller than SMALL_CLASS
    """

    cell: Cell
    name: str
    hidden: bool
    points: float
    counts: Counter[Status] = field(default_factory=Counter)
    discrimination: float | None = None
    interval: tuple[float, float] | None = None
    flags: list[str] = field(default_factory=list)

    @property
    def submissions(self) -> int:
        """The number of submissions with a verdict on it."""
        return self.counts.total()

    @property
    def share(self) -> float:
        """The share of submissions that pass, which test theory calls the item's difficulty index."""
        return self.counts[Status.PASSED] / self.submissions


@dataclass
class Mistake:
    """A misconception of the catalog, and the students in whose verdicts it was recognized."""

    cell: Cell
    name: str
    hint: str
    students: list[str] = field(default_factory=list)


@dataclass
class Alike:
    """Students whose solution cells in a notebook are the same code. lines: the number of lines of that code"""

    notebook: str
    lines: int
    students: list[str]


def checks_of(course: Course) -> list[Check]:
    """Return every check of the assignment with its numbers, cell by cell. Notebooks not gradable do not count."""
    found = []
    raw = {submission.student: submission.raw for submission in course.submissions}
    for cell in course.cells:
        results: dict[str, list[tuple[StudentResult, Verdict]]] = defaultdict(list)
        for submission in course.submissions:
            for verdict in submission.verdicts(cell):
                results[verdict.check].append((submission, verdict))
        weight = sum(pairs[0][1].weight for pairs in results.values()) or 1.0
        for name, pairs in results.items():
            first = pairs[0][1]
            check = Check(cell, name, first.hidden, cell.points * first.weight / weight)
            check.counts.update(verdict.status for _, verdict in pairs)
            passed = [verdict.passed for _, verdict in pairs]
            check.discrimination = discrimination(passed, [raw[s.student] - s.points(cell) for s, _ in pairs])
            check.interval = interval(check.discrimination, sum(passed), len(passed))
            check.flags = flags_of(check)
            found.append(check)
    return found


def discrimination(passed: list[bool], rest: list[float]) -> float | None:
    """Return the corrected item-total correlation of a check, from -1 to 1; None if everyone did the same.

    passed: whether each student passes the check; rest: the points of the same students in all other cells
    It is the point-biserial correlation of an item with the rest of the test: Henrysson, "Correction of item-total
    correlations in item analysis", Psychometrika 28 (1963); Nunnally & Bernstein, "Psychometric Theory" (1994), ch. 8.
    The whole cell is taken out of the score, not the check alone, because the checks of a cell run the same code.
    """
    if len(set(passed)) < 2 or np.ptp(rest) < 1e-9:
        return None
    return float(np.corrcoef(passed, rest)[0, 1])


def interval(correlation: float | None, passed: int, submissions: int) -> tuple[float, float] | None:
    """Return the 95 % confidence interval of a correlation by Fisher's transformation, None if too few pass or fail.

    R. A. Fisher, "On the 'probable error' of a coefficient of correlation
    deduced from a small sample", Metron 1 (1921).
    """
    if correlation is None or min(passed, submissions - passed) < SEVERAL:
        return None
    middle, error = np.arctanh(np.clip(correlation, -0.999, 0.999)), CERTAINTY / np.sqrt(submissions - 3)
    return float(np.tanh(middle - error)), float(np.tanh(middle + error))


def flags_of(check: Check) -> list[str]:
    """Return what is questionable about a check, [] if the class is too small to tell."""
    if check.submissions < SMALL_CLASS:
        return []
    found = []
    if check.share > EASY:
        found.append(NEARLY_ALL_PASS)
    if check.share < HARD:
        found.append(NEARLY_ALL_FAIL)
    if check.interval is not None and check.interval[1] < USUAL:
        found.append(UPSIDE_DOWN if check.interval[1] < 0 else TELLS_NOTHING)
    return found


def mistakes_of(course: Course) -> list[Mistake]:
    """Return the misconceptions that occur, the most frequent first; each student counts once."""
    found: dict[tuple[Cell, str], Mistake] = {}
    for submission in course.submissions:
        for cell in course.cells:
            named = {v.mistake: v for v in submission.verdicts(cell) if v.mistake}
            for name, verdict in named.items():
                mistake = found.setdefault((cell, name), Mistake(cell, verdict.mistake, verdict.hint))
                mistake.students.append(submission.student)
    return sorted(found.values(), key=lambda mistake: -len(mistake.students))


def unexplained(course: Course, cell: Cell) -> list[str]:
    """Return the students with wrong values or exceptions in a cell that no mistake of the catalog explains."""
    found = []
    for submission in course.submissions:
        verdicts = submission.verdicts(cell)
        if any(v.status in WRONG for v in verdicts) and not any(v.hint for v in verdicts):
            found.append(submission.student)
    return found


def for_a_human(course: Course) -> list[tuple[str, list[Remark]]]:
    """Return the students whose submissions a person should look at, with the remarks, the most serious first."""
    found = {
        student: [Remark(Reason.NOT_GRADABLE, "", "handed in, not graded: see logs/")] for student in course.not_graded
    }
    for submission in course.submissions:
        texts: dict[tuple[Reason, str], list[str]] = defaultdict(list)
        for remark in submission.remarks + suspicions(course, submission):
            texts[remark.reason, remark.notebook].append(remark.text)
        if texts:
            joined = [Remark(reason, notebook, "; ".join(lines)) for (reason, notebook), lines in texts.items()]
            found[submission.student] = sorted(joined, key=lambda remark: list(Reason).index(remark.reason))
    return sorted(found.items(), key=lambda item: (list(Reason).index(item[1][0].reason), item[0]))


def suspicions(course: Course, submission: StudentResult) -> list[Remark]:
    """Return remarks on cells that pass all visible checks and no hidden one, as hard-coded answers do."""
    text = "{}: correct in every visible check, wrong in all {} hidden comparisons; are answers hard-coded?"
    found = []
    for cell in course.cells:
        verdicts = submission.verdicts(cell)
        seen = [v for v in verdicts if not v.hidden]
        hidden = [v for v in verdicts if v.hidden and v.kind is CheckKind.EQUAL]
        explained = any(v.hint for v in verdicts)
        wrong = all(v.status in WRONG for v in hidden)
        if seen and len(hidden) > 1 and all(v.passed for v in seen) and wrong and not explained:
            found.append(Remark(Reason.SUSPICIOUS, cell.notebook, text.format(cell.name, len(hidden))))
    return found


def same_code(course: Course) -> list[Alike]:
    """Return the groups of students with the same code in a notebook, the longest code first."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for submission in course.submissions:
        for name, notebook in submission.notebooks.items():
            if notebook.code:
                groups[name, notebook.code].append(submission.student)
    alike = [Alike(name, len(code.splitlines()), who) for (name, code), who in groups.items() if len(who) > 1]
    return sorted(alike, key=lambda group: -group.lines)
