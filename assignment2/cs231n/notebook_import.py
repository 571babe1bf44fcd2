"""Notebooks as modules: `from FullyConnectedNets import affine_forward` reads FullyConnectedNets.ipynb.

Importing this module switches it on. Of an imported notebook only definitions are executed: functions, classes,
imports and constants, wherever they stand. Everything else is left out: experiments, check cells, magics, prints.

- Notebooks are looked for in the current folder and along sys.path; if the environment variable
  CS231N_NOTEBOOK_PATH names a folder, in that one only.
- A module of Python or an installed package of the same name goes first, but not a .py file beside the notebook (an
  export of it, which would run the experiments).
- After a change, save the notebook and run `importlib.reload(FullyConnectedNets)`, then the import cells again.
- Tracebacks show the lines of the notebook; a frame's file is called FullyConnectedNets.ipynb[affine_forward].

The library importnb is not used: it puts names into builtins and is no longer maintained.
"""

import __future__

import ast
import contextlib
import difflib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import linecache
import os
import re
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path

WORKBOOK = ("FullyConnectedNets", "BatchNormalization", "Dropout", "ConvolutionalNetworks")
FOLDER_VARIABLE = "CS231N_NOTEBOOK_PATH"


class NotebookWarning(UserWarning):
    """Something in an imported notebook could not be used, or changed after it was imported."""


# --- what to execute of a notebook ---------------------------------------------------------------------------


@dataclass
class Step:
    """One top-level statement that is executed when its notebook is imported."""

    cell: str
    node: ast.stmt
    code: object
    names: list
    experiment: bool

    def __str__(self):
        return f"cell {self.cell}, line {self.node.lineno}"


@dataclass(eq=False)
class Definitions:
    """What importing a notebook executes, and why other names that it mentions are not there."""

    steps: list = field(default_factory=list)
    absent: dict = field(default_factory=dict)  # name: why the notebook does not define it
    problems: list = field(default_factory=list)  # for the reader of the importing notebook
    sources: dict = field(default_factory=dict)  # file name in tracebacks: text of the cell

    def __eq__(self, other):
        """Whether the definitions are the same; outputs and other cells do not matter."""
        return [ast.dump(step.node) for step in self.steps] == [ast.dump(step.node) for step in other.steps]


def read_definitions(path):
    """Find the definitions in a notebook, without executing anything.

    path: the .ipynb file, nbformat 4. Returns Definitions; a cell that Python cannot parse is left out and noted
    in `problems`. Raises ImportError if the file is not a notebook.
    """
    definitions, flags = Definitions(), 0
    for label, source, experiment in _code_cells(path):
        filename = f"{path.name}[{label}]"
        try:
            text, tree = _parse(source)
            if _is_check(tree):
                continue
            steps, absent, flags = _definitions_of(tree, filename, label, flags)
        except (SyntaxError, ValueError) as error:
            place = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else str(error)
            why = f"cell {label} has a syntax error and is left out ({place})"
            definitions.problems.append(f"{path.name}: {why}")
            definitions.absent.update(dict.fromkeys(_names_in_text(source), why))
            continue
        for step in steps:
            step.experiment = experiment
        definitions.steps += steps
        definitions.absent.update(absent)
        definitions.sources[filename] = text
    return definitions


def _code_cells(path):
    """(label, source, is an experiment) of each code cell but checks; the label is its nbgrader id or its number."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        labels = set()
        for number, cell in enumerate(cells, start=1):
            if cell["cell_type"] != "code":
                continue
            metadata = cell.get("metadata", {})
            nbgrader = metadata.get("nbgrader", {})
            if nbgrader.get("grade") and not nbgrader.get("solution"):
                continue
            label = str(nbgrader.get("grade_id") or number)
            if label in labels:  # the student has copied the cell
                label = f"{label}, cell {number}"
            labels.add(label)
            yield label, "".join(cell["source"]), "experiment" in metadata.get("tags", [])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ImportError(
            f"{path} is not a notebook that can be read ({type(error).__name__}: {error}): open it in JupyterLab "
            "and save it again",
            path=str(path),
        ) from error


def _parse(source):
    """The text and the syntax tree of a cell; lines that only IPython understands are not in the tree."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as an invalid escape: the notebook itself has shown it
        try:
            return source, ast.parse(source)
        except SyntaxError:
            text = _without_magics(source)
            tree = ast.parse(text)
    same_lines = len(text.splitlines()) == len(source.splitlines())
    return (source if same_lines else text), tree


def _without_magics(source):
    """Python code for a cell with `%`, `!` or `?` lines."""
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        if source.lstrip().startswith("%%"):
            return ""
        return re.sub(r"(?m)^([ \t]*)[%!?].*$", r"\1pass", source)
    return TransformerManager().transform_cell(source)


def _is_check(tree):
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(getattr(func, "id", getattr(func, "attr", None)) == "checking" for func in calls)


