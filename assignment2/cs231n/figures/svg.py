"""Pieces of SVG: text, grids of numbers, frames, arrows, lines. Each function returns markup; (x, y) is upper left.

What is drawn straight onto the page takes the page's own text color, so it can be read in a dark theme too. Cells of
grids have a color of their own, with text that stands out from it.
"""

import base64
from html import escape

import numpy as np

# Okabe and Ito's colors can be told apart with any kind of color vision.
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
DARK, LIGHT = "#111111", "#ffffff"
CELL = 34  # width and height of a cell of a grid
ROUNDING = 1e-12  # of a grid's largest number: what is less is shown as 0


def text(x, y, words, size=12, anchor="start", color="currentColor", bold=False):
    """Draw one line of text. anchor: "start", "middle" or "end", the part of the text that is at x"""
    weight = ' font-weight="bold"' if bold else ""
    place = f'x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}"'
    return f'<text {place} fill="{color}"{weight}>{escape(str(words))}</text>'


def number(value):
    """Return a number in at most five characters, if that is possible."""
    if not np.isfinite(value):
        return str(value)
    rounded = float(f"{value:.2g}") if abs(value) < 10 else float(f"{value:.3g}")
    return f"{rounded + 0.0:g}".replace("-", "\N{MINUS SIGN}")  # no minus before a zero


def shade(share):
    """Return the color of a number between -1 (blue) and 1 (vermilion); 0 is white."""
    end = BLUE if share < 0 else VERMILION
    part = min(1.0, abs(share)) if np.isfinite(share) else 1.0
    channels = (round(255 + part * (int(end[i : i + 2], 16) - 255)) for i in (1, 3, 5))
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def grid(array, x, y, scale=None, cell=CELL, title=""):
    """Draw a matrix as a grid of colored cells with their numbers.

    scale: the absolute value that gets the full color, by default the largest; title: a line above
    """
    array = np.atleast_2d(np.asarray(array, np.float64))
    finite = np.abs(array[np.isfinite(array)])
    scale = scale or float(finite.max(initial=0.0)) or 1.0
    parts = [text(x, y - 6, title)] if title else []
    for (row, column), value in np.ndenumerate(array):
        left, top, share = x + column * cell, y + row * cell, value / scale
        parts.append(f'<path fill="{shade(share)}" stroke="#767676" d="M{left:g} {top:g}h{cell}v{cell}h-{cell}z"/>')
        color = LIGHT if abs(share) > 0.75 or not np.isfinite(share) else DARK
        words = number(value if abs(share) > ROUNDING else 0.0)
        size = cell / max(3, 0.64 * len(words))
        parts.append(text(left + cell / 2, top + cell / 2 + 4, words, size, "middle", color))
    return "".join(parts)


def frame(x, y, width, height, color="currentColor", dashed=False):
    """Draw an empty rectangle."""
    dashes = ' stroke-dasharray="5 3"' if dashed else ""
    place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
    return f'<rect {place} fill="none" stroke="{color}" stroke-width="3"{dashes}/>'


def squares(places, size, color):
    """Draw filled squares with one path. places: (x, y) of each"""
    path = "".join(f"M{x:g} {y:g}h{size:g}v{size:g}h-{size:g}z" for x, y in places)
    return f'<path fill="{color}" d="{path}"/>'


def arrow(x0, y0, x1, y1, color="currentColor"):
    """Draw an arrow from one point to another."""
    along = np.array([x1 - x0, y1 - y0], np.float64)
    along /= np.hypot(*along)
    (ax, ay), (bx, by) = (np.array([x1, y1]) - 9 * along + side * np.array([-along[1], along[0]]) for side in (4, -4))
    line = f'<path fill="none" stroke="{color}" stroke-width="1.5" d="M{x0:g} {y0:g}L{x1:g} {y1:g}"/>'
    return f'{line}<path fill="{color}" d="M{x1:g} {y1:g}L{ax:.1f} {ay:.1f}L{bx:.1f} {by:.1f}z"/>'


def path(points, color, dashes="", width=2):
    """Draw a line through points, an array of shape (N, 2)."""
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path fill="none" stroke="{color}" stroke-width="{width}"{dashed} d="M{line}"/>'


def drawing(width, height, content, alt, static=False):
    """Return an SVG element. alt: what it shows, in words; static: as a file of its own, on a white ground"""
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    if not static:
        style = "max-width:100%;height:auto;font-family:sans-serif"
        return f'<svg {size} role="img" aria-label="{escape(alt)}" style="{style}">{content}</svg>'
    ground = f'<rect width="100%" height="100%" fill="{LIGHT}"/>'
    head = f'xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="sans-serif" color="{DARK}"'
    return f"<svg {head}><title>{escape(alt)}</title>{ground}{content}</svg>"


def image(width, height, content, alt):
    """Return an SVG element as an HTML image: a notebook that is not trusted shows only the texts of an SVG element."""
    data = base64.b64encode(drawing(width, height, content, alt, static=True).encode()).decode()
    return f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}" style="max-width:100%">'
