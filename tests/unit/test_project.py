"""The repository as a whole: its files agree with each other."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version

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
    """The grader's distribution."""
    return project_in(REPOSITORY)


@pytest.fixture(scope="module")
def students():
    """The students' distribution."""
    return project_in(REPOSITORY / "assignment2")


def project_in(folder):
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_environment_agrees_with_pyproject(project):
    """Does conda's environment take its packages from both distributions, on the same Pythons?"""
    listed = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    packages = {"pip": ["-e ./assignment2[lab]", "-e .[test]"]}
    assert listed == [f"python{project['requires-python']}", "pip", packages]


def test_setup_installs_both_distributions():
    """Does every pip of the Makefile that installs this repository install the students' package with it?"""
    text = (REPOSITORY / "Makefile").read_text(encoding="utf-8").replace("\\\n", "")
    installing = [line for line in text.split("\n") if "pip install" in line]
    assert len(installing) == 4
    assert [line for line in installing if "--editable './assignment2[lab" not in line] == []


def test_distributions_agree(project, students):
    """Do both distributions need the same Python and come with the same license?"""
    for field in ("requires-python", "license", "license-files"):
        assert project[field] == students[field]
    copies = [(folder / "LICENSE").read_bytes() for folder in (REPOSITORY, REPOSITORY / "assignment2")]
    assert copies[0] == copies[1]


def test_students_get_no_grader(students):
    """Is what the students' distribution needs free of the grader, of nbgrader, and, without an extra, of Jupyter?"""
    assert {re.match(r"[\w-]+", text)[0] for text in students["dependencies"]} == {
        "numpy", "matplotlib", "tqdm", "pooch", "threadpoolctl",
    }  # fmt: skip
    assert set(students["optional-dependencies"]) == {"lab", "pytorch", "tensorflow"}


def test_import_needs_no_other_package():
    """Does `import cs231n` import nothing but itself, so that it takes no time and works without IPython?"""
    code = "import sys; before = set(sys.modules); import cs231n; print(*sorted(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["cs231n"]


def test_every_dependency_is_pinned(project, students):
    """Has every package that the test and demo commands install an exact version, within the declared bounds?"""
    from packaging.requirements import Requirement

    pinned = dict(
        line.split("==")
        for line in (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").lower().splitlines()
        if "==" in line
    )
    extras = [*project["optional-dependencies"]["test"], *students["optional-dependencies"]["lab"]]
    for requirement in map(Requirement, [*project["dependencies"], *students["dependencies"], *extras]):
        if requirement.name in (project["name"], students["name"]):
            continue
        assert requirement.specifier.contains(pinned[requirement.name.lower()]), requirement


def test_one_version(project, students):
    """Do both distributions take the version of `cs231n`, which is that of the newest release in the changelog?"""
    assert "version" not in {**project, **students}
    text = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)
    assert headings[0] == "Unreleased"
    installed = {version(project["name"]), version(students["name"])}
    assert {autograder.__version__, cs231n.__version__, *installed} == {headings[1]}


def test_ci_calls_the_command_of_the_readme():
    """Do .ci/run and the workflow run what the README tells people to run?"""
    assert "    make test" in (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").splitlines()
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
    assert set(re.findall(r"`autograder (\w[\w-]*)", text)) <= {name for name, _, _ in COMMANDS}
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
