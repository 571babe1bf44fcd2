"""Lint the prose of the project: documents, Markdown cells, hints, docstrings, comments, messages and pages.

Three libraries do the work: proselint looks for what is badly written, and for the words of `vocabulary.toml` that this
project does not use; pyspellchecker has the words of English, to which `words.txt` adds ours; codespell, which the
Makefile calls by itself, finds British spellings in every file.

    python prose/lint.py          # everything; one line for each finding, exit status 1 if there is one
    python prose/lint.py FILE...  # some files
"""

import ast
import io
import json
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

from proselint.checks import __register__
from proselint.config import DEFAULT
from proselint.registry import CheckRegistry
from proselint.registry.checks import Check, types
from proselint.tools import LintFile
from spellchecker import SpellChecker

HERE = Path(__file__).parent
ROOT = HERE.parent
GLOBS = (
    "*.md", ".github/**/*.md", "docs/*.md", "source/*/*.ipynb", "proof/*/misconceptions/*.toml",
    "assignment2/**/*.md", "assignment2/**/*.toml", "assignment2/**/*.py",
    "assignment2/autograder/**/*.html", "assignment2/autograder/**/*.j2",
)  # fmt: skip
WIDTH = 120  # of a line of Markdown, where it can be broken
ANY_WIDTH = ("CHANGELOG.md",)  # an entry is a line or two as it came, so that branches merge

# What is no prose in Markdown: code, formulas, targets of links, HTML. Long stretches first.
NOT_PROSE = re.compile(r"^```.*?^```|\$\$.*?\$\$|\$[^$\n]+\$|`+[^`]+`+|\]\([^)]*\)|<[^>\n]+>|https?://\S+", re.M | re.S)
NOT_HTML = re.compile(r"<style>.*?</style>|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.S)  # in the template of a page
WORD = re.compile(r"(?<![\w.`/\\@#:%{-])[A-Za-z]?[a-z]+(?:'[a-z]+)?(?![\w/(=\[{]|\.\w|_)")
UNBREAKABLE = re.compile(r"^\s*(\||#|!?\[|- \[|<)|\$|https?://")  # tables, headings, links, formulas

# What proselint finds in good technical prose too.
OFF = (
    "typography.symbols",
    "typography.punctuation",
    "weasel_words",
    "dates_times",
    "annotations",
    "hedging",
    "restricted",
)


def main(names: list[str]) -> int:
    """Print what is found in these files, or in all; returns the exit status."""
    paths = [Path(name) for name in names] or sorted({path for glob in GLOBS for path in ROOT.glob(glob)})
    found = [finding for path in paths if ".venv" not in path.parts for finding in findings(path)]
    print(*found, f"prose: {len(found)} findings in {len(paths)} files", sep="\n")
    return 1 if found else 0


def findings(path: Path) -> Iterator[str]:
    """Yield a line for each thing that is wrong in a file, with its place."""
    wrapped = path.suffix in (".md", ".ipynb") and path.name not in ANY_WIDTH
    for place, line, text in texts(path):
        for offset, message in sorted(faults(text, wrapped)):
            yield f"{place}:{line + offset}: {message}"


def texts(path: Path) -> Iterator[tuple[str, int, str]]:
    """Yield the texts of a file: the place to name, the line where it begins, the text."""
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        yield str(path), 1, content
    elif path.suffix == ".ipynb":
        for cell in json.loads(content)["cells"]:
            if cell["cell_type"] == "markdown":
                yield f"{path}:{cell['id']}", 1, "".join(cell["source"])
    elif path.suffix in (".html", ".j2"):
        yield str(path), 1, NOT_HTML.sub(dots, content)
    elif path.suffix == ".toml":
        for name, text in strings(tomllib.loads(content)):
            yield f"{path}:{name}", 1, text
    else:
        for line, text in sentences(content):
            yield str(path), line, text


def strings(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield (name, hint) for each hint in a TOML file, by the name of its step or misconception."""
    if isinstance(value, dict):
        if "hint" in value:
            yield value["name"], value["hint"]
        else:
            for key, item in value.items():
                yield from strings(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item, name)
    elif isinstance(value, str):
        yield name, value


def sentences(code: str) -> Iterator[tuple[int, str]]:
    """Yield the docstrings, messages and comments of a module with their lines, but no style sheets and no names."""
    for node in ast.walk(ast.parse(code)):
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if len(text.split()) >= 4 and " { " not in text:
            yield node.lineno, text
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT and not re.match(r"# (noqa|type|fmt|mypy)", token.string):
            yield token.start[0], token.string.lstrip("# ")


def dots(match: re.Match[str]) -> str:
    """Return as many dots as a match has characters, on as many lines."""
    return re.sub(r"[^\n]", "·", match[0])


def faults(text: str, wrapped: bool) -> Iterator[tuple[int, str]]:
    """Yield what is wrong in a text, after how many lines. wrapped: whether long lines are wrong"""
    prose = NOT_PROSE.sub(dots, text)
    for fault in LintFile("", prose).lint(CONFIG) if prose.strip() else ():
        start, end = fault.check_result.span  # of the text after a line break; may begin with a space
        yield prose.count("\n", 0, end - len(f"\n{prose}\n"[start:end].lstrip()) - 1), fault.check_result.message
    for offset, line in enumerate(prose.split("\n")):
        for word in WORD.findall(line):
            if word.lower().removesuffix("'s") not in WORDS:
                yield offset, f"unknown word: {word} (a typing error, or for prose/words.txt)"
    if wrapped:
        for offset, line in enumerate(text.split("\n")):
            if len(line) > WIDTH and prose.split("\n")[offset].strip("· ") and not UNBREAKABLE.search(line):
                yield offset, f"a line of {len(line)} characters: break it at {WIDTH}"


def configuration() -> dict[str, object]:
    """Return proselint's checks except those in OFF, and ours."""
    preferred = tomllib.loads((HERE / "vocabulary.toml").read_text(encoding="utf-8"))
    vocabulary = Check(
        check_type=types.PreferredFormsSimple(items=preferred), path="vocabulary", message="write '{}', not '{}'"
    )
    CheckRegistry().register_many((*__register__, vocabulary))
    checks = {**dict.fromkeys(OFF, False), **{name: on for name, on in DEFAULT["checks"].items() if name not in OFF}}
    return {"max_errors": 1000, "checks": {**checks, "vocabulary": True}}


CONFIG = configuration()
WORDS = {*SpellChecker().word_frequency.dictionary, *(HERE / "words.txt").read_text(encoding="utf-8").split()}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
