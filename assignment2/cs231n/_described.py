"""Describe a Matplotlib figure in words, and list its numbers, for people who cannot see it or want the numbers."""

from html import escape

import numpy as np

POINTS = 12  # of a line that the table lists: the first, the last, and some between


def words(figure):
    """Return what a figure shows, in one sentence for each panel, from its titles, labels and data."""
    return " ".join(filter(None, (_panel(axes) for axes in figure.axes)))


def rows(figure):
    """Return the numbers of a figure: [panel, what, x, y] for points of lines and for bars."""
    return [[_name(axes), *row] for axes in figure.axes for row in (*_line_rows(axes), *_bar_rows(axes))]


def as_html(description, numbers):
    """Return a description and the numbers as HTML that can be folded, "" if there are no numbers."""
    if not numbers:
        return ""
    head = "".join(f'<th scope="col">{name}</th>' for name in ("panel", "line", "x", "y"))
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(x))}</td>' for x in row)}</tr>" for row in numbers)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<details><summary>In words and numbers</summary><p>{escape(description)}</p>{table}</details>"


def _panel(axes):
    said = [_line(line) for line in _lines(axes)] + [f"an image of {_size(image)}" for image in axes.images]
    if bars := list(_bar_rows(axes)):
        highest = max(bars, key=lambda row: float(row[2]))
        said.append(f"{len(bars)} bars, the highest {highest[2]} at {highest[1]}")
    against = f" ({axes.get_ylabel()} against {axes.get_xlabel()})" if axes.get_xlabel() and axes.get_ylabel() else ""
    name = _name(axes)
    return f"{name}{against}: {'; '.join(said)}." if said else f"{name}." if name else ""


def _name(axes):
    return axes.get_title() or axes.get_ylabel()


def _lines(axes):
    """Return the lines that have a name. Matplotlib names the others, which only guide the eye, _something."""
    return [line for line in axes.get_lines() if not line.get_label().startswith("_") and len(line.get_xdata()) > 1]


def _line(line):
    x, y = (np.asarray(data, np.float64) for data in line.get_data())
    if np.isnan(y).all():
        return f"{line.get_label()} without a number"
    extremes = f"lowest {np.nanmin(y):.3g}, highest {np.nanmax(y):.3g}"
    ends = f"from {y[0]:.3g} at {x[0]:.3g} to {y[-1]:.3g} at {x[-1]:.3g}"
    return f"{line.get_label()} {ends}, {extremes}"


def _line_rows(axes):
    for line in _lines(axes):
        x, y = line.get_data()
        for k in np.unique(np.linspace(0, len(x) - 1, min(POINTS, len(x))).round().astype(int)):
            yield [line.get_label(), f"{float(x[k]):.3g}", f"{float(y[k]):.3g}"]


def _bar_rows(axes):
    for bars in axes.containers:
        for bar in bars:
            yield ["bar", f"{bar.get_x() + bar.get_width() / 2:.3g}", f"{bar.get_height():.3g}"]


def _size(image):
    height, width = image.get_array().shape[:2]
    return f"{width} by {height}"
