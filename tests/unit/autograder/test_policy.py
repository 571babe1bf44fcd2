"""The Content-Security-Policy of formgrader's page of a submission."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from autograder.core import upstream
from autograder.integration.policy import FEEDBACK, digest, submission_policy, with_policy
from bs4 import BeautifulSoup
from nbgrader.server_extensions.formgrader import handlers

PAGE = """<!DOCTYPE html>
<html><head><script src="a.js"></script><script type="text/javascript">own()</script></head>
<body><span onclick="toggle_name(true);"></span>
<div class="container"><div id="notebook" class="border-box-sizing"><script>theirs()</script>
<p onclick="theirs_too()"></p></div></div></body></html>"""
ROOT = "localhost:8888/formgrader"


def sources(policy):
    """What may run, by a policy."""
    (scripts,) = [part for part in policy.split("; ") if part.startswith("script-src")]
    return scripts.split()[1:]


def test_own_scripts_may_run():
    """May the scripts and handlers before the notebook run, and none in it?"""
    found = sources(submission_policy(PAGE, ROOT))
    assert {f"'sha256-{digest(script)}'" for script in ("own()", "toggle_name(true);")} < set(found)
    assert not any(digest(script) in " ".join(found) for script in ("theirs()", "theirs_too()"))
    assert f"{ROOT}/static/" in found
    assert not {"'self'", "'unsafe-inline'", "*", "data:"} & set(found)  # a file of the server may be a student's


def test_a_page_without_a_notebook():
    """Does no inline script run where the place of what students wrote is not known?"""
    assert "sha256" not in submission_policy(PAGE.replace('id="notebook"', ""), ROOT)


def test_a_page_brings_its_policy_along():
    """Does a feedback page hold its own policy, the first thing in its head, and does no script run by it?"""
    page = BeautifulSoup(with_policy(PAGE), "html.parser")
    assert page.head.find(True)["content"] == FEEDBACK
    assert "default-src 'none'" in FEEDBACK
    assert "script-src" not in FEEDBACK


def changed(page):
    return page.replace("own()", "ours()")


@pytest.fixture
def handler(monkeypatch):
    """A handler of a page, as nbgrader's is patched, that keeps what it is told."""
    monkeypatch.setattr(handlers.SubmissionHandler, "write", lambda handler, chunk: handler.said.append(chunk))
    upstream.change_formgrader(changed, submission_policy, Path())
    handler = SimpleNamespace(
        said=[], headers={}, base_url="/user/ada", content_security_policy="frame-ancestors 'self'"
    )
    handler.request = SimpleNamespace(host="localhost:8888")
    handler.set_header = handler.headers.__setitem__
    return handler


def test_header(handler):
    """Is a page changed and sent with its policy, beside what the server says already, and data without?"""
    for data in ({"data": 1}, "[1]"):
        handlers.SubmissionHandler.write(handler, data)
    assert handler.headers == {}
    handlers.SubmissionHandler.write(handler, PAGE)
    header = handler.headers["Content-Security-Policy"]
    assert header == f"frame-ancestors 'self'; {submission_policy(changed(PAGE), 'localhost:8888/user/ada/formgrader')}"
    assert handler.said == [{"data": 1}, "[1]", changed(PAGE)]


def test_nothing_to_patch_outside_of_a_server(monkeypatch):
    """Does the patch import nothing if no Jupyter server runs?"""
    monkeypatch.delitem(sys.modules, upstream.FORMGRADER)
    upstream.change_formgrader(changed, submission_policy, Path())
    assert upstream.FORMGRADER not in sys.modules


def test_can_change_formgrader(monkeypatch):
    """Does it say whether formgrader can be patched, so that doctor can?"""
    assert upstream.can_change_formgrader()
    monkeypatch.delattr(handlers, "SubmissionHandler")
    assert not upstream.can_change_formgrader()
