"""Text that somebody else wrote: what of it can be a name, and what is shown."""

import pytest
from autograder.core.text import is_name, printable


@pytest.mark.parametrize("name", ["Zoë van Dyck", "👩‍🎓", "علی‌رضا", "שרה", "a [1]", "-rf"])
def test_names_of_all_languages_are_names(name):
    """Is a name shown as it is, whatever script it is written in, and whatever joins its letters?"""
    assert is_name(name)
    assert printable(name) == name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b31m", r"\x9b31m"),
        ("a\rb\nc", r"a\rb\nc"),
        ("two\u2028lines", r"two\u2028lines"),
        ("\u202eoda", r"\u202eoda"),
        ("\u2066ada", r"\u2066ada"),
        ("\udcff", r"\udcff"),
    ],
    ids=ascii,
)
def test_what_moves_the_text_around_it_is_escaped(text, shown):
    """Is text that a terminal would obey, or show in another order, no name, and shown as Python would escape it?"""
    assert not is_name(text)
    assert printable(text) == shown


@pytest.mark.parametrize("name", ["", " ada", "ada "])
def test_space_is_no_part_of_a_name(name):
    """Is an empty name, or one with space around it, refused?"""
    assert not is_name(name)
