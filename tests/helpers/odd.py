"""What Hypothesis draws where somebody else may have written anything: texts, JSON, and damage to what was right."""

import copy
import json

from hypothesis import strategies as st

from helpers import payloads

MAX_DAMAGES = 5
WORDS = (
    "cells", "cell_type", "source", "metadata", "outputs", "attachments", "id", "nbgrader", "grade_id", "tags", "data",
    "output_type", "text", "name", "traceback", "ename", "evalue", "execution_count", "nbformat", "nbformat_minor",
    "worksheets", "code", "markdown", "raw", "stream", "error", "display_data", "execute_result", "text/plain",
    "text/html", "image/png", "image/svg+xml", "application/json", "check", "kind", "values", "case", "where", "dtype",
    "shape", "type", "exception", "expected", "weight", "equal", "holds", "unchanged", "model", "value", "out", "x",
    "double", "test_double", "square", "why", "plot", "class", "constructor", "trained_on", "synthetic", "cifar-10",
)  # fmt: skip
TEXTS = (
    "", " ", "\0", "\ud800", "\udfff\ud800", "\U0010ffff", "\ufeff", "\u202e", "\x1b[31m", "\r\n",
    "a\u0300" * 50, "x" * 5000,
    "def double(x):\n    return x + x", "%%bash\nexit", "!ls", "(" * 500, "-" * 2000 + "1", "lambda: " * 200 + "0",
    "<f8", "|O", "<M8[ns]", "AAAAAAAA8D8=", "![a](attachment:a.png)", "[" * 300, "`" * 300, "$" * 99, "> " * 300,
    *payloads.ANSWERS.values(),
)  # fmt: skip
# What json.dumps cannot write stands in a document as a text and is put in afterwards.
UNWRITABLE = {f"unwritable {n}": text for n, text in enumerate(("9" * 4000, "9" * 5000, "-1e999", "NaN", "1e-400"))}
UNWRITABLE |= {f"nested {n}": "[" * n + "]" * n for n in (90, 99, 101, 900, 3000, 100_000)}
UNWRITABLE |= {f"nested objects {n}": '{"a":' * n + "1" + "}" * n for n in (99, 101, 3000)}

characters = st.characters() | st.sampled_from("\ud800\udfff\0\x1b\u202e<`$&\\[")
texts = st.sampled_from(TEXTS) | st.sampled_from(WORDS) | st.text(characters, max_size=20)
numbers = (
    st.integers(-3, 12) | st.floats() | st.sampled_from([2**31, 2**53 + 1, -(2**63), 2**70, 10**400, 1e308, 5e-324])
)
# rarely what no parser takes: it makes a whole file unreadable
leaves = st.none() | st.booleans() | numbers | texts | st.sampled_from([*WORDS * 3, *UNWRITABLE])
values = st.recursive(
    leaves, lambda each: st.lists(each, max_size=4) | st.dictionaries(texts, each, max_size=4), max_leaves=10
)
blobs = st.binary(max_size=60)


def written(document):
    """Return a JSON document as bytes."""
    text = json.dumps(document)
    for name, instead in UNWRITABLE.items():
        text = text.replace(f'"{name}"', instead)
    return text.encode()


@st.composite
def damaged(draw, document, parts=values):
    """Draw a JSON document with a few of its parts deleted, moved, repeated, renamed or replaced. parts: instead"""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(0, MAX_DAMAGES))):
        places = list(_containers(document))
        if places:
            _damage(draw, draw(st.sampled_from(places)), parts)
    return document


def _containers(value):
    """Yield each list and object that is not empty."""
    if isinstance(value, dict | list) and value:
        yield value
        for each in value.values() if isinstance(value, dict) else value:
            yield from _containers(each)


def _damage(draw, container, parts):
    keys = sorted(container) if isinstance(container, dict) else range(len(container))
    key = draw(st.sampled_from(keys))
    what = draw(st.sampled_from(("replace", "replace", "delete", "move", "add", "repeat")))
    if what == "replace":
        container[key] = draw(parts)
    elif what == "delete":
        del container[key]
    else:
        value = (
            container.pop(key) if what == "move" else draw(parts) if what == "add" else copy.deepcopy(container[key])
        )
        if isinstance(container, dict):
            container[draw(texts)] = value
        else:
            container.insert(draw(st.integers(0, len(container))), value)


def damage_bytes(draw, content):
    """Return bytes that were cut, overwritten, or stored in another encoding. draw: of a composite strategy"""
    how = draw(st.sampled_from(("cut", "overwrite", "insert", "prefix", "CRLF", "recode")))
    place = draw(st.integers(0, len(content)))
    if how == "cut":
        return content[:place]
    if how in ("overwrite", "insert"):
        blob = draw(blobs)
        return content[:place] + blob + content[place + (len(blob) if how == "overwrite" else 0) :]
    if how == "prefix":
        marks = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff", b"\0", b"\x1f\x8b"]
        return draw(st.sampled_from(marks)) + content
    if how == "CRLF":
        return content.replace(b"\n", b"\r\n").replace(b" ", b"\r\n")
    encoding = draw(st.sampled_from(["utf-16", "utf-16-be", "utf-32", "utf-7", "utf-8-sig"]))
    return content.decode("latin-1").encode(encoding)
