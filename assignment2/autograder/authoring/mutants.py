"""Mutation testing of the checks: each solution of the key with one small change, which the checks have to notice.

A change that makes no difference to any caller is an equivalent; `proof/<assignment>/equivalents/<Notebook>.toml` lists
those, each with its reason.
"""

import ast
import copy
import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tqdm import tqdm

from autograder.authoring.bench import Bench, benches
from autograder.core.errors import GraderError
from autograder.course.assignment import Assignment
from autograder.course.cells import is_experiment, is_solution, name_of, tree_of
from autograder.course.key import Key, some_keys
from autograder.execution.executions import executions_in
from autograder.execution.job import ExecutionOptions, Limits

OPTIONS = ExecutionOptions(Limits(cell_seconds=10, notebook_seconds=20))  # a changed loop may never end

SWAPS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.LtE: (ast.Lt,),
    ast.GtE: (ast.Gt,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
NAMES = {
    "sum": "mean",
    "mean": "sum",
    "max": "min",
    "var": "std",
    "std": "var",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "maximum": "minimum",
    "argmax": "argmin",
    "sqrt": "square",
    "exp": "expm1",
    "randn": "rand",
}


@dataclass(frozen=True)
class Mutant:
    """One changed solution. cell: its id; line: the key's line before the change; change: "old -> new"; source: of the
    whole cell"""

    cell: str
    line: str
    change: str
    source: str


@dataclass(frozen=True)
class Outcome:
    """What the checks of its own step found. caught: whether any failed; visibly: whether one that students see did"""

    mutant: Mutant
    caught: bool
    visibly: bool


@lru_cache(maxsize=16)
def mutants(key: Key) -> list[Mutant]:
    """Return the mutants of a notebook's solutions, without the known equivalents."""
    known = equivalents(key)
    found = []
    for cell in key.notebook.cells:
        if cell.cell_type == "code" and is_solution(cell) and not is_experiment(cell):
            found += [m for m in mutants_of(name_of(cell), cell.source) if (m.cell, m.line, m.change) not in known]
    return found


def equivalents(key: Key) -> set[tuple[str, str, str]]:
    """Return (cell, line, change) of the mutants that are as correct as the key; raises GraderError if one has no
    reason."""
    path = key.assignment.proof / "equivalents" / f"{key.name}.toml"
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["equivalent"] if path.exists() else []
    for entry in entries:
        if not entry.get("reason"):
            raise GraderError(f"{path}: the entry {entry} lacks a reason")
    return {(entry["cell"], entry["line"], entry["change"]) for entry in entries}


def mutants_of(cell: str, source: str) -> Iterator[Mutant]:
    """Yield the mutants of a solution cell, each with one small change between the marks of the solution."""
    tree, lines = tree_of(source), source.split("\n")
    inside = solution_lines(lines)
    seen = {ast.unparse(tree)}
    for index, node in enumerate(ast.walk(tree)):
        number = getattr(node, "lineno", 0)
        if number not in inside:
            continue
        for changed in changes(node):
            text = ast.unparse(replaced(tree, index, changed))
            if text not in seen:
                seen.add(text)
                new = ast.unparse(changed) if changed is not None else "nothing"
                yield Mutant(cell, lines[number - 1].strip(), f"{ast.unparse(node)} -> {new}", text)


def solution_lines(lines: list[str]) -> set[int]:
    """Return the numbers, from 1, of the lines between the marks of solutions."""
    inside, found = False, set()
    for number, line in enumerate(lines, start=1):
        inside = (inside or "### BEGIN SOLUTION" in line) and "### END SOLUTION" not in line
        if inside:
            found.add(number)
    return found


def replaced(tree: ast.Module, index: int, changed: ast.AST | None) -> ast.Module:
    """Return a copy of a tree with another node in place of the one at this index of `ast.walk`; None removes a
    statement."""
    tree = copy.deepcopy(tree)
    nodes = list(ast.walk(tree))
    target = nodes[index]
    for parent in nodes:
        for field, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, field, changed)
            elif isinstance(value, list) and any(item is target for item in value):
                value[:] = [changed if item is target else item for item in value]
                value[:] = [item for item in value if item is not None] or [ast.Pass()]
    return ast.fix_missing_locations(tree)


