"""Draw the plots of the report, each as the text of an SVG element.

The colors are those of Okabe and Ito, which color-blind people can tell apart. Figures are made without pyplot: no
global state, no display.
"""

import io
import re
from collections import Counter
from html import escape
from textwrap import shorten
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from autograder.core.results import Status
from autograder.report.data import Cell, Course
from autograder.report.items import EASY, HARD, STATUSES, USUAL, Check, Mistake

BLUE, SKY, VERMILLION, ORANGE, PURPLE, GRAY = "#0072b2", "#56b4e9", "#d55e00", "#e69f00", "#cc79a7", "#b0b0b0"
CUT_SHORT = "cut short"
WORDS = 70  # characters of a hint that name its misconception
SHADES = {Status.PASSED: BLUE, Status.FAILED: VERMILLION, Status.ERROR: ORANGE, CUT_SHORT: PURPLE, Status.EMPTY: GRAY}
STYLE: Any = {  # typed as one of the names that Matplotlib knows
    "svg.fonttype": "none",  # text stays text: small, and found by the browser's search
    "svg.hashsalt": "report",  # the same numbers give the same file
    "font.size": 9,
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
}


def scores(course: Course) -> str:
    """Draw the distribution of the totals, and of the points in each notebook."""
    totals = [submission.total for submission in course.submissions]
    parts = {name: sum(cell.points for cell in cells) or 1.0 for name, cells in course.notebooks.items()}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 3.2), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.hist(totals, bins=edges(course), color=SKY, edgecolor="white")
        left.axvline(np.median(totals), color="black", linestyle="--")
        left.set_title(f"Totals (dashed: the median, {np.median(totals):.1f})")
        left.set(xlabel=f"points of {course.maximum:g}", ylabel="submissions", xlim=(0, None))
        left.yaxis.set_major_locator(integers())
        shares = [
            [sum(map(s.points, course.notebooks[name])) / points for s in course.submissions]
            for name, points in parts.items()
        ]
        look = {"boxprops": {"facecolor": SKY}, "medianprops": {"color": "black"}, "flierprops": {"markersize": 4}}
        right.boxplot(shares, orientation="horizontal", widths=0.6, patch_artist=True, **look)
        right.set_yticks(range(1, len(parts) + 1), [f"{name} ({points:g})" for name, points in parts.items()])
        right.invert_yaxis()
        right.set(xlabel="share of the notebook's points", title="Notebooks", xlim=(-0.03, 1.03))
        percent(right, "x")
        medians = "; ".join(f"{name} {middle}" for name, _, middle, _ in quartiles(course))
        return svg(
            figure,
            f"Left, a histogram of {len(totals)} totals: {min(totals):.1f} to {max(totals):.1f} points, "
            f"median {np.median(totals):.1f}. Right, a box for each notebook; medians: {medians}.",
        )


def edges(course: Course) -> np.ndarray:
    """Return the edges of the histogram's bins, in points."""
    return np.linspace(0, max(course.maximum, *(submission.total for submission in course.submissions)), 21)


def histogram(course: Course) -> list[tuple[str, int]]:
    """Return the numbers of the histogram: the points of each bin that is not empty, and its number of submissions."""
    counts, bins = np.histogram([submission.total for submission in course.submissions], edges(course))
    return [(f"{low:g} to {high:g}", int(n)) for low, high, n in zip(bins, bins[1:], counts, strict=False) if n]


def quartiles(course: Course) -> list[tuple[str, str, str, str]]:
    """Return the numbers of the boxes: each notebook's name, and the lower quartile, median and upper quartile of its
    points."""
    rows = []
    for name, graded in course.notebooks.items():
        points = [sum(map(s.points, graded)) for s in course.submissions]
        low, middle, high = (f"{value:.1f}" for value in np.percentile(points, [25, 50, 75]))
        rows.append((f"{name} ({sum(cell.points for cell in graded):g})", low, middle, high))
    return rows


def mistakes(found: list[Mistake], submissions: int) -> str:
    """Draw how many students have each of the given misconceptions."""
    counts = [len(mistake.students) for mistake in found]
    labels = [f"{short(mistake.cell)}: {first_words(mistake.hint)}" for mistake in found]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 0.27 * len(found) + 0.8), layout="constrained")
        axes = figure.subplots()
        bars = axes.barh(range(len(found)), counts, color=VERMILLION, height=0.7)
        axes.bar_label(bars, [f"{count} ({count / submissions:.0%})" for count in counts], padding=3, fontsize=8)
        axes.set_yticks(range(len(found)), labels)
        axes.set(xlabel="students", xlim=(0, 1.12 * max(counts)), ylim=(len(found) - 0.4, -0.6))
        axes.xaxis.set_major_locator(integers())
        told = "; ".join(f"{label} {count}" for label, count in zip(labels, counts, strict=True))
        return svg(figure, f"Bars: how many students made each mistake. {told}.")


def first_words(hint: str) -> str:
    """Return the first sentence of a hint, or as many of its words as fit."""
    return shorten(re.split(r"(?<=[.:;])\s", hint or "(no hint)")[0], WORDS, placeholder=" …")


