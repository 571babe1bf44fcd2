"""The prose linter: what it finds, and what it leaves alone."""

import json
import re
import runpy
import tomllib

import mistune
import pytest
from helpers import REPOSITORY

LINT = runpy.run_path(str(REPOSITORY / "prose" / "lint.py"))
WRAP = runpy.run_path(str(REPOSITORY / "prose" / "wrap.py"))
PAGES = [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("A whole number of epochs.", "write 'integer', not 'whole number'"),
        ("Half an hour is enough.", "write '30 minutes', not 'Half an hour'"),
        ("The gradeint is a sum.", "unknown word: gradeint"),
        ("The the gradient is a sum.", "a phrase is repeated"),
        ("A long line, " * 10, "break it at 120"),
    ],
)
def test_what_is_found(tmp_path, text, finding):
    """Does the linter find a word that we do not use, a typing error, a repetition and a long line?"""
    (tmp_path / "page.md").write_text(f"# Title\n\n{text}\n", encoding="utf-8")
    found = list(LINT["findings"](tmp_path / "page.md"))
    assert found
    assert all(line.startswith(f"{tmp_path}/page.md:3: ") for line in found)
    assert any(finding in line for line in found)


def test_template_of_a_page(tmp_path):
    """Are the texts of a page's template read, and its styles and code not?"""
    page = tmp_path / "page.html"
    page.write_text("<style>p {colr: red}</style>\n{% set colr = 1 %}<p class='colr'>The catalogue of {{ colr }}</p>")
    assert [line.removeprefix(f"{page}:") for line in LINT["findings"](page)] == ["2: write 'catalog', not 'catalogue'"]


@pytest.mark.parametrize(
    "text",
    [
        "Call `conv_frwd(dta)` first.",
        "```\nwhole number\n```",
        r"$$ \\text{gradeint} $$",
        "See [the page](docs/gradeint.md) and `np.linalg`.",
        "| " + "a table may be wide " * 8 + "|",
        "The shape of dout.shape is (N, M).",
    ],
)
def test_what_is_no_prose(tmp_path, text):
    """Are code, formulas, targets of links and wide tables left alone?"""
    (tmp_path / "page.md").write_text(text, encoding="utf-8")
    assert not list(LINT["findings"](tmp_path / "page.md"))


def test_every_kind_of_file(tmp_path):
    """Is a typing error found in a notebook's Markdown, a hint, a docstring, a message and a comment?"""
    wrong = "One gradeint for each parameter."
    cell = {"cell_type": "markdown", "id": "intro", "source": [wrong]}
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    (tmp_path / "a.toml").write_text(f'[[misconception]]\nname = "x"\nhint = "{wrong}"\n', encoding="utf-8")
    (tmp_path / "a.py").write_text(f'"""{wrong}"""\nprint("{wrong}")\n# {wrong}\n', encoding="utf-8")
    counts = {path.suffix: len(list(LINT["findings"](path))) for path in tmp_path.iterdir()}
    assert counts == {".ipynb": 1, ".toml": 1, ".py": 3}


def test_words_are_sorted_and_needed():
    """Is the list of our own words in order, without doubles, and without words that the dictionary has?"""
    words = (REPOSITORY / "prose" / "words.txt").read_text(encoding="utf-8").split()
    assert words == sorted(set(words))
    assert not [word for word in words if word in LINT["SpellChecker"]().word_frequency.dictionary]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_wrapping_changes_nothing_that_is_read(page):
    """Is a page that was joined to long lines, then wrapped, the same to its readers, and within the width?"""
    text = page.read_text(encoding="utf-8")
    wrapped = WRAP["wrapped"](text)
    assert WRAP["wrapped"](wrapped) == wrapped
    assert " ".join(mistune.html(wrapped).split()) == " ".join(mistune.html(text).split())


def test_what_is_wrapped():
    """Are paragraphs and list items wrapped, and code, tables, formulas and headings kept?"""
    kept = [
        "# " + "heading " * 20,
        "",
        "| " + "cell " * 40 + "|",
        "",
        "```",
        "code " * 40,
        "```",
        "",
        "$$ x",
        "+ y " * 50 + "$$",
    ]
    text = "\n".join([*kept, "", "- " + "item " * 40, "- " + "$a b$ " * 40, "", "word " * 40])
    lines = WRAP["wrapped"](text).split("\n")
    assert lines[: len(kept)] == kept
    assert max(map(len, lines[len(kept) :])) <= 120
    assert [line for line in lines[len(kept) :] if line.startswith("  item")]
    assert [line for line in lines if line.count("$") % 2] == []


HINTS = [
    pytest.param(entry["hint"], id=entry["name"])
    for path in sorted(REPOSITORY.glob("proof/*/misconceptions/*.toml"))
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["misconception"]
]


@pytest.mark.parametrize("hint", HINTS)
def test_hints_are_short(hint):
    """Is a hint two sentences at most, as the style sheet has it, each with a period?"""
    assert len(re.split(r"(?<=[.?])\s", hint)) <= 2
    assert hint.endswith((".", "?"))
    assert len(hint) <= 240