def changes(node: ast.AST) -> Iterator[ast.AST | None]:
    """Yield the nodes that may replace a node, each a typical slip of a programmer."""
    new = copy.deepcopy(node)
    match new:
        case ast.BinOp(op=op) | ast.AugAssign(op=op) | ast.BoolOp(op=op):
            for other in SWAPS.get(type(op), ()):
                yield with_fields(new, op=other())
            if isinstance(new, ast.BinOp) and isinstance(op, ast.Add | ast.Mult | ast.Div | ast.Sub):
                yield new.left
        case ast.Compare(ops=[op]):
            for other in SWAPS.get(type(op), ()):
                yield with_fields(new, ops=[other()])
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield ast.Constant(value + 1)
            if value not in (0, 1):
                yield ast.Constant(0)
        case ast.Attribute(attr=attr) if attr in NAMES:
            yield with_fields(new, attr=NAMES[attr])
        case ast.Call(func=ast.Attribute(value=value, attr="copy" | "astype" | "squeeze")):
            yield value
        case ast.Call(keywords=keywords) if keywords:
            for leave in keywords:
                yield with_fields(new, keywords=[k for k in keywords if k is not leave])
        case ast.IfExp(body=body, orelse=orelse):
            yield body
            yield orelse
        case ast.Slice(lower=lower, upper=upper):
            if lower is not None:
                yield with_fields(new, lower=None)
            if upper is not None:
                yield with_fields(new, upper=None)
        case ast.Tuple(elts=[first, second], ctx=ast.Load()):
            yield with_fields(new, elts=[second, first])
        case ast.If(test=test):
            yield with_fields(new, test=ast.UnaryOp(ast.Not(), test))
    if isinstance(node, ast.AugAssign | ast.Expr) or (
        isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name | ast.Tuple)
    ):
        yield None


def with_fields(node: ast.AST, **fields: object) -> ast.AST:
    """Return a shallow copy of a node with other values in some fields."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def judge(bench: Bench, some: list[Mutant]) -> list[Outcome]:
    """Judge mutants of one step as in grading, each by the check cell of that step."""
    start(bench, some)
    return [outcome(bench, mutant) for mutant in some]


def start(bench: Bench, some: list[Mutant]) -> None:
    """Start to run mutants of one step."""
    for mutant in some:
        bench.start(bench.job(bench.form({mutant.cell: mutant.source}), options=OPTIONS))


def outcome(bench: Bench, mutant: Mutant) -> Outcome:
    """Judge one mutant."""
    verdicts = bench.verdicts(bench.form({mutant.cell: mutant.source}), options=OPTIONS)
    failed = [verdict for verdict in verdicts if not verdict.passed]
    return Outcome(mutant, bool(failed), any(not verdict.hidden for verdict in failed))


def mutants_at(bench: Bench) -> list[Mutant]:
    """Return the mutants of one step."""
    return [mutant for mutant in mutants(bench.key) if mutant.cell == bench.step]


def mutation_test(assignment: Assignment, names: list[str], sample: int | None = None) -> bool:
    """Judge the mutants of notebooks, and print which ones no check, or no visible check, notices; returns whether all
    were caught.

    names: those of notebooks, all if the list is empty; sample: how many mutants of each notebook to judge, the same
    ones each time
    """
    executions = executions_in(assignment.course / "executions")
    survivors = 0
    for name, key in some_keys(assignment, names).items():
        some = mutants(key)
        if sample is not None and sample < len(some):
            some = random.Random(name).sample(some, sample)
        with benches({name: key}, executions) as found:
            by_step = [judge(bench, [m for m in some if m.cell == bench.step]) for bench in tqdm(found, desc=name)]
        outcomes = [outcome for step in by_step for outcome in step]
        for outcome in outcomes:
            if not outcome.visibly:
                survivors += not outcome.caught
                how = "is caught by hidden checks only" if outcome.caught else "SURVIVES"
                print(f"{outcome.mutant.cell}: {outcome.mutant.change} {how}\n    in: {outcome.mutant.line}")
        caught, visibly = sum(o.caught for o in outcomes), sum(o.visibly for o in outcomes)
        print(f"{name}: of {len(some)} mutants {caught} are caught, {visibly} by a visible check")
    return not survivors
