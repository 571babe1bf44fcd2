"""The Content-Security-Policy of pages that show a submission: only formgrader's own scripts run.

What students wrote is cleaned when it is graded; the policy is a second protection. Feedback pages contain it. For
formgrader's page nbgrader has no setting, and a header for the whole server would break JupyterLab, so `upstream` adds
it to this one page.
"""

import base64
import hashlib
import re

NOTEBOOK = re.compile(r'<div[^>]*\sid="notebook"')  # where the template puts what students wrote
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
HANDLER = re.compile(r"\son\w+=\"([^\"]*)\"")
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/"  # where nbconvert's templates load it from
MATHJAX_VERSIONS = "https://api.cdnjs.com/"
FEEDBACK = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'"


def with_policy(page: str) -> str:
    """Return a feedback page with its policy in it: no scripts, and nothing is loaded from elsewhere."""
    return page.replace("<head>", f'<head>\n<meta http-equiv="Content-Security-Policy" content="{FEEDBACK}">', 1)


def submission_policy(page: str, formgrader: str) -> str:
    """Return the policy for formgrader's page of a submission.

    page: its HTML; inline scripts count as formgrader's if they are before the notebook
    formgrader: its host, port and path; files elsewhere on the server may be a student's
    """
    notebook = NOTEBOOK.search(page)
    before = page[: notebook.start()] if notebook else ""
    own = INLINE_SCRIPT.findall(before) + HANDLER.findall(before)
    hashes = sorted({f"'sha256-{digest(script)}'" for script in own})
    # Underscore and MathJax compile templates; 'unsafe-hashes' lets the handlers in hashes run
    allowed = " ".join([f"{formgrader}/static/", MATHJAX, "'unsafe-eval'", "'unsafe-hashes'", *hashes])
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src {allowed}",
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
    """Return the SHA-256 hash of a script in base64, as policies name it."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
