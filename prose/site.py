"""What MkDocs does not do by itself: pages at their paths in the repository, notebooks as pages, formulas, names.

The pages are at the same paths as in the repository, so relative links work there and on the site. A starter notebook
becomes a page of Markdown: the theme then shows it as it shows all pages, and the table of contents has its steps.
"""

import re
from html import unescape
from pathlib import Path

import nbformat
from autograder.integration.formulas import mathml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
PAGES = ("*.md", "docs/*", "LICENSE", "prose/site.css", "prose/site.js")
NOTEBOOKS = "release/*/*.ipynb"  # the starter notebooks, not the key
FORMULA = re.compile(r'<(span|div) class="arithmatex">\s*\\[(\[](.*?)\\[)\]]\s*</\1>', re.DOTALL)
DISPLAYS = {"div": "block", "span": "inline"}  # of MathML, by the tag around a formula
FENCE = "~" * 8  # longer than any in a notebook


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take the theme's files and ours, under their paths in the repository."""
    places = sorted(path for pattern in PAGES for path in ROOT.glob(pattern))
    ours = [
        File(path.relative_to(ROOT).as_posix(), str(ROOT), config.site_dir, config.use_directory_urls)
        for path in places
    ]
    for path in sorted(ROOT.glob(NOTEBOOKS)):
        page = path.relative_to(ROOT).with_suffix(".md").as_posix()
        ours.append(File.generated(config, page, content=page_of(path)))
    return Files([*(file for file in files if file.src_dir != config.docs_dir), *ours])


def page_of(path: Path) -> str:
    """Return a notebook as Markdown. Cells whose source is hidden are folded."""
    parts = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        code = f"{FENCE} python\n{cell.source}\n{FENCE}"
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            code = '??? abstract "The code of the check"\n' + "\n".join(f"    {line}" for line in code.splitlines())
        parts.append(code)
    return "\n\n".join(parts)


def on_page_content(html: str, **_: object) -> str:
    """Draw formulas without a script and without the network, as on feedback pages."""
    return FORMULA.sub(lambda found: mathml(unescape(found[2]).strip(), DISPLAYS[found[1]]), html)


def on_post_page(output: str, **_: object) -> str:
    """Name the theme's search dialog for screen readers."""
    return output.replace('role="dialog">', 'role="dialog" aria-label="Search">')


on_post_template = on_post_page  # the page for what is not found
