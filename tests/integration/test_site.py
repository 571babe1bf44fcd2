"""The pages as a website."""

import os
import shutil
import subprocess
import sys
from itertools import cycle

import pytest
from helpers import REPOSITORY, browser
from helpers.accessibility import serious_problems

PHONE, DESK = 390, 1280


def build(folder):
    """Build the site of a folder, as `make site` does."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build"],
        cwd=folder, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site of this repository."""
    folder = tmp_path_factory.mktemp("site")
    copy_pages(folder)
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


def copy_pages(tmp_path):
    """Copy what the site is made from."""
    for name in ("docs", "prose", "release"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    for path in [*REPOSITORY.glob("*.md"), REPOSITORY / "mkdocs.yml", REPOSITORY / "LICENSE"]:
        shutil.copy(path, tmp_path)


def test_every_page_is_there(site):
    """Is every document and every starter notebook a page, without a broken link or anchor?"""
    pages = site.parent
    sources = [*pages.glob("docs/*.md"), *pages.glob("release/*/*.ipynb")]
    assert len(sources) >= 10
    for source in sources:
        assert (site / source.relative_to(pages).with_suffix("") / "index.html").is_file(), source
    assert (site / "docs" / "check_cell.png").is_file()


def test_a_notebook_is_a_page(site):
    """Are formulas drawn without a script, the code of checks folded, and steps in the table of contents?"""
    page = (site / "release" / "assignment2" / "Dropout" / "index.html").read_text(encoding="utf-8")
    assert page.count("<math") > 5
    assert "arithmatex" not in page
    assert "$" not in page.split("<article", 1)[1].split("<details", 1)[0]
    assert page.count("<details") == page.count("The code of the check") > 2
    assert '<a href="#dropout_forward" class="md-nav__link">' in page


@pytest.mark.needs("chromium")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_everybody_can_read_it(site):
    """Does axe find nothing serious on any page, and does no page need the network or to be pushed sideways?"""
    readers = cycle([("light", DESK), ("dark", PHONE)])  # one for each page: style and layout are those of all pages
    with browser.chromium() as chromium, browser.served(site) as address:
        for path, (scheme, width) in zip(sorted(site.rglob("*.html")), readers, strict=False):
            place = path.relative_to(site).as_posix()
            with browser.visit(chromium, f"{address}/{place}") as visit:
                visit.page.set_viewport_size({"width": width, "height": 800})
                visit.page.emulate_media(color_scheme=scheme)
                visit.page.reload(wait_until="networkidle")  # not in the middle of a transition
                assert serious_problems(visit.page) == {}, (place, scheme)
                assert visit.page.evaluate("document.documentElement.scrollWidth") <= width, (place, scheme)
                assert visit.asked == visit.errors == [], place


@pytest.mark.parametrize("link", ["[nowhere](docs/nowhere.md)", "[no such part](docs/grading.md#no-such-part)"])
def test_a_broken_link_ends_the_build(tmp_path, link):
    """Does a link to a page or a part that does not exist end the build?"""
    pages = tmp_path
    copy_pages(pages)
    shutil.rmtree(pages / "release")  # what takes long
    config = (pages / "mkdocs.yml").read_text(encoding="utf-8")
    lines = [line for line in config.splitlines() if "release/" not in line]
    (pages / "mkdocs.yml").write_text("\n".join(lines), encoding="utf-8")
    assert build(pages).returncode == 0
    with (pages / "README.md").open("a", encoding="utf-8") as readme:
        readme.write(f"\n{link}\n")
    assert build(pages).returncode != 0