def _definitions_of(tree, filename, label, flags):
    """(steps, absent, flags of the __future__ imports so far) of one cell."""
    steps, absent = [], {}
    for node in tree.body:
        names = _bound_names(node)
        if not _is_definition(node):
            why = f"cell {label}, line {node.lineno}, is not a definition and does not run on import"
            absent.update(dict.fromkeys(names, why))
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            flags |= _future_flags(node)
        code = compile(ast.Module([node], []), filename, "exec", flags=flags, dont_inherit=True)
        steps.append(Step(label, node, code, names, False))
    return steps, absent, flags


def _is_definition(node):
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Import() | ast.ImportFrom():
            return True
        case ast.Try():  # try: import this; except ImportError: import that
            handlers = [statement for handler in node.handlers for statement in handler.body]
            parts = [*node.body, *handlers, *node.orelse, *node.finalbody]
            return all(isinstance(part, ast.Pass) or _is_definition(part) for part in parts)
        case ast.Assign(targets=targets, value=value):
            return all(_is_constant(target, value) for target in targets)
        case ast.AnnAssign(target=target, value=value):
            return value is not None and _is_constant(target, value)
    return False


def _is_constant(target, value):
    """`eps = 1e-5`, `batchnorm_backward_alt = batchnorm_backward`, but no call: `net = train()`."""
    match target:
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            return all(_is_constant(each, value) for each in targets)
        case ast.Name(id=name):
            return _is_literal(value) or _is_dotted_name(value) or (name.isupper() and not _computes(value))
    return False


def _is_literal(value):
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError):
        return False
    return True


def _is_dotted_name(value):
    while isinstance(value, ast.Attribute):
        value = value.value
    return isinstance(value, ast.Name)


def _computes(value):
    """Whether an expression could take long or have effects: it calls something or loops."""
    active = (ast.Call, ast.Await, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.NamedExpr)
    return any(isinstance(node, active) for node in ast.walk(value))


def _bound_names(node):
    """The names that a top-level statement binds."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    names = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            names.append(child.id)
        elif not isinstance(child, ast.Lambda):
            names += _bound_names(child)
    return names


def _names_in_text(source):
    """The names that a cell with a syntax error seems to define."""
    pattern = r"(?m)^(?:(?:async[ ]+)?def|class)[ ]+(\w+)|^(\w+)[ ]*=(?!=)"
    return [a or b for a, b in re.findall(pattern, source)]


def _future_flags(node):
    return sum(getattr(__future__, alias.name).compiler_flag for alias in node.names)


def _remember_lines(sources):
    """Let tracebacks and inspect.getsource find the lines of the cells."""
    for filename, text in sources.items():
        lines = [line + "\n" for line in text.splitlines()]
        linecache.cache[filename] = (len(text), None, lines, filename)  # None, no time: the entry is never dropped


# --- the import system's side --------------------------------------------------------------------------------


class NotebookLoader(importlib.abc.Loader):
    """Executes the definitions of one notebook in its module."""

    def __init__(self, name, path):
        self.name = name
        self.path = path
        self.loading = False
        self.definitions = Definitions()
        self.defined = frozenset()
        self.stamp = None  # time and size of the file when it was imported
        self.seen = None, False  # the file's stamp when it was last compared, and whether it had changed

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        self.stamp = _stamp(self.path)
        self.definitions = read_definitions(self.path)
        _remember_lines(self.definitions.sources)
        before = vars(module).get("__notebook__")
        module.__doc__ = f"The definitions of {self.path}"
        module.__getattr__ = self._attribute_error
        self.loading = True
        try:
            self.defined = self._execute(module)
        finally:
            self.loading = False
        if before is not None:  # reloaded: what the notebook no longer defines must go
            for name in before.defined - self.defined:
                vars(module).pop(name, None)
        module.__notebook__ = self
        for problem in self.definitions.problems:
            warnings.warn(problem, NotebookWarning, stacklevel=2)

    def _execute(self, module):
        defined = set()
        for step in self.definitions.steps:
            try:
                exec(step.code, vars(module))
            except ImportError as error:
                if step.experiment:
                    self._leave_out(step, error)
                    continue
                raise ImportError(
                    f"{self.path.name}, {step}: `{_first_line(step.node)}` failed: {error}",
                    name=error.name,
                    path=str(self.path),
                ) from error
            except Exception as error:
                self._leave_out(step, error)
            else:
                defined.update(step.names)
        return frozenset(defined)

    def _leave_out(self, step, error):
        why = f"{step}, `{_first_line(step.node)}` raised {type(error).__name__}: {error}"
        self.definitions.absent.update(dict.fromkeys(step.names, why))
        # What depends on an experiment cannot be there, and that is no cause for alarm unless somebody asks for it.
        if not step.experiment and not isinstance(step.node, ast.Assign | ast.AnnAssign):
            self.definitions.problems.append(f"{self.path.name}: {why}")

    def _attribute_error(self, name):
        raise AttributeError(self.explain(name), name=name)

    def explain(self, name):
        """Why the notebook has no such name, and what to do."""
        text = f"{self.path.name} does not define {name}: "
        if self.loading:
            return text + (
                "it is still being imported, and imports in turn the notebook that asks (a circle): "
                f"define {name} before that import, or in a notebook that both import"
            )
        if self.is_stale():
            return text + f"the file has changed since it was imported. {self.advice()}"
        if name in self.definitions.absent:
            return text + f"{self.definitions.absent[name]}. {self.advice(repair='Repair it,')}"
        close = difflib.get_close_matches(name, self.defined, n=1)
        hint = f"did you mean {close[0]}? Otherwise, " if close else ""
        return text + hint + f"write it there ({self.path}). " + self.advice(repair="Then")

    def advice(self, repair=""):
        start = f"{repair} save the notebook and run" if repair else "Run"
        return (
            f"{start} `import importlib, {self.name}; importlib.reload({self.name})`, "
            "then the cells again that import from it (or restart the kernel)"
        )

    def is_stale(self):
        """Whether the definitions on disk are no longer those that were imported."""
        now = _stamp(self.path)
        if now is None or now == self.stamp:
            return False
        if now != self.seen[0]:
            try:
                self.seen = now, read_definitions(self.path) != self.definitions
            except (ImportError, OSError):  # half written, or gone
                return False
        return self.seen[1]


class NotebookFinder(importlib.abc.MetaPathFinder):
    """Finds notebooks. It stands before Python's own finders, to go before a .py export of the same notebook."""

    def find_spec(self, fullname, path=None, target=None):
        parent, _, name = fullname.rpartition(".")
        if parent:
            # `from FullyConnectedNets import name` comes here only if the module, which passes for a package without
            # parts, has no such name: the place for a better message than "cannot import name".
            loader = _loader_of(parent)
            if loader is not None:
                raise ImportError(loader.explain(name), name=parent, path=str(loader.path))
            return None
        notebook = _find_notebook(name)
        if notebook is None or (FOLDER_VARIABLE not in os.environ and _is_someone_elses(name, notebook)):
            return None
        loader = NotebookLoader(name, notebook)
        return importlib.util.spec_from_file_location(name, notebook, loader=loader, submodule_search_locations=[])


