"""What a kernel's files are: stand-ins for modules that a check has to do without."""

import importlib.util
import py_compile

from autograder.execution.workspace import stand_ins


def test_nothing_of_a_withheld_module_is_left():
    """Is the module that stands in the only file of its name, while the others come with what was compiled of them?"""
    for module in ("fast_layers", "layers"):
        py_compile.compile(importlib.util.find_spec(f"cs231n.{module}").origin)
    folder = stand_ins(("cs231n.fast_layers",)) / "cs231n"
    names = {path.name for path in folder.rglob("*")}
    assert [name for name in names if name.startswith("fast_layers")] == ["fast_layers.py"]
    assert "does not run here" in (folder / "fast_layers.py").read_text()
    assert any(name.startswith("layers.cpython") for name in names)
