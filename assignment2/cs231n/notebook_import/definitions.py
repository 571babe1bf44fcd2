"""Select what is executed when a notebook is imported: functions, classes, imports and constants."""

import __future__

import ast
import json
import linecache
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType

# Cell magics that run the cell's own code and keep what it defines.
KEEPING = {"time", "capture", "prun"}
# What a constant may call: it takes no time and has no effect. A notebook says np for numpy.
MODULES = {"np", "numpy", "math", "functools", "itertools", "collections", "operator", "re", "string"}
FUNCTIONS = {
    *("abs", "bool", "complex", "dict", "enumerate", "float", "frozenset", "int", "len", "list", "max", "min", "pow"),
    *("range", "round", "set", "slice", "sorted", "str", "sum", "tuple", "type", "zip"),
    *("partial", "namedtuple", "defaultdict", "OrderedDict", "Counter"),
}
NOT_CALLED = {"load", "loadtxt", "genfromtxt", "fromfile", "memmap", "save", "savez", "savetxt", "seed", "set_state"}


@dataclass
class Step:
    """One top-level statement that is executed when its notebook is imported."""

    cell: str  # its label
    node: ast.stmt
    code: CodeType
    names: list[str]  # that it binds
    experiment: bool  # whether it is in the cell of an experiment, whose results may be missing

    def __str__(self):
        return f"cell {self.cell}, line {self.node.lineno}"


@dataclass(eq=False)
class Definitions:
    """What importing a notebook executes, and why other names that it mentions are not defined."""

    steps: list[Step] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)  # name: why the notebook does not define it
    problems: list[str] = field(default_factory=list)  # for the reader of the importing notebook
    sources: dict[str, str] = field(default_factory=dict)  # file name in tracebacks: text of the cell

    def __eq__(self, other):
        """Whether the definitions are the same; outputs and other cells do not matter."""
        return [ast.dump(step.node) for step in self.steps] == [ast.dump(step.node) for step in other.steps]


def read_definitions(path: Path) -> Definitions:
    """Find the definitions in a notebook, without executing anything.

    path: the .ipynb file, nbformat 4. Returns Definitions; a cell that Python cannot parse is left out and noted
    in `problems`. Raises ImportError if the file is not a notebook.
    """
    return parse_definitions(path.read_bytes(), path)


def parse_definitions(content: bytes | str, path: Path) -> Definitions:
    """Find the definitions in the JSON of a notebook, as `read_definitions` does in a file. path: for its name"""
    definitions, flags = Definitions(), 0
    for label, source, experiment in _code_cells(content, path):
        filename = f"{path.name}[{label}]"
        magic = re.match(r"\s*%%(\w+)", source)
        if magic and magic[1] in KEEPING:
            source = source.replace("%%", "# %%", 1)
        elif magic:
            why = f"cell {label} begins with %%{magic[1]}, which keeps no definition"
            definitions.absent.update(dict.fromkeys(_names_in_text(source), why))
            continue
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


def _code_cells(content, path):
    """Yield (label, source, is an experiment) for each code cell except checks; the label is its nbgrader id or its
    number."""
    try:
        if isinstance(content, bytes):
            content = content.decode(json.detect_encoding(content))
        cells = json.loads(content)["cells"]
        labels = set()
        for number, cell in enumerate(cells, start=1):
            if not isinstance(cell, dict) or cell.get("cell_type") != "code":
                continue
            metadata = cell.get("metadata") or {}
            nbgrader = metadata.get("nbgrader") or {}
            if nbgrader.get("grade") and not nbgrader.get("solution"):
                continue
            label = str(nbgrader.get("grade_id") or number)
            if label in labels:  # the student has copied the cell
                label = f"{label}, cell {number}"
            labels.add(label)
            source = "".join(cell.get("source") or "").replace("\r\n", "\n")
            yield label, source, "experiment" in (metadata.get("tags") or [])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ImportError(
            f"{path} is not a notebook that can be read ({type(error).__name__}: {error}): open it in JupyterLab "
            "and save it again",
            path=str(path),
        ) from error


