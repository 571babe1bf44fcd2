"""What was handed out with this package. In a clone of the repository there is none of it."""

from pathlib import Path

from cs231n.shipped import EDITION, STEPS, each, notebooks


def stubs() -> dict[str, dict[str, str]]:
    """Return the empty steps: text by step, by notebook in working order; {} if nothing was handed out."""
    return {notebook: steps for assignment in each(STEPS).values() for notebook, steps in assignment.items()}


def edition_in(folder: Path) -> str:
    """Return the name of the edition of the assignment in a folder, "" if nothing was handed out."""
    return each(EDITION).get(assignment_in(folder), {}).get("name", "")


def assignment_in(folder: Path) -> str:
    """Return the name of the assignment that most notebooks in a folder belong to, "" if none is known."""
    found = {name: sum((folder / f"{each}.ipynb").exists() for each in names) for name, names in notebooks().items()}
    best = max(found, key=lambda name: found[name], default="")
    return best if found.get(best) else ""


def notebooks_for(folder: Path) -> list[str]:
    """Return the names of the notebooks that were handed out for a folder, in working order; [] if that is not
    known."""
    return list(each(STEPS).get(assignment_in(folder), {}))
