r"""Make Markdown that a student wrote harmless in the browser of its reader.

Two programs render it, by different rules: nbconvert (formgrader, feedback), which passes raw HTML on, and JupyterLab,
which cleans what it renders. So the source itself is made harmless, by changes that mean the same to both:

- a `<` that could begin a tag becomes `&lt;`, except for a few tags without attributes; so raw HTML is shown as text
- links lead to http, https, mailto or relative addresses, and pictures are those attached to the cell; any other link
  or picture loses the syntax that makes it one
- TeX macros that act on the page and not on the formula stop being macros, see `markup.inert_tex`
- references such as `&#36;` to characters with a meaning in Markdown, TeX or addresses are shown as they are written

Code and formulas have to keep their `<`. Only the parser can tell what is code, and it does not say where that was. So
each place in question first gets a mark, a character of its own. The parser, which is nbconvert's, then says which
marks are in code, in formulas and in addresses, and each mark is replaced by what its place needs. The result is parsed
once more as a proof: if anything is left that is not on the list, the whole text is shown as text.
"""

import re
from collections.abc import Callable, Collection, Iterator
from html import unescape
from typing import Any
from urllib.parse import unquote

from nbconvert.filters.markdown_mistune import MarkdownWithMath

from autograder.submission.markup import JOINER, MACRO, is_harmless_address, plain_text

MAX_PARSED = 50_000  # characters; answers have hundreds
FIRST_MARK = 0xF0000  # characters for private use, 65,534 of them
MARK = re.compile(f"[{chr(FIRST_MARK)}-{chr(FIRST_MARK + 0xFFFD)}]")
SIMPLE = "b|i|em|strong|sub|sup|u|kbd"
PLACE = re.compile(
    # as it is: a line break, a simple tag around text on one line, a link in angle brackets
    rf"(?P<kept><br\s?/?>|<(?P<name>{SIMPLE})>[^<>`$&\\\n]*</(?P=name)>|<(?:https?://|mailto:)[^\s<>\"';]+>)"
    r"|(?P<address>\][(:]\s*<?)"
    rf"|(?P<macro>{MACRO.pattern})"
    r"|(?P<reference>&(?=#\w+|[A-Za-z]+;))"
    r"|(?P<tag><(?=[A-Za-z/!?]))"
)
REFERENCE = re.compile(r"&(?:#\w+|[A-Za-z]+);?")
SIMPLE_TAG = re.compile(rf"<(/?)({SIMPLE})>|<br\s?/?>")
RAW_TAG = re.compile(r"<[A-Za-z/!?]")
MATH = ("inline_math", "block_math", "latex_environment")
ATTACHMENT = "attachment:"
Token = dict[str, Any]
parser = MarkdownWithMath(renderer=None)  # type: ignore[arg-type]  # without a renderer its result are tokens


def clean_markdown(source: str, pictures: Collection[str] = ()) -> str:
    """Return Markdown that is harmless and says the same; what is harmless already is returned unchanged.

    pictures: names of the pictures that are attached to the cell
    """
    source = MARK.sub("\ufffd", plain_text(source))
    if len(source) > MAX_PARSED:
        return as_text(source)
    try:
        clean = _disarmed(source, pictures)
        return clean if is_harmless(clean, pictures) else as_text(source)
    except Exception:  # some texts make the parser raise, such as by too deep a recursion
        return as_text(source)