def _parse(source):
    """Return the text and the syntax tree of a cell; lines that only IPython understands are not in the tree."""
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
    """Return Python code for a cell with `%`, `!` or `?` lines."""
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        return re.sub(r"(?m)^([ \t]*)[%!?].*$", r"\1pass", source)
    return TransformerManager().transform_cell(source)


def _is_check(tree):
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(getattr(func, "id", getattr(func, "attr", None)) == "checking" for func in calls)


def _definitions_of(tree, filename, label, flags):
    """Return (steps, absent, flags of the __future__ imports so far) of one cell."""
    steps, absent = [], {}
    for node in tree.body:
        names = bound_names(node)
        if not is_definition(node):
            why = f"cell {label}, line {node.lineno}, is not a definition and does not run on import"
            absent.update(dict.fromkeys(names, why))
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            flags |= _future_flags(node)
        code = compile(ast.Module([node], []), filename, "exec", flags=flags, dont_inherit=True)
        steps.append(Step(label, node, code, names, False))
    return steps, absent, flags


def is_definition(node: ast.stmt) -> bool:
    """Return whether a top-level statement is executed when its notebook is imported."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Import() | ast.ImportFrom():
            return True
        case ast.Try():  # try: import this; except ImportError: import that
            handlers = [statement for handler in node.handlers for statement in handler.body]
            parts = [*node.body, *handlers, *node.orelse, *node.finalbody]
            return all(isinstance(part, ast.Pass) or is_definition(part) for part in parts)
        case ast.Assign(targets=targets, value=value):
            return all(_is_constant(target, value) for target in targets)
        case ast.AnnAssign(target=target, value=value):
            return value is not None and _is_constant(target, value)
    return False


def _is_constant(target, value):
    """Return whether it is a constant: `eps = 1e-5`, `relu = lambda x: ...`, `rng = np.random.default_rng(0)`, but not
    `net = train()`."""
    match target:
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            return all(_is_constant(each, value) for each in targets)
        case ast.Name():
            return not _computes(value)
    return False


def _computes(value):
    """Return whether an expression could take long or have effects: it calls what is not known to be harmless."""
    match value:
        case ast.Lambda(args=arguments):  # its body does not run
            return any(map(_computes, [*arguments.defaults, *filter(None, arguments.kw_defaults)]))
        case ast.Await() | ast.NamedExpr() | ast.Yield() | ast.YieldFrom():
            return True
        case ast.Call(func=called) if not _is_harmless(called):
            return True
    return any(map(_computes, ast.iter_child_nodes(value)))


def _is_harmless(called):
    """Return whether a function is one of Python's or NumPy's that takes no time: `float`, `np.finfo`."""
    if isinstance(called, ast.Name):
        return called.id in FUNCTIONS
    if not isinstance(called, ast.Attribute) or called.attr in NOT_CALLED:
        return False
    while isinstance(called, ast.Attribute):
        called = called.value
    return isinstance(called, ast.Name) and called.id in MODULES


def bound_names(node: ast.AST) -> list[str]:
    """Return the names that a top-level statement binds."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    names = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            names.append(child.id)
        elif not isinstance(child, ast.Lambda):
            names += bound_names(child)
    return names


def _names_in_text(source):
    """Return the names that a cell with a syntax error seems to define."""
    pattern = r"(?m)^(?:(?:async[ ]+)?def|class)[ ]+(\w+)|^(\w+)[ ]*=(?!=)"
    return [a or b for a, b in re.findall(pattern, source)]


def _future_flags(node):
    return sum(getattr(__future__, alias.name).compiler_flag for alias in node.names)


def remember_lines(sources):
    """Let tracebacks and inspect.getsource find the lines of the cells."""
    for filename, text in sources.items():
        lines = [line + "\n" for line in text.splitlines()]
        linecache.cache[filename] = (len(text), None, lines, filename)  # None, no time: the entry is never dropped
