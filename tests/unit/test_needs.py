"""Tests that need something of the machine are skipped where it is missing, and fail in CI."""

import pytest
from helpers import needs


class Item:
    """A test that is marked with one need."""

    def iter_markers(self, name):
        yield getattr(pytest.mark, name)("flux capacitor").mark


@pytest.fixture(params=["", "none was built"])
def missing(request, monkeypatch):
    monkeypatch.setitem(needs.MISSING, "flux capacitor", lambda: request.param)
    return request.param


def test_skipped_on_a_desk(missing, monkeypatch):
    """Is a test skipped with the reason where its need is missing, and run where it is not?"""
    monkeypatch.delenv("CI", raising=False)
    if not missing:
        return needs.require(Item())
    with pytest.raises(pytest.skip.Exception, match="needs a flux capacitor: none was built"):
        needs.require(Item())


def test_fails_in_ci(missing, monkeypatch):
    """Does a test fail in CI where its need is missing, and run where it is not?"""
    monkeypatch.setenv("CI", "true")
    if not missing:
        return needs.require(Item())
    with pytest.raises(pytest.fail.Exception, match="needs a flux capacitor: none was built"):
        needs.require(Item())
