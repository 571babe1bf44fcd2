"""`hint("affine_backward")`: the idea of a step first, then shapes and formula, then an example. Never the solution.

The hints are in `assignments/<assignment>/hints/<notebook>.toml`, a list of Markdown texts for each step. Each text
says more than the one before.
"""

import tomllib
from functools import cache

from cs231n.kit.fresh_start import did_you_mean
from cs231n.kit.front_end import show
from cs231n.shipped import folders, of_step

opened: dict[str, int] = {}  # the level that this session has shown, by step; not stored anywhere


def hint(step: str, level: int | None = None) -> None:
    """Show the next hint for a step, or the hint of a level: level 1 is the idea, and the last one says most.

    Raises ValueError if there is no hint for the step or the level.
    """
    texts = hints_for(step)
    number = min(opened.get(step, 0) + 1, len(texts)) if level is None else level
    if not 1 <= number <= len(texts):
        raise ValueError(f"{step} has hints of the levels 1 to {len(texts)}, not {number}")
    opened[step] = max(number, opened.get(step, 0))
    more = f'`hint("{step}")` says more' if number < len(texts) else "this is the last one"
    show(f"**{step}**, hint {number} of {len(texts)}: {more}.\n\n{texts[number - 1].strip()}")


def hints_for(step: str) -> list[str]:
    """Return the hints for a step, from the idea on; raises ValueError if there is none."""
    found = [all_hints()[name][step] for name in of_step(step) if step in all_hints().get(name, {})]
    if not found:
        known = {name for hints in all_hints().values() for name in hints}
        raise ValueError(f"there is no hint for a step {step!r}{did_you_mean(step, sorted(known))}")
    return found[0]


@cache
def all_hints() -> dict[str, dict[str, list[str]]]:
    """Read the hints of all notebooks, by assignment and step."""
    found: dict[str, dict[str, list[str]]] = {}
    for file in [file for folder in folders() for file in sorted(folder.glob("*/hints/*.toml"))]:
        found.setdefault(file.parent.parent.name, {}).update(tomllib.loads(file.read_text(encoding="utf-8")))
    return found