class MissingNotebookFinder(importlib.abc.MetaPathFinder):
    """Stands last: says where a notebook of the workbook was looked for, when nothing else has its name."""

    def find_spec(self, fullname, path=None, target=None):
        close = difflib.get_close_matches(fullname, WORKBOOK, n=1, cutoff=0.85)
        if not close:
            return None
        folders = ", ".join(str(folder) for folder in _folders())
        hint = f"is it {close[0]}? " if close[0] != fullname else ""
        why = f" ({FOLDER_VARIABLE} is set)" if FOLDER_VARIABLE in os.environ else ""
        raise ModuleNotFoundError(
            f"there is no {fullname}.ipynb: {hint}Looked in {folders}{why}. Put that notebook beside this one",
            name=fullname,
        )


def _folders():
    """Where notebooks are looked for, the current folder first."""
    if FOLDER_VARIABLE in os.environ:
        return [Path(os.environ[FOLDER_VARIABLE]).absolute()]
    with contextlib.suppress(FileNotFoundError):  # somebody has deleted the current folder
        return list(dict.fromkeys(Path(entry).absolute() for entry in ["", *sys.path] if isinstance(entry, str)))
    return []


def _find_notebook(name):
    candidates = (folder / f"{name}.ipynb" for folder in _folders())
    return next((path for path in candidates if path.is_file()), None)


def _is_someone_elses(name, notebook):
    """Whether a module of this name exists that has nothing to do with the notebook."""
    if name in sys.stdlib_module_names:
        return True
    spec = importlib.machinery.PathFinder.find_spec(name)
    if spec is None or spec.origin is None:  # nothing, or a mere folder
        return False
    return Path(spec.origin) != notebook.with_suffix(".py")


def _loader_of(name):
    spec = getattr(sys.modules.get(name), "__spec__", None)
    loader = getattr(spec, "loader", None)
    return loader if isinstance(loader, NotebookLoader) else None


def _stamp(path):
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _first_line(node):
    return ast.unparse(node).splitlines()[0]


# --- saying that an imported notebook has changed --------------------------------------------------------------


def warn_if_stale(*_):
    """Warn once about each imported notebook whose definitions have changed on disk since. Runs before each cell."""
    for name in list(sys.modules):
        loader = _loader_of(name)
        if loader is None or loader.seen[0] == _stamp(loader.path) or not loader.is_stale():
            continue
        text = f"{loader.path.name} has changed since it was imported here. {loader.advice()}"
        warnings.warn_explicit(text, NotebookWarning, loader.path.name, 0)


def install():
    """Switch the import of notebooks on; a second time changes nothing."""
    ours = {"NotebookFinder", "MissingNotebookFinder"}
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ not in ours]
    sys.meta_path.insert(0, NotebookFinder())
    sys.meta_path.append(MissingNotebookFinder())
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:
        for callback in list(shell.events.callbacks["pre_run_cell"]):
            if getattr(callback, "__name__", "") == warn_if_stale.__name__:
                shell.events.unregister("pre_run_cell", callback)
        shell.events.register("pre_run_cell", warn_if_stale)


install()