def cells(graded: list[Cell], checks: list[Check]) -> str:
    """Draw how the checks in each cell of one notebook ended, and the share of the class that passes each check."""
    by_cell = {cell: [check for check in checks if check.cell == cell] for cell in graded}
    by_cell = {cell: found for cell, found in by_cell.items() if found}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 0.32 * len(by_cell) + 1.3), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        start = np.zeros(len(by_cell))
        for kind, color in SHADES.items():
            share = np.array([share_of(kind, found) for found in by_cell.values()])
            left.barh(range(len(by_cell)), share, left=start, color=color, height=0.7, label=kind)
            start += share
        for hidden, color, marker, label in ((False, BLUE, "o", "visible"), (True, VERMILLION, "D", "hidden")):
            places = Counter(
                (c.share, y) for y, found in enumerate(by_cell.values()) for c in found if c.hidden == hidden
            )
            x, y = np.array(list(places)).reshape(-1, 2).T
            areas = [min(8 + 6 * count, 120) for count in places.values()]
            right.scatter(
                x, y + (0.2 if hidden else -0.2), areas, color, marker=marker, alpha=0.5, linewidths=0, label=label
            )
        left.set_yticks(range(len(by_cell)), [short(cell) for cell in by_cell])
        left.set(xlim=(0, 1), ylim=(len(by_cell) - 0.5, -0.5), xlabel="share of all verdicts of the cell")
        right.set(xlim=(-0.02, 1.02), xlabel="share of submissions that pass; large mark: several checks")
        right.grid(True)
        for axes, columns in ((left, len(SHADES)), (right, 2)):
            percent(axes, "x")
            handles, labels = axes.get_legend_handles_labels()
            legend = axes.legend(
                handles, labels, ncols=columns, frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1),
                columnspacing=1, handlelength=1, borderpad=0, handletextpad=0.4,
            )  # fmt: skip
            for handle in legend.legend_handles if axes is right else []:
                handle.set_sizes([20])  # whatever the first mark's size
        passing = "; ".join(f"{short(cell)} {share_of(Status.PASSED, found):.0%}" for cell, found in by_cell.items())
        return svg(figure, f"Bars: how the checks of each cell ended, over all submissions. Passed: {passing}.")


def share_of(kind: str, checks: list[Check]) -> float:
    """Return the share of the checks' verdicts that are of one kind in SHADES."""
    statuses = [status for status in STATUSES if (status not in SHADES if kind == CUT_SHORT else status == kind)]
    return sum(c.counts[status] for c in checks for status in statuses) / sum(c.submissions for c in checks)


def discrimination(checks: list[Check]) -> str:
    """Draw the checks by the share of students that pass and by the correlation with the rest of the score."""
    defined = [(check, check.discrimination) for check in checks if check.discrimination is not None]
    fine = [(check, value) for check, value in defined if not check.flags]
    weak = [(check, value) for check, value in defined if check.interval and check.interval[1] < USUAL]
    extreme = [(check, value) for check, value in defined if check.flags and (check, value) not in weak]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 4), layout="constrained")
        axes = figure.subplots()
        axes.axvspan(0, HARD, color="#f1f1f1", linewidth=0)
        axes.axvspan(EASY, 1, color="#f1f1f1", linewidth=0)
        axes.axhline(USUAL, color="black", linewidth=0.6, linestyle=":")
        axes.axhline(0, color="black", linewidth=0.6)
        groups = (
            (fine, "o", BLUE, "nothing to note"),
            (extreme, "s", "#6b6b6b", "nearly all pass or fail"),
            (weak, "X", VERMILLION, f"correlation below {USUAL:g} (95 % interval)"),
        )
        for group, marker, color, label in groups:
            x, y = [check.share for check, _ in group], [value for _, value in group]
            axes.scatter(x, y, 22, color, marker=marker, alpha=0.5, linewidths=0, label=f"{label} ({len(group)})")
        lowest = min((value for _, value in defined), default=0.0)
        axes.set(xlim=(0, 1), ylim=(min(-0.1, lowest - 0.05), 1), xlabel="share of submissions that pass")
        axes.set_ylabel("correlation with the rest of the score")
        percent(axes, "x")
        axes.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
        told = ", ".join(f"{label}: {len(group)}" for group, _, _, label in groups)
        return svg(figure, f"Each check as a mark: the share that passes, and the correlation with the rest. {told}.")


def short(cell: Cell) -> str:
    """Return the name of the step that a check cell is about."""
    return cell.name.removeprefix("test_")


def integers() -> MaxNLocator:
    """Return a locator that puts ticks at integers only."""
    return MaxNLocator(integer=True, steps=[1, 2, 5, 10])


def percent(axes: Axes, which: str) -> None:
    """Show an axis, "x" or "y", in percent."""
    getattr(axes, f"{which}axis").set_major_formatter(PercentFormatter(1))


def svg(figure: Figure, alt: str) -> str:
    """Return a figure as an SVG element, without what only files need (declaration, date, links to vocabularies).

    alt: the alternative text, which says what it shows
    """
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    element = text.getvalue()[text.getvalue().index("<svg") :]
    return element.replace("<svg", f'<svg role="img" aria-label="{escape(alt)}"', 1)
