"""The sandbox: what it must not show."""

import sys

import pytest
from autograder.execution.kernel import sandbox


@pytest.mark.parametrize("prefix", [".", "source"])
def test_key_inside_of_what_a_sandbox_shows(tmp_path, monkeypatch, prefix):
    """Is a virtual environment that is the course folder, or holds the key, refused with a word on what to do?"""
    (tmp_path / "source").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / prefix))
    with pytest.raises(sandbox.NoSandbox, match="move the course"):
        sandbox.require_hidden(tmp_path / "source")


def test_key_beside_of_what_a_sandbox_shows(tmp_path, monkeypatch):
    """Is a virtual environment in a folder of its own, the course's `.venv` too, no reason to refuse?"""
    (tmp_path / "source").mkdir()
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    sandbox.require_hidden(tmp_path / "source")
