"""Convert formulas to MathML, which browsers draw by themselves, without scripts and without the network."""

import re
from functools import lru_cache
from html import escape, unescape
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element
from nbconvert.filters.markdown_mistune import IPythonRenderer

MAX_FORMULA = 2000  # characters; those of the notebooks have 200
ALIGNED = re.compile(r"(\\(?:begin|end))\{aligned\}")  # the converter only knows this as align*
TAGS = {
    *("math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd"),
    *("msub", "msup", "msubsup", "mover", "munder", "munderover", "mstyle", "mpadded", "mphantom", "menclose"),
}
ATTRIBUTES = {
    *("display", "stretchy", "fence", "form", "accent", "lspace", "rspace", "width", "height", "depth", "mathvariant"),
    *("linethickness", "columnalign", "rowspacing", "columnspacing", "displaystyle", "scriptlevel", "minsize"),
    *("maxsize", "separator", "movablelimits", "largeop", "symmetric", "notation"),
}


@lru_cache(maxsize=4096)  # most formulas are the instructor's, the same on each page
def mathml(tex: str, display: str = "inline") -> str:
    """Return a formula as MathML, or as code if it cannot be parsed. display: "inline" or "block" """
    try:
        if len(tex) > MAX_FORMULA:
            raise ValueError("too long")
        element = convert_to_element(ALIGNED.sub(r"\1{align*}", tex), display=display)
    except Exception:  # a student's TeX may make the parser raise anything
        return f"<code>{escape(tex)}</code>"
    for part in element.iter():
        clean(part)
    return tostring(element, encoding="unicode", short_empty_elements=False)


def clean(element: Element) -> None:
    """Remove from an element, in place, what does more than draw. Its text may be anything: it will be escaped."""
    element.tag = element.tag if element.tag in TAGS else "mrow"
    for name in set(element.attrib) - ATTRIBUTES:
        del element.attrib[name]
    element.text = unescape(element.text or "").replace("\\_", "_")
    element.tail = None


class Renderer(IPythonRenderer):
    """nbconvert's renderer of Markdown, with formulas as MathML."""

    def inline_math(self, body: str) -> str:
        return mathml(body)

    def block_math(self, body: str) -> str:
        return mathml(body.strip(), "block")

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")