def as_text(source: str) -> str:
    """Return Markdown that shows a source as it is, in a code block."""
    longest = max(map(len, re.findall("`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{source}\n{fence}"


def escaped(text: str) -> str:
    """Return Markdown that shows one line of text as it is, in the middle of other Markdown."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(plain_text(text).split()))


def is_harmless(source: str, pictures: Collection[str]) -> bool:
    """Return whether rendering Markdown gives nothing but what is on the list."""
    return _are_harmless(_tokens(source), pictures)


def _disarmed(source: str, pictures: Collection[str]) -> str:
    """Return the source with every place changed that could be active."""
    places = [found for found in PLACE.finditer(source) if _in_question(found)]
    marks = {chr(FIRST_MARK + number): found for number, found in enumerate(places)}
    if not places:
        return source
    marked = _replaced(source, {found.start(): _marked(found, mark) for mark, found in marks.items()})
    where = dict(_found_marks(_tokens(marked), pictures))
    return _replaced(source, {found.start(): _harmless(found, where.get(mark, "")) for mark, found in marks.items()})


def _in_question(found: re.Match[str]) -> bool:
    """Return whether a place needs a look: a reference only where it stands for a character with a meaning."""
    if found["reference"]:
        reference = REFERENCE.match(found.string, found.start())
        character = unescape(reference[0])[0] if reference else "&"
        return character.isascii() and character not in "&<>\"'"
    return not found["kept"]


def _marked(found: re.Match[str], mark: str) -> str:
    return found[0] + mark if found["address"] else mark


def _harmless(found: re.Match[str], where: str) -> str:
    """Return what a place becomes. where: "code", "math", "harmful" for an address, "harmless" for one, "" for text"""
    original = found[0]
    if where in ("code", "harmless") or (where == "math" and not found["macro"]):
        return original
    if found["macro"]:
        return r"\backslash " if where == "math" else f"\\{JOINER}"
    if found["reference"]:
        return "&amp;"
    bracket, rest = (original[0], original[1:]) if found["address"] else ("", original)
    return bracket + ("\\" if where == "harmful" else "") + rest.replace("<", "&lt;")


def _replaced(source: str, replacements: dict[int, str]) -> str:
    """Return the source with what `PLACE` finds at each position replaced."""
    replace: Callable[[re.Match[str]], str] = lambda found: replacements.get(found.start(), found[0])  # noqa: E731
    return PLACE.sub(replace, source)


def _tokens(source: str) -> list[Token]:
    tokens, _ = parser.parse(source)
    return [token for token in tokens if isinstance(token, dict)]


def _found_marks(tokens: list[Token], pictures: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each mark that is in code, a formula or an address, and which of them, see `_harmless`."""
    for token in tokens:
        attributes, raw = token.get("attrs", {}), token.get("raw", "")
        if token["type"] in ("codespan", "block_code") and not _is_drawn(token):
            yield from ((mark, "code") for mark in MARK.findall(raw))
        elif token["type"] in MATH:
            yield from ((mark, "math") for mark in MARK.findall(raw + attributes.get("body", "")))
        elif token["type"] in ("link", "image"):
            address = unquote(attributes["url"])
            harmless = _may_lead_to(token["type"], MARK.sub("", address), pictures)
            yield from ((mark, "harmless" if harmless else "harmful") for mark in MARK.findall(address)[:1])
        yield from _found_marks(token.get("children", []), pictures)


def _is_drawn(token: Token) -> bool:
    """Return whether a code block is a Mermaid diagram, which nbconvert writes into the page as it is."""
    return str(token.get("attrs", {}).get("info", "")).startswith("mermaid")


def _may_lead_to(kind: str, address: str, pictures: Collection[str]) -> bool:
    if kind == "image":
        return address.startswith(ATTACHMENT) and address.removeprefix(ATTACHMENT) in pictures
    return is_harmless_address(address)


def _are_harmless(tokens: list[Token], pictures: Collection[str]) -> bool:
    """Return whether tokens render as nothing but what is on the list."""
    tags = "".join(token["raw"] for token in tokens if token["type"] in ("inline_html", "block_html"))
    return _is_simple(tags) and all(
        (token["type"] not in ("link", "image") or _may_lead_to(token["type"], token["attrs"]["url"], pictures))
        and not (token["type"] == "block_code" and _is_drawn(token) and RAW_TAG.search(token["raw"]))
        and _are_harmless(token.get("children", []), pictures)
        for token in tokens
    )


def _is_simple(html: str) -> bool:
    """Return whether HTML has only simple tags, correctly nested and closed."""
    if RAW_TAG.search(SIMPLE_TAG.sub("", html)):
        return False
    opened: list[str] = []
    for end, name in SIMPLE_TAG.findall(html):
        if name and not end:
            opened.append(name)
        elif name and (not opened or opened.pop() != name):
            return False
    return not opened
