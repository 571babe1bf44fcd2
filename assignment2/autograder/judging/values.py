"""Compare the values of one check with those that the key's check sent, and say how they differ."""

from functools import lru_cache
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
    if got["values"] == expected["values"]:  # to the last bit, as most are, and the key's pass: `expected_values`
        return (Status.PASSED, "", ""), []
    theirs = {name: decode(got["values"][name]) for name in expected["values"]}
    return condition(theirs, expected) if expected["kind"] == CheckKind.HOLDS else comparison(theirs, expected)


def condition(theirs: Values, expected: Message) -> tuple[Found, Fingerprint]:
    """Judge values by the condition that they have to meet."""
    names = names_of_condition(theirs, expected)
    if message := violation(expected["expression"], names):
        return failed(message, told.violated(expected["expression"], names)), hints.fingerprint(theirs)
    return (Status.PASSED, "", ""), []


def comparison(theirs: Values, expected: Message) -> tuple[Found, Fingerprint]:
    """Judge values by the key's."""
    wrong, tol = wrong_values(theirs, expected), expected["tol"]
    if not wrong:
        return (Status.PASSED, "", ""), []
    if expected["kind"] == CheckKind.UNCHANGED:
        found = failed(f"{', '.join(wrong)} modified in place: work on a copy")
    else:
        message = in_one({name: told_difference(theirs[name], value, tol) for name, value in wrong.items()})
        found = failed(message, in_one({name: told.wrong_value(theirs[name], wrong[name], tol) for name in wrong}))
    return found, hints.fingerprint(theirs, known(expected["values"]))


def passes(got: Message, expected: Message) -> bool:
    """Return whether the values of one message of the key would pass in place of another's."""
    theirs = known(got["values"])
    if expected["kind"] == CheckKind.HOLDS:
        return not violation(expected["expression"], names_of_condition(theirs, expected))
    return not wrong_values(theirs, expected)


def names_of_condition(theirs: Values, expected: Message) -> Values:
    """Return the values that a condition names: those computed, and its inputs, which are always the key's."""
    return {**theirs, **known(expected["given"])}


def wrong_values(theirs: Values, expected: Message) -> Values:
    """Return those of the key's values that differ from what was computed."""
    ours = known(expected["values"])
    return {name: value for name, value in ours.items() if difference(theirs[name], value, expected["tol"])}


def known(values: dict[str, Any]) -> Values:
    """Return values of the key by name, decoded once: each student's are compared with them."""
    return {
        name: _array(value["dtype"], tuple(value["shape"]), value["data"]) if "data" in value else decode(value)
        for name, value in values.items()
    }


@lru_cache(maxsize=4096)
def _array(dtype: str, shape: tuple[int, ...], data: str) -> Any:
    return decode({"dtype": dtype, "shape": list(shape), "data": data})


def error_fingerprint(error: Message) -> Fingerprint:
    """Return the fingerprint of an exception that a check cell sent."""
    found: Fingerprint = hints.error_text_fingerprint(error.get("error", ""), error.get("source", ""))
    return found


def in_one(messages: dict[str, str]) -> str:
    """Join the messages about the values of one check."""
    return "; ".join(text if name == "value" else f"{name} {text}" for name, text in messages.items() if text)
