"""The pages as a website."""

import os
import shutil
import subprocess
import sys

import pytest
from helpers import REPOSITORY


def build(folder):
    """Build the site of a folder, as `make site` does."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build"],
        cwd=folder, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.fixture
def pages(tmp_path):
    """A copy of what the site is made from."""
    for name in ("docs", "prose", "release"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    for path in [*REPOSITORY.glob("*.md"), REPOSITORY / "mkdocs.yml", REPOSITORY / "LICENSE"]:
        shutil.copy(path, tmp_path)
    return tmp_path


def test_every_page_is_there(pages):
    """Is every document and every starter notebook a page, without a broken link or anchor?"""
    done = build(pages)
    assert done.returncode == 0, done.stdout + done.stderr
    sources = [*pages.glob("docs/*.md"), *pages.glob("release/*/*.ipynb")]
    assert len(sources) >= 10
    for source in sources:
        assert (pages / "site" / source.relative_to(pages).with_suffix("") / "index.html").is_file(), source
    assert (pages / "site" / "docs" / "check_cell.png").is_file()


@pytest.mark.parametrize("link", ["[nowhere](docs/nowhere.md)", "[no such part](docs/grading.md#no-such-part)"])
def test_a_broken_link_ends_the_build(pages, link):
    """Does a link to a page or a part that does not exist end the build?"""
    shutil.rmtree(pages / "release")  # what takes long
    config = (pages / "mkdocs.yml").read_text(encoding="utf-8")
    lines = [line for line in config.splitlines() if "release/" not in line]
    (pages / "mkdocs.yml").write_text("\n".join(lines), encoding="utf-8")
    assert build(pages).returncode == 0
    with (pages / "README.md").open("a", encoding="utf-8") as readme:
        readme.write(f"\n{link}\n")
    assert build(pages).returncode != 0
