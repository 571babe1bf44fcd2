"""Check the pictures that a student handed in: only what is a picture may be shown."""

import base64
import binascii
import re
from html import escape, unescape
from io import BytesIO

from PIL import Image

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF"}  # by MIME type
SVG = "image/svg+xml"
MAX_BYTES = 5 * 2**20
MAX_PIXELS = 40_000_000  # a browser takes four bytes for each
IS_SVG = re.compile(r"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*|<!DOCTYPE[^>\[]*>\s*)*<svg[\s>]", re.DOTALL)
TITLE = re.compile(r"<title>([^<>]*)</title>")
MAX_TITLE = 5000  # characters of a drawing, among which its title is looked for


def picture(mime: str, data: str) -> str | None:
    """Return a picture in base64 without line breaks, None if it is not a picture of that type or is too large."""
    if mime not in FORMATS or len(data) > MAX_BYTES * 3 // 2:
        return None
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
        with Image.open(BytesIO(content), formats=[FORMATS[mime]]) as image:
            width, height = image.size
            image.verify()
    except (binascii.Error, ValueError, OSError, SyntaxError, Image.DecompressionBombError):
        return None
    if len(content) > MAX_BYTES or width * height > MAX_PIXELS:
        return None
    return base64.b64encode(content).decode()


def drawing(svg: str) -> str | None:
    """Return an SVG drawing as an HTML image, None if it is not a drawing: browsers run no script in an image, and load
    nothing for it."""
    if len(svg) > MAX_BYTES or not IS_SVG.match(svg):
        return None
    title = TITLE.search(svg, endpos=MAX_TITLE)
    alt = escape(unescape(title[1]) if title else "a drawing that you handed in")
    return f'<img alt="{alt}" src="data:{SVG};base64,{base64.b64encode(svg.encode()).decode()}">'
