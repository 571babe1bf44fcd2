"""Break the lines of Markdown where `lint.py` asks for it; what readers see stays the same.

python prose/wrap.py FILE...  # documents, notebooks, and the texts between ''' of TOML files
"""

import json
import re
import sys
import textwrap
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

WIDTH = 120
ITEM = re.compile(r"\s*(?:[-*]|\d+\.)\s+")
KEPT = re.compile(
    r"\s*(?:\||#|<|!\[|\$\$|$)"
)  # lines that stay as they are: tables, headings, HTML, pictures, formulas
UNBROKEN = re.compile(r"`[^`]*`|\$[^$]*\$")  # no line break within code and formulas
SPACE = "\0"  # a space in there


def main(names: list[str]) -> None:
    """Wrap files in place."""
    for path in map(Path, names):
        content = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            notebook = json.loads(content)
            for cell in notebook["cells"]:
                if cell["cell_type"] == "markdown":
                    cell["source"] = wrapped("".join(cell["source"])).splitlines(keepends=True)
            content = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        elif path.suffix == ".toml":
            content = re.sub(r"(?<=''')\n.*?(?=''')", lambda match: wrapped(match[0]), content, flags=re.DOTALL)
        else:
            content = wrapped(content)
        path.write_text(content, encoding="utf-8")


def wrapped(text: str) -> str:
    """Return Markdown with its paragraphs and list items in lines of at most WIDTH characters."""
    blocks = groupby(numbered(text.split("\n")), key=lambda item: item[0])
    return "\n".join(line for number, items in blocks for line in filled([line for _, line in items], number > 0))


def numbered(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield each line with the number of its paragraph, negative for what stays as it is."""
    number, inside, kept = 1, "", False
    for line in lines:
        start = line.strip()
        fence = "```" if start.startswith("```") else "$$" if start.startswith("$$") or inside == "$$" else ""
        stays = bool(inside or fence or KEPT.match(line))
        if stays != kept or ITEM.match(line):
            number, kept = number + 1, stays
        yield -number if stays else number, line
        if fence and (not inside or inside == fence) and (fence == "```" or start.count("$$") % 2):
            inside = "" if inside else fence


def filled(lines: list[str], is_paragraph: bool) -> list[str]:
    """Return the lines of a paragraph or a list item, wrapped; others as they are."""
    if not is_paragraph:
        return lines
    marker = ITEM.match(lines[0]) or re.match(r"\s*", lines[0])
    first = marker[0] if marker else ""
    text = " ".join([lines[0][len(first) :], *(line.strip() for line in lines[1:])])
    text = UNBROKEN.sub(lambda match: match[0].replace(" ", SPACE), text)
    wrapper = textwrap.TextWrapper(WIDTH, first, " " * len(first), break_long_words=False, break_on_hyphens=False)
    return [line.replace(SPACE, " ") for line in wrapper.wrap(text)]


if __name__ == "__main__":
    main(sys.argv[1:])
