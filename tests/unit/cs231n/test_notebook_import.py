"""Importing a notebook as a module: definitions only, and errors that say what to do."""

import copy
import importlib
import importlib.util
import inspect
import json
import os
import sys
import traceback
import warnings

import cs231n.notebook_import as notebook_import
import pytest
from cs231n.notebook_import import NotebookWarning


def cell(source, grade_id=None, tags=(), **nbgrader):
    metadata = {"tags": list(tags)} if tags else {}
    if grade_id:
        metadata["nbgrader"] = {"grade_id": grade_id, "grade": False, "solution": True, **nbgrader}
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [], "execution_count": None}


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """A function that writes a notebook into the current folder, an empty one."""
    before = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(notebook_import.FOLDER_VARIABLE, raising=False)

    def write(name, *cells, folder=tmp_path):
        content = [each if isinstance(each, dict) else cell(each) for each in cells]
        path = folder / f"{name}.ipynb"
        path.write_text(json.dumps({"cells": content, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        # Two versions written within one tick of the file system's clock must differ in time.
        os.utime(path, ns=(path.stat().st_atime_ns, len(path.read_bytes()) * 10**9))
        return path

    yield write
    for name in set(sys.modules) - before:
        if hasattr(sys.modules[name], "__notebook__") or name.startswith("Nb"):
            del sys.modules[name]


def test_only_definitions_are_executed(notebook, capsys):
    """Are functions, classes, imports and constants there, and nothing that an experiment does?"""
    notebook(
        "NbA",
        "import math\nfrom os import path as where\nEPS, SIZES = 1e-5, [1, 2 * 3]\nlr = -1e-3\nprint('experiment')",
        "def f(x):\n    return math.sqrt(x) + EPS",
        "alias = f\nclass A:\n    pass\nclass B(A):\n    n = 3\n    def g(self):\n        return f(4)",
        "model = B()\nDATA = f(1)\nfor step in range(3):\n    1 / 0\nif True:\n    def hidden(): pass",
        "try:\n    import no_such_module\nexcept ImportError:\n    no_such_module = None",
        {"cell_type": "markdown", "metadata": {}, "source": "def text(): pass"},
    )
    import NbA

    assert NbA.f(4) == 2 + 1e-5
    assert NbA.alias is NbA.f
    assert NbA.B().g() == NbA.f(4)
    assert issubclass(NbA.B, NbA.A)
    assert (NbA.EPS, NbA.SIZES, NbA.lr, NbA.no_such_module) == (1e-5, [1, 6], -1e-3, None)
    for name in ("model", "DATA", "step", "hidden", "text"):
        assert not hasattr(NbA, name)
    assert capsys.readouterr().out == ""


def test_check_cells_are_left_out(notebook):
    """Do graded cells and cells that use checking() define nothing, but a solution cell that mentions it does?"""
    notebook(
        "NbChecks",
        cell("def graded(): pass", "test_f", grade=True, solution=False),
        "def helper(): pass\nwith checking('f') as check:\n    helper()",
        cell("# see checking(...)\ndef f(): return 1", "f"),
        cell("def by_hand(): return 2", "by_hand", grade=True, solution=True),
    )
    import NbChecks

    assert (NbChecks.f(), NbChecks.by_hand()) == (1, 2)
    assert not hasattr(NbChecks, "graded")
    assert not hasattr(NbChecks, "helper")


@pytest.mark.parametrize("ipython", [True, False])
def test_magics_do_not_break_a_cell(notebook, monkeypatch, ipython):
    """Is a cell with %, ! and ? lines imported, with and without IPython, its line numbers unchanged?"""
    if not ipython:
        monkeypatch.setitem(sys.modules, "IPython.core.inputtransformer2", None)
    notebook(
        "NbMagic",
        "%load_ext autoreload\n!touch made\n?print\ndef f():\n    %time\n    return 1\n%autoreload 2",
        "%%bash\nimport no_such_module",
        "%matplotlib inline\nimport math",
    )
    import NbMagic

    assert NbMagic.f.__code__.co_firstlineno == 4
    assert NbMagic.math.pi > 3
    assert not os.path.exists("made")


def test_habits_of_a_session(notebook):
    """Are definitions below %%time, lambdas, and values that Python or NumPy makes at once found?"""
    notebook(
        "NbHabits",
        "import functools\nimport numpy as np",
        "%%time\ndef timed(x):\n    return x + eps",
        "%%capture out\ndef captured(): return rng.normal()",
        "relu = lambda x, low=0.0: np.maximum(x, low)\neps = np.finfo(float).eps\nrng = np.random.default_rng(0)",
        "two = functools.partial(pow, 2)\nnames = [f'W{n}' for n in range(2)]\nhalf = float('0.5') / 2",
    )
    from NbHabits import captured, eps, half, names, relu, timed, two

    assert timed.__code__.co_firstlineno == 2
    assert timed(0.0) == eps == sys.float_info.epsilon
    assert isinstance(captured(), float)
    assert (relu(-1.0), two(3), names, half) == (0.0, 8, ["W0", "W1"], 0.25)


def test_what_is_not_executed_is_named_where_it_is_needed(notebook):
    """Does the import say which function needs a name that only an experiment's call makes, and which magic ate one?"""
    notebook(
        "NbNeeds",
        "scale = measure()\ndata = load(lambda: 1)",
        "def f(x):\n    return [scale * each for each in x]",
        cell("def plot():\n    return data", tags=["experiment"]),
        "%%timeit\ndef lost(): pass",
    )
    with pytest.warns(NotebookWarning, match=r"f uses scale, but cell 1, line 1, is not a definition") as told:
        import NbNeeds
    assert len(told) == 1
    with pytest.raises(AttributeError, match=r"cell 4 begins with %%timeit, which keeps no definition"):
        NbNeeds.lost()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\\n", "\\r\\n").encode(),
        lambda text: text.replace('"cells": [', '"cells": [null, {"cell_type": "code"}, ').encode(),
        lambda text: text.replace('"metadata": {}', '"metadata": null').encode(),
        lambda text: text.replace('"outputs": []', '"outputs": null').encode(),
    ],
    ids=["mark", "UTF-16", "Windows", "cells", "metadata", "outputs"],
)
def test_bytes_and_fields_of_another_program(notebook, change):
    """Is a notebook imported that another program has stored, in any encoding and with fields missing?"""
    path = notebook("NbStored", "def f():\n    return 'ü'")
    path.write_bytes(change(path.read_text(encoding="utf-8")))
    import NbStored

    assert NbStored.f() == "ü"


def test_syntax_error_leaves_out_its_cell_only(notebook):
    """Does a cell with a syntax error warn with notebook and cell, and does importing its names say so?"""
    notebook("NbSyntax", cell("def f(:\n    return 1\nK = 3", "f_cell"), "def g():\n    return 2")
    with pytest.warns(NotebookWarning, match=r"NbSyntax.ipynb: cell f_cell has a syntax error.*line 1"):
        from NbSyntax import g
    assert g() == 2
    for name in ("f", "K"):
        with pytest.raises(ImportError, match=rf"NbSyntax.ipynb does not define {name}: cell f_cell .*line 1"):
            exec(f"from NbSyntax import {name}")


def test_error_that_only_the_compiler_finds(notebook):
    """Is a cell that parses but does not compile left out like any other syntax error?"""
    notebook("NbCompile", "def f(a, a):\n    return 1", "def g():\n    return 2")
    with pytest.warns(NotebookWarning, match="cell 1 has a syntax error"):
        import NbCompile
    assert NbCompile.g() == 2


def test_missing_name_says_what_to_do(notebook):
    """Does importing an unknown name say which notebook lacks it, why, and a name that is close?"""
    notebook("NbNames", "def batchnorm_forward():\n    pass", "best = batchnorm_forward()\nimport math")
    with pytest.raises(
        ImportError, match=r"NbNames.ipynb does not define batchnorm_foward: did you mean batchnorm_forward"
    ):
        from NbNames import batchnorm_foward  # noqa: F401
    with pytest.raises(ImportError, match=r"does not define best: cell 2, line 1, is not a definition"):
        from NbNames import best  # noqa: F401
    with pytest.raises(
        ImportError, match=r"does not define conv: write it there \(.*NbNames.ipynb\).*reload\(NbNames\)"
    ):
        from NbNames import batchnorm_forward, conv  # noqa: F401


def test_missing_attribute_is_an_attribute_error(notebook):
    """Do hasattr, getattr with a default and copying objects of a notebook's class work?"""
    notebook("NbAttr", "class Net:\n    def __init__(self):\n        self.params = {'W1': [1]}")
    import NbAttr

    assert not hasattr(NbAttr, "conv")
    assert getattr(NbAttr, "conv", 5) == 5
    with pytest.raises(AttributeError, match=r"NbAttr.ipynb does not define Nett: did you mean Net\?"):
        NbAttr.Nett  # noqa: B018
    assert copy.deepcopy(NbAttr.Net()).params == {"W1": [1]}
    assert inspect.getmodule(NbAttr.Net) is NbAttr


def test_failing_import_inside_a_notebook(notebook):
    """Does an import that fails inside the notebook say which one it is, and one in an experiment harm nobody?"""
    notebook("NbBroken", cell("import math\nimport no_such_module as n", "imports"))
    with pytest.raises(ImportError, match=r"NbBroken.ipynb, cell imports, line 2: `import no_such_module as n` failed"):
        import NbBroken  # noqa: F401
    notebook("NbFine", cell("import no_such_module", tags=["experiment"]), "def f(): return 1")
    import NbFine

    assert NbFine.f() == 1
    with pytest.raises(ImportError, match="cell 1, line 1, `import no_such_module` raised ModuleNotFoundError"):
        from NbFine import no_such_module  # noqa: F401


def test_definition_that_raises(notebook):
    """Does a definition that needs an experiment's result leave the others alone, and say why it is missing?"""
    notebook("NbRaises", "def f(x=data):\n    pass", "X = results", "def g(): return 1")
    with pytest.warns(NotebookWarning) as caught:
        import NbRaises
    assert ["`def f(x=data):` raised NameError" in str(warning.message) for warning in caught] == [True]
    assert NbRaises.g() == 1
    with pytest.raises(ImportError, match="does not define X: cell 2, line 1, `X = results` raised NameError"):
        from NbRaises import X  # noqa: F401


def test_decorators_and_future_imports(notebook):
    """Do decorated functions work, and does a __future__ import hold for the cells after it?"""
    notebook(
        "NbDecorated",
        "from __future__ import annotations\nimport functools",
        "def twice(f):\n    @functools.wraps(f)\n    def g(*a):\n        return 2 * f(*a)\n    return g",
        "@twice\n@functools.cache\ndef f(x: undefined) -> int:\n    return x",
    )
    from NbDecorated import f

    assert f(3) == 6


def test_class_that_inherits_across_notebooks(notebook):
    """Can a later notebook extend a class of an earlier one, and use super()?"""
    notebook("NbBase", "class Net:\n    def loss(self):\n        return 1")
    notebook(
        "NbDerived",
        "from NbBase import Net as Base\nclass Net(Base):\n    def loss(self):\n        return super().loss() + 1",
    )
    from NbDerived import Net

    assert Net().loss() == 2


def test_circular_import_is_named(notebook):
    """Do two notebooks that import each other give an error that says it, or work where they can?"""
    notebook("NbOne", "from NbTwo import g\ndef f(): return 1")
    notebook("NbTwo", "from NbOne import f\ndef g(): return 2")
    with pytest.raises(ImportError, match=r"NbOne.ipynb does not define f: it is still .*circular import"):
        import NbOne  # noqa: F401
    notebook("NbThree", "import NbFour\ndef f(): return 1")
    notebook("NbFour", "import NbThree\ndef g(): return NbThree.f() + 1")
    from NbFour import g

    assert g() == 2


def test_missing_notebook(notebook, tmp_path, monkeypatch):
    """Does a missing notebook of the workbook say where it belongs, and another name stay Python's affair?"""
    expected = f"there is no FullyConnectedNets.ipynb: Put that notebook next to this one, into {tmp_path}"
    with pytest.raises(ModuleNotFoundError, match=expected) as error:
        import FullyConnectedNets  # noqa: F401
    assert error.value.name == "FullyConnectedNets"
    with pytest.raises(ModuleNotFoundError, match="is it FullyConnectedNets"):
        import FullyConectedNets  # noqa: F401
    with pytest.raises(ModuleNotFoundError, match="No module named 'NbNowhere'"):
        import NbNowhere  # noqa: F401
    assert importlib.util.find_spec("NbNowhere") is None
    monkeypatch.setenv(notebook_import.FOLDER_VARIABLE, str(tmp_path / "key"))
    with pytest.raises(ModuleNotFoundError, match=rf"Looked in {tmp_path / 'key'} \(CS231N_NOTEBOOK_PATH is set\)"):
        import Dropout  # noqa: F401


@pytest.mark.parametrize("copy", ["Dropout (1)", "Dropout-Copy1", "Dropout 2"])
def test_notebook_under_another_name(copy, notebook, tmp_path):
    """Is a copy that a browser or Jupyter has given another name found, and how to call it said?"""
    notebook("Dropout_of_school", "x = 1")
    notebook(copy, "x = 1")
    with pytest.raises(ModuleNotFoundError, match=r"rename the right one to Dropout\.ipynb") as error:
        import Dropout  # noqa: F401
    assert f"There is {copy}.ipynb in {tmp_path}" in str(error.value)


def test_missing_notebook_on_colab(notebook, monkeypatch):
    """Is it said how to get a notebook to Colab?"""
    monkeypatch.setitem(sys.modules, "google.colab", None)
    with pytest.raises(ModuleNotFoundError, match="Upload of the panel Files"):
        import Dropout  # noqa: F401


def test_folder_variable_is_the_only_place(notebook, tmp_path, monkeypatch):
    """When grading, does the import take the key's notebook, and neither the student's nor a .py file?"""
    key = tmp_path / "key"
    key.mkdir()
    notebook("NbGraded", "def f(): return 'key'", folder=key)
    notebook("NbGraded", "def f(): return 'student'")
    notebook("NbOnlyStudent", "def f(): return 'student'")
    (tmp_path / "NbGraded.py").write_text("def f(): return 'export'")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(notebook_import.FOLDER_VARIABLE, str(key))
    from NbGraded import f

    assert f() == "key"
    with pytest.raises(ModuleNotFoundError):
        import NbOnlyStudent  # noqa: F401


def test_which_of_two_goes_first(notebook, tmp_path, monkeypatch):
    """Does a notebook win over its own export and over a folder, but not over a module of another place?"""
    monkeypatch.syspath_prepend(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "NbInstalled.py").write_text("def f(): return 'installed'")
    monkeypatch.syspath_prepend(elsewhere)
    for name in ("NbInstalled", "NbExported", "NbFolder", "colorsys"):
        notebook(name, "def f(): return 'notebook'")
    (tmp_path / "NbExported.py").write_text("def f(): return 'export'")
    (tmp_path / "NbFolder").mkdir()
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    import colorsys

    import NbExported
    import NbFolder
    import NbInstalled

    assert [module.f() for module in (NbInstalled, NbExported, NbFolder)] == ["installed", "notebook", "notebook"]
    assert hasattr(colorsys, "rgb_to_hsv")
    notebook("time", "def sleep(): pass")  # built into Python: there is no file to find
    assert notebook_import.NotebookFinder().find_spec("time") is None


def test_traceback_shows_the_notebooks_lines(notebook):
    """Do tracebacks name notebook and cell and show the line, and does inspect.getsource work?"""
    notebook("NbTrace", "import math", cell("# first line\ndef f(x):\n    return x / 0  # here", "f_cell"))
    from NbTrace import f

    with pytest.raises(ZeroDivisionError) as error:
        f(1)
    text = "".join(traceback.format_exception(error.value))
    assert 'File "NbTrace.ipynb[f_cell]", line 3, in f\n    return x / 0  # here\n' in text
    assert inspect.getsource(f) == "def f(x):\n    return x / 0  # here\n"


def test_cell_that_was_copied_keeps_its_own_lines(notebook):
    """Do two cells with the same id keep tracebacks apart?"""
    notebook("NbCopied", cell("def f():\n    return 1", "same"), cell("\n\ndef g():\n    return 2", "same"))
    import NbCopied

    assert inspect.getsource(NbCopied.f) == "def f():\n    return 1\n"
    assert inspect.getsource(NbCopied.g) == "def g():\n    return 2\n"


def test_reload_picks_up_what_was_saved(notebook):
    """Does importlib.reload bring the new definitions, and take the deleted ones away?"""
    notebook("NbReload", "def f(): return 1", "def old(): return 1")
    import NbReload

    notebook("NbReload", "def f():\n    return 2", "def new(): return NbAny")
    assert NbReload.f() == 1
    importlib.reload(NbReload)
    assert NbReload.f() == 2
    assert inspect.getsource(NbReload.f) == "def f():\n    return 2\n"
    assert hasattr(NbReload, "new")
    assert not hasattr(NbReload, "old")


def test_stale_module_is_noted(notebook):
    """Is a notebook that changed after its import noted before each cell, but not one where only outputs changed?"""
    notebook("NbStale", "def f(): return 1")
    import NbStale

    notebook("NbStale", "def f(): return 1", "print('an experiment')")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        notebook_import.warn_if_stale()
    notebook("NbStale", "def f(): return 1", "def added(): return 2")
    with pytest.raises(
        ImportError, match=r"does not define added: the file has changed since.*Run .*reload\(NbStale\)"
    ):
        from NbStale import added
    notebook("NbStale", "def f(): return 1", "def added(): return 22")
    for _ in range(2):
        with pytest.warns(NotebookWarning, match=r"NbStale.ipynb has changed since it was imported here. Run"):
            notebook_import.warn_if_stale()
    importlib.reload(NbStale)
    from NbStale import added

    assert added() == 22


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"worksheets": []}', '{"cells": [{"cell_type": "code", "source": [3]}]}', '{"cells": 3}'],
)
def test_file_that_is_no_notebook(notebook, tmp_path, content):
    """Does a corrupt notebook give an ImportError that names the file?"""
    (tmp_path / "NbCorrupt.ipynb").write_text(content)
    with pytest.raises(ImportError, match=r"NbCorrupt.ipynb is not a notebook that can be read"):
        import NbCorrupt  # noqa: F401


def test_installing_twice_changes_nothing():
    """Does reloading the module leave one finder of each kind?"""
    importlib.reload(notebook_import)
    names = [type(finder).__name__ for finder in sys.meta_path]
    assert names.count("NotebookFinder") == names.count("MissingNotebookFinder") == 1
