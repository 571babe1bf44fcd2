"""Limits of processor time, one inside another."""

import signal

import pytest
from autograder.core.time_limit import TookTooLong, time_limit


def compute():
    """Go on forever."""
    while True:
        pass


def test_a_limit_inside_another_ends_only_its_own_block():
    """Does what took too long inside leave the rest of the work, and is that still limited?"""
    with pytest.raises(TookTooLong), time_limit(0.3):
        with pytest.raises(TookTooLong), time_limit(0.02):
            compute()
        assert signal.getitimer(signal.ITIMER_PROF)[0] > 0
        compute()
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)


def test_a_limit_holds_inside_a_longer_one():
    """Can nobody gain time by a limit of his own?"""
    with pytest.raises(TookTooLong), time_limit(0.05), time_limit(1000):
        compute()
