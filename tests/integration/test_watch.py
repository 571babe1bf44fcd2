"""Proving after each save."""

import itertools

import pytest
from autograder import cli
from autograder.authoring.proving import watch as watching
from autograder.core.errors import GraderError
from autograder.course.assignment import chosen


class Interrupted(Exception):
    """Ends the watch, as Ctrl-C does."""


@pytest.mark.parametrize("suffix", [".ipynb", ".toml", ".py"])
def test_each_save_is_proved_once(suffix, tmp_path, monkeypatch, capsys):
    """Is there one proof at the beginning and one for each save, and none while nothing happens?"""
    assert cli.main(["new", "hw3", "--course", str(tmp_path)]) == 0
    proofs, looks = [], itertools.count()
    monkeypatch.setattr(watching, "proved", lambda *_: proofs.append("proof") or "proved")

    def wait(seconds):
        look = next(looks)
        if look == 2:
            path = next(path for path in tmp_path.rglob(f"*{suffix}") if "hw3" in path.parts)
            path.write_text(path.read_text() + "\n")
        if look == 4:
            raise Interrupted

    monkeypatch.setattr(watching.time, "sleep", wait)
    with pytest.raises(Interrupted):
        watching.watch(chosen(tmp_path), [])
    assert len(proofs) == 2


def test_a_notebook_that_cannot_be_read_is_told(tmp_path, monkeypatch):
    """Is what stops a proof told, and the watch goes on?"""

    def prove(*_):
        raise GraderError("Start.ipynb is not a readable notebook")

    monkeypatch.setattr(watching, "prove", prove)
    assert watching.proved(tmp_path, []) == "Start.ipynb is not a readable notebook"
