"""Draw update rules as paths over a valley that is steep in one direction and flat in the other."""

import numpy as np

from cs231n.figures import svg
from cs231n.figures.figure import Figure, Frame
from cs231n.figures.svg import BLUE, GREEN, PURPLE, VERMILION, number

WIDTH, HEIGHT = 600, 300
CURVATURE = np.array([1.0, 20.0])
START, STEPS = np.array([-2.6, 1.0]), 60
REACH = np.array([3.0, 1.5])  # half of the visible range, in each direction
RATES = (0.001, 0.003, 0.01, 0.02, 0.05, 0.09, 0.11, 0.3)
LINES = ((BLUE, ""), (VERMILION, "8 4"), (GREEN, "2 3"), (PURPLE, "9 3 2 3"))


def paths_over_a_valley(rules):
    """Show how far each rule gets in 60 steps, for one learning rate at a time.

    rules: dict of name -> update rule, at most four; called as the Solver calls them
    """
    names = list(rules)
    frames: list[Frame] = []
    rows: list[list[object]] = []
    for rate in RATES:
        paths = {name: _walk(rule, rate) for name, rule in rules.items()}
        losses = {name: _loss(path[-1]) for name, path in paths.items()}
        drawn = "".join(_drawn(paths[name], *LINES[n]) for n, name in enumerate(names))
        reached = "; ".join(f"{name} {number(loss)}" for name, loss in losses.items())
        frames.append(Frame(f"{rate:g}", drawn, f"Learning rate {rate:g}, loss after {STEPS} steps: {reached}."))
        rows.append([f"{rate:g}", *map(number, losses.values())])
    alt = (
        f"A long valley seen from above, with the lowest point in the middle. From the same start, {', '.join(names)} "
        f"take {STEPS} steps each; a path that leaves the picture has jumped out of the valley."
    )
    return Figure(
        "Update rules on their way through a valley", alt, WIDTH, HEIGHT + 30, _valley() + _legend(names), frames,
        "Learning rate: click, drag, or use the arrow keys", len(RATES),
        ["learning rate", *(f"loss of {name}" for name in names)], rows, chosen=3,
    )  # fmt: skip


def _loss(w):
    return float(0.5 * np.sum(CURVATURE * w**2))


def _walk(rule, rate):
    """Return the positions of one run, which ends early if it leaves the range of numbers that can be drawn."""
    w, config, path = START.copy(), {"learning_rate": rate}, [START]
    for _ in range(STEPS):
        w, config = rule(w, CURVATURE * w, config)
        path.append(np.asarray(w, np.float64))
        if not np.abs(path[-1]).max() < 1e6:
            break
    return np.stack(path)


def _pixels(points):
    half = np.array([WIDTH, HEIGHT]) / 2
    return half + np.clip(points / REACH, -20, 20) * half * [1, -1]


def _drawn(path, color, dashes):
    """Draw a path up to the first point outside the picture, with a dot at its end."""
    outside = np.flatnonzero(~(np.abs(path) <= REACH).all(axis=1))
    seen = path[: outside[0] + 1] if outside.size else path
    points = _pixels(seen[np.isfinite(seen).all(axis=1)])
    x, y = points[-1]
    return svg.path(points, color, dashes) + f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{color}"/>'


def _valley():
    ellipses = "".join(
        f'<ellipse cx="{WIDTH / 2}" cy="{HEIGHT / 2}" rx="{rx:.0f}" ry="{ry:.0f}"/>'
        for loss in (0.05, 0.3, 1, 2.5, 5, 10, 20)
        for rx, ry in [np.sqrt(2 * loss / CURVATURE) / REACH * [WIDTH / 2, HEIGHT / 2]]
    )
    x, y = _pixels(START)
    start = f'<circle cx="{x}" cy="{y}" r="4" fill="currentColor"/>' + svg.text(x + 8, y - 6, "start")
    return f'<g fill="none" stroke="currentColor" stroke-opacity=".3">{ellipses}</g>{start}'


def _legend(names):
    parts = []
    for n, name in enumerate(names):
        x, (color, dashes) = 10 + n * 145, LINES[n]
        parts.append(svg.path(np.array([[x, HEIGHT + 15], [x + 28, HEIGHT + 15]]), color, dashes, 3))
        parts.append(svg.text(x + 34, HEIGHT + 19, name))
    return "".join(parts)
