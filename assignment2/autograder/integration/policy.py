"""The Content-Security-Policy of formgrader's page of a submission: the page's own scripts run, no other does.

What students wrote is cleaned when it is graded; this is the second lock. nbgrader has no setting for it, and a header
of the whole server would break JupyterLab, so `upstream` adds it to this one page.
"""

import base64
import hashlib
import re

NOTEBOOK = re.compile(r'<div[^>]*\sid="notebook"')  # where the template puts what students wrote
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
HANDLER = re.compile(r"\son\w+=\"([^\"]*)\"")
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/"  # where nbconvert's templates load it from
MATHJAX_VERSIONS = "https://api.cdnjs.com/"


def submission_policy(page: str, root: str) -> str:
    """Return the policy of a page.

    page: its HTML; inline scripts count as its own where they stand before the notebook
    root: host, port and path that formgrader is at; files elsewhere on the server may be a student's
    """
    notebook = NOTEBOOK.search(page)
    before = page[: notebook.start()] if notebook else ""
    own = INLINE_SCRIPT.findall(before) + HANDLER.findall(before)
    hashes = " ".join(sorted({f"'sha256-{digest(script)}'" for script in own}))
    return "; ".join(
        [
            "default-src 'self'",
            # Underscore compiles its templates; 'unsafe-hashes' lets the handlers in hashes run
            f"script-src {root}/static/ {MATHJAX} 'unsafe-eval' 'unsafe-hashes' {hashes}".rstrip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            f"font-src 'self' {MATHJAX}",
            f"connect-src 'self' {MATHJAX_VERSIONS}",
            "object-src 'none'",
            "frame-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
