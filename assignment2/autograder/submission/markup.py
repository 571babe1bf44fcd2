"""Make text and HTML that a student wrote harmless in the browser or the terminal of its reader.

HTML goes through nh3, which parses it as browsers do and keeps the tags, attributes and addresses of a list. Styles and
classes are removed, so nothing looks or acts like a part of the page around it. Only pictures whose data is in the HTML
are kept, so opening a page sends no request.
"""

import re
from html import unescape
from urllib.parse import unquote

import nh3

from autograder.submission.pictures import picture

ATTRIBUTES = {
    "*": {"title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "table": {"border"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
}
NUMBERS = {"width", "height", "start", "border", "colspan", "rowspan"}
CLASSES = {"table": {"dataframe"}}  # pandas; nbconvert's style sheet has rules for it
# What can act, or show something other than itself: people should know that it was there.
ACTIVE = re.compile(
    r"<\s*(?:script|iframe|frame|object|embed|applet|portal|form|input|button|meta|base|link|svg|math|template)\b"
    r"|<[^<>]*\son\w+\s*="
    r"|<[^<>]*(?:javascript|vbscript)\s*:"
    r"|<[^<>]*\bdata\s*:(?!\s*image/)",
    re.IGNORECASE,
)
# TeX that acts on the page or the network instead of drawing a formula.
MACROS = r"href|url|unicode|style|class|cssId|data|require|html\w*|includegraphics|toggle|action|mmlToken|bbox"
MACRO = re.compile(rf"\\(?=(?:{MACROS})(?![A-Za-z]))")
JOINER = "\u2060"  # takes no space and breaks no line
ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colors, moves of the cursor
    r"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # titles, links, the clipboard
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
    r"|[\ud800-\udfff]"  # halves of a pair, which no file can hold
    r"|[\u202a-\u202e\u2066-\u2069]",  # they make text look like another one
    re.DOTALL,
)
HARMLESS_ADDRESS = re.compile(r"(?:https?|mailto):|[^:]*\Z", re.IGNORECASE)


def plain_text(text: str) -> str:
    """Return a text without escape codes, control characters, marks that change the direction of writing, and halves of
    characters, which no file can hold."""
    return ESCAPES.sub("", text)


def is_active(html: str) -> bool:
    """Return whether HTML has something that `clean_html` removes and a person should know about."""
    return bool(ACTIVE.search(html))


def clean_html(html: str) -> str:
    """Return HTML with only the tags and attributes of the list, every tag closed, and formulas without links."""
    clean = nh3.clean(
        html,
        tags=nh3.ALLOWED_TAGS,  # no script, style, frame, form, SVG or MathML is among them
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        allowed_classes=CLASSES,
        url_schemes={"http", "https", "mailto", "data"},
        clean_content_tags={"script", "style", "title", "template", "noscript", "iframe", "noembed", "noframes"},
    )
    return inert_tex(clean)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Return the value that an attribute of the list may have, None to remove the attribute."""
    if tag == "img" and name == "src":
        head, _, data = value.partition(";base64,")
        kept = picture(head.removeprefix("data:"), data)
        return None if kept is None else f"{head};base64,{kept}"
    if name == "href":
        return value if is_harmless_address(value) else None
    if name in NUMBERS:
        return value if re.fullmatch(r"\d{1,4}%?", value) else None
    return value


def is_harmless_address(address: str) -> bool:
    """Return whether a link may have this address: http, https, mailto, or relative to the page, in any encoding."""
    return bool(HARMLESS_ADDRESS.match(unescape(unquote(address)).strip()))


def inert_tex(text: str) -> str:
    """Return text whose TeX macros with effects outside the formula are not macros any more, but look the same."""
    return MACRO.sub(rf"\\{JOINER}", text)
