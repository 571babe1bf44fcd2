"""The rooms of the grader: who may import whom."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import autograder
import cs231n
import pytest

GRADER, STUDENTS = Path(autograder.__file__).parent, Path(cs231n.__file__).parent
# each room imports from those before it only; the last one is what stands outside the rooms
ROOMS = [
    "core",
    "course",
    "execution",
    "submission",
    "judging",
    "evaluation",
    "integration",
    "grading",
    "collecting",
    "report",
    "authoring",
    "demo",
    "",
]


def module_name(path, package):
    parts = [package.name, *path.relative_to(package).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path):
    """The modules that a file imports, those inside functions included; of `from package import name`, both."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


MODULES = {module_name(path, GRADER): imports_of(path) for path in sorted(GRADER.rglob("*.py"))}


def room_of(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else ""


def test_every_folder_is_a_room():
    """Is every folder of the grader a room with a place in the order?"""
    folders = {path.name for path in GRADER.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(ROOMS) - {""}


@pytest.mark.parametrize("module", MODULES)
def test_no_arrow_points_up(module):
    """Does the module import from its own room and the rooms below it only?"""
    others = MODULES[module] & set(MODULES) - {"autograder"}  # the package itself holds the version only
    above = ROOMS[ROOMS.index(room_of(module)) + 1 :]
    assert {other for other in others if room_of(other) in above} == set()


def test_no_circle():
    """Do imports never lead back to where they started?"""
    graph = {module: found & set(MODULES) - {module} for module, found in MODULES.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)  # raises CycleError at a circle


def test_students_package_never_imports_the_grader():
    """Does no module of cs231n import autograder?"""
    found = {path.name: imports_of(path) for path in STUDENTS.rglob("*.py")}
    assert found
    assert {name for name, imports in found.items() if any(i.split(".")[0] == "autograder" for i in imports)} == set()
