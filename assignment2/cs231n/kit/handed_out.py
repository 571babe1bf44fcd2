"""Look up what was handed out with this package. A clone of the repository has nothing of this."""

from pathlib import Path

from cs231n.shipped import EDITION, STEPS, each, nearest, notebooks, of_step


def stub(step: str) -> str | None:
    """Return the text of a step as it was handed out, None if there is none."""
    texts = [steps[step] for name in of_step(step) for steps in each(STEPS).get(name, {}).values() if step in steps]
    return texts[0] if texts else None


def steps() -> list[str]:
    """Return the names of all steps that were handed out."""
    return [step for notebooks in each(STEPS).values() for steps in notebooks.values() for step in steps]


def edition_in(folder: Path) -> str:
    """Return the name of the edition of the assignment in a folder, "" if nothing was handed out."""
    return each(EDITION).get(assignment_in(folder), {}).get("name", "")


def assignment_in(folder: Path) -> str:
    """Return the name of the assignment that most notebooks in a folder belong to, "" if none is known."""
    best = next(iter(nearest(folder)), "")
    return best if any((folder / f"{each}.ipynb").exists() for each in notebooks().get(best, [])) else ""


def notebooks_for(folder: Path) -> list[str]:
    """Return the names of the notebooks that were handed out for a folder, in working order; [] if that is not
    known."""
    return list(each(STEPS).get(assignment_in(folder), {}))
