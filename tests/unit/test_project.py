"""The repository as a whole: its files agree with each other."""

import re
import subprocess
import tomllib

import autograder
import cs231n
import pytest
import yaml
from autograder.cli import COMMANDS, parser
from helpers import REPOSITORY

PAGES = [*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").glob("*.md"))]
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_environment_agrees_with_pyproject(project):
    """Does conda's environment take its packages from pyproject.toml, on the same Pythons?"""
    lines = [line.strip() for line in (REPOSITORY / "environment.yml").read_text(encoding="utf-8").splitlines()]
    dependencies = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    assert f"python{project['requires-python']}" in dependencies
    assert "-e .[test]" in dependencies
    assert {"conda-forge", "pip", "pip:"} >= set(dependencies) - {f"python{project['requires-python']}", "-e .[test]"}


def test_every_dependency_is_pinned(project):
    """Has every package that the test and demo commands install an exact version, within the declared bounds?"""
    from packaging.requirements import Requirement

    pinned = dict(
        line.split("==")
        for line in (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").lower().splitlines()
        if "==" in line
    )
    extras = project["optional-dependencies"]
    wanted = [Requirement(text) for text in [*project["dependencies"], *extras["grader"], *extras["test"]]]
    for requirement in wanted:
        if requirement.name == project["name"]:
            continue
        assert requirement.specifier.contains(pinned[requirement.name.lower()]), requirement


def test_one_version(project):
    """Do both packages and the newest release in the changelog have the version of pyproject.toml?"""
    text = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert {project["version"], autograder.__version__, cs231n.__version__} == {headings[1]}


def test_ci_calls_the_command_of_the_readme():
    """Do .ci/run and the workflow run what the README tells people to run?"""
    assert "make test" in (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert "make test" in (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert ".ci/run" in commands(REPOSITORY / ".github" / "workflows" / "test.yml")


def commands(workflow):
    """Return the commands that a workflow runs."""
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    return [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows(path):
    """Is every workflow YAML with a trigger, jobs that say where they run, and paths that exist?"""
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["name"] == path.stem
    assert workflow[True]  # YAML reads the key `on` as a truth value
    assert all(job["runs-on"] and job["timeout-minutes"] for job in workflow["jobs"].values())
    for command in commands(path):
        for word in re.findall(r"(?:tests|\.ci)/\S+", command):
            assert (REPOSITORY / word).exists(), word


def test_workflows_run_the_supported_pythons(project):
    """Does the matrix begin with the oldest Python that pyproject.toml allows?"""
    workflow = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    pythons = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert project["requires-python"] == f">={pythons[0]}"


def test_hooks_are_the_lint_commands():
    """Do the pre-commit hooks run the programs of `make lint`, those of .venv?"""
    hooks = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    lint = re.search(
        r"^lint: setup\n((?:\t.+\n)+)", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    programs = [line.strip().removeprefix("$(BIN)/").split()[0] for line in lint[1].splitlines()]
    assert [hook["entry"].split()[0] for hook in hooks] == [f".venv/bin/{program}" for program in programs]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_only_what_exists(page):
    """Do the files, make targets and autograder commands that the pages mention exist?"""
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([\w-]+)`", text)) <= targets
    assert set(re.findall(r"`autograder (\w+)", text)) <= {name for name, _, _ in COMMANDS}
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (page.parent / link).exists(), link


def test_no_large_or_private_file_is_tracked():
    """Are weights, submissions, grades and anything above two megabytes out of the repository?"""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = [REPOSITORY / name for name in listed.stdout.split("\0") if name]
    assert [p for p in paths if p.is_file() and p.stat().st_size > 2 * 2**20] == []
    private = ("submitted", "autograded", "feedback", "executions", "grades.csv")
    assert [p for p in paths if p.relative_to(REPOSITORY).parts[0] in private or p.suffix == ".npz"] == []


def test_help_explains_the_workflow():
    """Does `autograder --help` tell the way of an assignment, with every command in it?"""
    text = parser().format_help()
    for word in ("release", "grade", "demo", "doctor", "Formgrader", "submitted/<student>"):
        assert word in text
