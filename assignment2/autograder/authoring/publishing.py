"""Publish a hand-out in a public Git repository: the files that services read in it, and links that open it.

Nothing here reads the key: files and links are made from the hand-out and from the address that the instructor gives.
The address of the course itself is refused.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from string import Template
from urllib.parse import quote, urlencode, urlsplit

from autograder.authoring.kit_files import kit_file
from autograder.core.errors import GraderError

FIRST_PAGE = "lab/tree/README.md"
FILES = {  # by the name that they get
    ".devcontainer/devcontainer.json": "devcontainer.json",  # GitHub Codespaces, and VS Code with containers
    ".github/workflows/classroom.yml": "classroom.yml",  # GitHub Classroom
    ".gitignore": "gitignore",
    "runtime.txt": "runtime.txt",  # Binder
}


@dataclass(frozen=True)
class Repository:
    """Where the folder of a hand-out is published. address: that of a public repository, https; hub: the address of a
    JupyterHub, if there is one"""

    address: str
    branch: str = "main"
    hub: str | None = None

    @property
    def path(self) -> str:
        """Its name on its host: `owner/name`."""
        return urlsplit(self.address).path.strip("/").removesuffix(".git")


def require_public(repository: Repository, course: Path) -> None:
    """Raise GraderError if the address is not that of a repository, or if the course, with its key, is pushed to it."""
    parts = urlsplit(repository.address)
    if parts.scheme != "https" or not parts.hostname or not repository.path:
        raise GraderError(f"{repository.address} is not a repository's address, such as https://github.com/me/homework")
    if any(repository.path == Repository(remote).path for remote in remotes(course)):
        raise GraderError(f"{repository.address} is where this course is kept, with its key: name another repository")


def remotes(course: Path) -> list[str]:
    """Return the addresses of the repositories that a course folder is pushed to, in the form of https."""
    command = ["git", "-C", str(course), "config", "--get-regexp", r"^remote\..*url$"]
    try:
        found = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:  # no git, no remotes
        return []
    addresses = [line.split(maxsplit=1)[1] for line in found.stdout.splitlines()]
    return [each if "://" in each else f"https://{each.replace(':', '/', 1)}" for each in addresses]


def published_files(assignment: str) -> dict[str, bytes]:
    """Return the files that services look for in a repository, by name."""
    values = {"assignment": assignment, "python": "{}.{}".format(*sys.version_info)}
    made = {name: Template(kit_file(f"published/{file}")).substitute(values) for name, file in FILES.items()}
    return {name: text.encode() for name, text in made.items()}


def links(repository: Repository) -> dict[str, str]:
    """Return the addresses that open a published hand-out, by service."""
    parts = urlsplit(repository.address)
    branch = quote(repository.branch, safe="")
    on_github = parts.hostname == "github.com"
    place = f"gh/{repository.path}" if on_github else f"git/{quote(repository.address, safe='')}"
    found = {"Binder": f"https://mybinder.org/v2/{place}/{branch}?{urlencode({'urlpath': FIRST_PAGE})}"}
    if on_github:
        found["Codespaces"] = f"https://codespaces.new/{repository.path}/tree/{branch}"
    if repository.hub:
        folder = f"lab/tree/{Path(repository.path).name}/README.md"
        query = urlencode({"repo": repository.address, "branch": repository.branch, "urlpath": folder})
        found["the hub"] = f"{repository.hub.rstrip('/')}/hub/user-redirect/git-pull?{query}"
    return found
