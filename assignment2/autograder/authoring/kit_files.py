"""The files in `kit/`, from which hand-outs are made."""

from importlib import resources


def kit_file(name: str) -> str:
    """Return one of the files, as text."""
    return resources.files("autograder.authoring").joinpath("kit", name).read_text(encoding="utf-8")
