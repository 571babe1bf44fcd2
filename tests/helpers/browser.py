"""Chromium without a window, and a Jupyter server to look at, for tests of what a reader's browser does."""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import sync_playwright

FLAGS = [
    "--no-sandbox",  # it needs namespaces, which containers do not have
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WATCH = "window.ran = []; window.pwned = () => window.ran.push(String(new Error().stack));"
START_SECONDS = 120


@dataclass
class Visit:
    """What a page did. page: Playwright's; ran: what called `pwned`, with its stack; asked: addresses elsewhere that
    it asked for, none of which was answered; errors: of its scripts"""

    page: object
    asked: list = field(default_factory=list)
    errors: list = field(default_factory=list)

    @property
    def ran(self):
        return [call for frame in self.page.frames for call in frame.evaluate("window.ran || []")]


@contextmanager
def chromium():
    """A browser that asks nobody for anything."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), headless=True, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visit(browser, address, token=""):
    """Open a file, or a page of a server on this machine that asks for a token, until nothing more is loaded."""
    context = browser.new_context(extra_http_headers={"Authorization": f"token {token}"} if token else {})
    try:
        found = Visit(context.new_page())

        def route(request):
            if request.request.url.startswith(("file:", "http://127.0.0.1:")):
                return request.continue_()
            found.asked.append(request.request.url)
            return request.abort()

        context.route("**/*", route)
        context.add_init_script(WATCH)
        found.page.on("pageerror", lambda error: found.errors.append(str(error)))
        found.page.goto(address, wait_until="networkidle")
        yield found
    finally:
        context.close()


@contextmanager
def served(folder):
    """Serve a folder on this machine; yields its address."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield re.search(r"http://[\d.]+:\d+", server.stdout.readline())[0]
    finally:
        server.terminate()
        server.wait()


@contextmanager
def jupyter_server(course: Path, home: Path, python: str | Path = sys.executable):
    """A Jupyter server for a folder; yields its address and its token. home: for its own files; python: that runs it"""
    token = secrets.token_hex(16)
    command = [
        python,
        "-m",
        "jupyter",
        "server",
        "--no-browser",
        "--allow-root",
        f"--ServerApp.root_dir={course}",
    ]
    command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", f"--IdentityProvider.token={token}"]
    folders = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("RUNTIME", "CONFIG", "DATA")}
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(command, cwd=course, env={**os.environ, **folders}, stdout=log, stderr=log)
    try:
        yield _address(server, home), token
    finally:
        server.terminate()
        server.wait()


def _address(server, home):
    """Wait until the server says where it is."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        for path in (home / "runtime").glob(f"jpserver-{server.pid}.json"):
            text = path.read_text(encoding="utf-8")
            if text.endswith("}"):
                return f"http://127.0.0.1:{json.loads(text)['port']}/"
        time.sleep(0.1)
    raise RuntimeError(f"the Jupyter server did not start: {(home / 'server.log').read_text()[-2000:]}")
