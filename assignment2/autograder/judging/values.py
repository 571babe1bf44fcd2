"""Compare the values of one check with those that the key's check sent, and say how they differ."""

from typing import Any

from cs231n.checks import hints
from cs231n.checks.compare import difference, told_difference, violation
from cs231n.checks.values import MalformedValue, decode
from traitlets.log import get_logger

from autograder.core.results import CheckKind, Status
from autograder.judging import told
from autograder.judging.messages import Message

Fingerprint = list[Any]  # see `cs231n.checks.hints`
Found = tuple[Status, str, str]  # the status of a check, its message, and what its student is told
Values = dict[str, Any]  # by name, as `cs231n.checks.values.decode` gives them


def failed(message: str, told: str | None = None) -> Found:
    """Return a failure. told: what its student is told, if that is not the whole message"""
    return Status.FAILED, message, message if told is None else told


def judge_values(got: Message, expected: Message) -> tuple[Found, Fingerprint]:
    """Compare one check's values with the key's; returns what was found, and the fingerprint of wrong values.

    If comparing them raises an unexpected exception, the check fails; the traceback is in the student's log.
    """
    try:
        return compared(got, expected)
    except (MalformedValue, KeyError) as error:
        return failed(f"a malformed value: {error}", "a malformed value"), []
    except Exception as error:
        get_logger().exception("the values of %s cannot be judged", expected["check"])
        text = "values that cannot be judged"
        return failed(f"{text}: {type(error).__name__} {error}", text), []


def compared(got: Message, expected: Message) -> tuple[Found, Fingerprint]:
    """Compare as `judge_values` does; raises MalformedValue and KeyError for values that no check sends."""
    if not isinstance(got.get("values"), dict):
        raise MalformedValue("there are none")
    if expected["kind"] != CheckKind.HOLDS and got["values"] == expected["values"]:  # to the last bit, as most are
        return (Status.PASSED, "", ""), []
    theirs, ours = decoded(got, expected), decoded(expected, expected)
    if are_right(theirs, ours, expected):
        return (Status.PASSED, "", ""), []
    if expected["kind"] == CheckKind.HOLDS:
        names = with_given(theirs, expected)
        words = told.violated(expected["expression"], names)
        return failed(violation(expected["expression"], names), words), hints.fingerprint(theirs)
    tol = expected["tol"]
    wrong = {name: value for name, value in ours.items() if difference(theirs[name], value, tol)}
    if expected["kind"] == CheckKind.UNCHANGED:
        found = failed(f"{', '.join(wrong)} modified in place: work on a copy")
    else:
        message = in_one({name: told_difference(theirs[name], value, tol) for name, value in wrong.items()})
        found = failed(message, in_one({name: told.wrong_value(theirs[name], wrong[name], tol) for name in wrong}))
    return found, hints.fingerprint(theirs, ours)


def passes(got: Message, expected: Message) -> bool:
    """Return whether the values of one message of the key would pass in place of another's."""
    return are_right(decoded(got, expected), decoded(expected, expected), expected)


def are_right(theirs: Values, ours: Values, expected: Message) -> bool:
    """Return whether values pass a check. theirs: to be judged; ours: the key's"""
    if expected["kind"] == CheckKind.HOLDS:
        return not violation(expected["expression"], with_given(theirs, expected))
    return not any(difference(theirs[name], value, expected["tol"]) for name, value in ours.items())


def with_given(theirs: Values, expected: Message) -> Values:
    """Return the values that a condition names: those computed, and its inputs, which are always the key's."""
    return {**theirs, **{name: decode(value) for name, value in expected["given"].items()}}


def decoded(message: Message, expected: Message) -> Values:
    """Return the values of a message that a check asks for; raises KeyError and MalformedValue."""
    return {name: decode(message["values"][name]) for name in expected["values"]}


def error_fingerprint(error: Message) -> Fingerprint:
    """Return the fingerprint of an exception that a check cell sent."""
    found: Fingerprint = hints.error_text_fingerprint(error.get("error", ""), error.get("source", ""))
    return found


def in_one(messages: dict[str, str]) -> str:
    """Join the messages about the values of one check."""
    return "; ".join(text if name == "value" else f"{name} {text}" for name, text in messages.items() if text)
