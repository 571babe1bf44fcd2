"""Where MkDocs finds the pages: at their paths in the repository, so that relative links work there and on the site."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
PAGES = ("*.md", "docs/*", "release/*/*.ipynb", "LICENSE")  # the starter notebooks, not the key


@event_priority(100)  # before the plugin that renders notebooks
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take the theme's files and ours, under their paths in the repository."""
    places = sorted(path for pattern in PAGES for path in ROOT.glob(pattern))
    ours = [
        File(path.relative_to(ROOT).as_posix(), str(ROOT), config.site_dir, config.use_directory_urls)
        for path in places
    ]
    return Files([*(file for file in files if file.src_dir != config.docs_dir), *ours])
