"""Execute the definitions of a notebook in a module, and explain why the module lacks a name."""

import ast
import difflib
import dis
import importlib.abc
import sys
import warnings
from types import CodeType

from cs231n.notebook_import.definitions import remember_lines
from cs231n.notebook_import.stale import Snapshot

imported: set[str] = set()  # the names of all modules that were loaded from notebooks: a kernel has 700 others


class NotebookWarning(UserWarning):
    """Something in an imported notebook could not be used, or changed after it was imported."""


class NotebookLoader(importlib.abc.Loader):
    """Executes the definitions of one notebook in its module."""

    def __init__(self, name, path):
        self.name = name
        self.path = path
        self.loading = False
        self.snapshot = Snapshot(path)
        self.defined: frozenset[str] = frozenset()

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        definitions = self.snapshot.take()
        remember_lines(definitions.sources)
        before = vars(module).get("__notebook__")
        module.__doc__ = f"The definitions of {self.path}"
        module.__getattr__ = self._attribute_error
        imported.add(self.name)
        self.loading = True
        try:
            self.defined = self._execute(definitions.steps, module)
        finally:
            self.loading = False
        if before is not None:  # reloaded: what the notebook no longer defines must go
            for name in before.defined - self.defined:
                vars(module).pop(name, None)
        module.__notebook__ = self
        definitions.problems += self._unusable(definitions)
        for problem in definitions.problems:
            warnings.warn(problem, NotebookWarning, stacklevel=2)

    def _execute(self, steps, module):
        """Execute steps in order; return the names that they define."""
        defined: set[str] = set()
        for step in steps:
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

    def _unusable(self, definitions):
        """Yield a line for each name that a function needs and the import does not define, with the reason."""
        for step in definitions.steps:
            if not step.experiment and isinstance(step.node, ast.FunctionDef | ast.ClassDef):
                for name in sorted(global_names(step.code) & definitions.absent.keys() - self.defined):
                    yield f"{self.path.name}: {step.node.name} uses {name}, but {definitions.absent[name]}"

    def _leave_out(self, step, error):
        why = f"{step}, `{_first_line(step.node)}` raised {type(error).__name__}: {error}"
        self.snapshot.definitions.absent.update(dict.fromkeys(step.names, why))
        # What depends on an experiment cannot exist here; that is a problem only if somebody asks for it.
        if not step.experiment and not isinstance(step.node, ast.Assign | ast.AnnAssign):
            self.snapshot.definitions.problems.append(f"{self.path.name}: {why}")

    def _attribute_error(self, name):
        raise AttributeError(self.explain(name), name=name)

    def explain(self, name):
        """Return why the notebook has no such name, and what to do."""
        text = f"{self.path.name} does not define {name}: "
        if self.loading:
            return text + (
                "it is still being imported, and imports the notebook that asks for it (a circular import): "
                f"define {name} before that import, or in a notebook that both import"
            )
        if self.snapshot.is_stale():
            return text + f"the file has changed since it was imported. {self.advice()}"
        if name in self.snapshot.definitions.absent:
            return text + f"{self.snapshot.definitions.absent[name]}. {self.advice(repair='Repair it,')}"
        close = difflib.get_close_matches(name, self.defined, n=1)
        hint = f"did you mean {close[0]}? Otherwise, " if close else ""
        return text + hint + f"write it there ({self.path}). " + self.advice(repair="Then")

    def advice(self, repair=""):
        """Return how to import the notebook again. repair: how that sentence begins, if something comes first"""
        start = f"{repair} save the notebook and run" if repair else "Run"
        return (
            f"{start} `import importlib, {self.name}; importlib.reload({self.name})`, "
            "then the cells again that import from it (or restart the kernel)"
        )


def loader_of(name):
    """Return the NotebookLoader of an imported module, None if it is not a notebook."""
    spec = getattr(sys.modules.get(name), "__spec__", None)
    loader = getattr(spec, "loader", None)
    return loader if isinstance(loader, NotebookLoader) else None


def global_names(code: CodeType) -> set[str]:
    """Return the global names that code reads, in its functions too."""
    names = {i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return names.union(*(global_names(each) for each in code.co_consts if isinstance(each, CodeType)))


def _first_line(node):
    return ast.unparse(node).splitlines()[0]
