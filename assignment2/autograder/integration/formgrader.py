"""Formgrader's pages for everybody: what nbgrader's templates leave out is added when a page is sent.

A page gets its language, the width of the screen it is on, a style sheet and a script, as text: what is in a page
before the notebook counts as formgrader's own in the policy of a submission's page.
"""

import re
from functools import cache
from pathlib import Path

TEMPLATES = Path(__file__).with_name("templates") / "formgrader"
BEGINNING = re.compile(r"(<!doctype html>)\s*(?:<html>)?\s*<head>", re.IGNORECASE)
HEAD = """<html lang="en">
<head>
<meta name="viewport" content="width=device-width, initial-scale=1">"""


@cache
def style_and_script() -> tuple[str, str]:
    """Return what each page gets: a style sheet and a script."""
    style, script = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return style, script


def for_everybody(page: str) -> str:
    """Return a page of formgrader with what makes it readable by everybody. page: its HTML"""
    style, script = style_and_script()
    page = BEGINNING.sub(rf"\1\n{HEAD}", page, count=1)
    return page.replace("</head>", f"<style>\n{style}</style>\n<script>\n{script}</script>\n</head>", 1)
