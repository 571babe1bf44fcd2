"""Test one step of a key: run its check cell after other solutions, and judge it as in grading."""

import os
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property

from nbformat import NotebookNode

from autograder.core.results import CellResult, Verdict
from autograder.course.catalogue import KnownMistakes, Misconception, catalogue
from autograder.course.cells import is_check, is_solution, name_of, points_of
from autograder.course.key import Key
from autograder.course.solutions import one_step
from autograder.course.steps import steps
from autograder.execution.executions import Executions
from autograder.execution.job import CodeCell, ExecutionOptions, Job
from autograder.execution.kernel.compiled import module_for_kernel
from autograder.judging.expected import PUBLIC_SEED, Expected, expected_values
from autograder.judging.judge import CheckJudge
from autograder.judging.messages import Message, sent
from autograder.submission.preparation import make_job, merge

NOTHING_KNOWN = KnownMistakes({}, {})
AS_BY_DEFAULT = ExecutionOptions()
IN_A_SESSION = CodeCell(
    "import os\n"
    "from cs231n.checks import shipped\n"
    'os.environ["CS231N_CHECKS"] = ""\n'  # undo what the judge sets
    "shipped.values = lambda cell: {}\n"  # `autograder release` writes them later
    "shipped.mistakes = lambda cell: ({}, {})\n"
)


@dataclass(frozen=True)
class Bench:
    """Runs the check cell of one step after other solutions.

    step: the name of the check cell without `test_`; pool: its threads only wait for jobs (whatever parses Python stays
    in the calling thread: in Python 3.11, two threads that parse at once may fail with a SystemError)
    """

    key: Key
    step: str
    executions: Executions
    pool: Executor
    started: dict[str, Future[list[CellResult]]] = field(default_factory=dict, compare=False)  # by the job's address

    @property
    def check(self) -> str:
        """The name of the check cell."""
        return f"test_{self.step}"

    @cached_property
    def points(self) -> float:
        """The points of the check cell."""
        return next(points_of(cell) for cell in self.key.notebook.cells if name_of(cell) == self.check)

    @cached_property
    def mistakes(self) -> list[Misconception]:
        """The entries of the catalog about this step."""
        found = catalogue(self.key.assignment, self.key.name) if self.step in steps(self.key) else []
        return [mistake for mistake in found if mistake.cell == self.step]

    @cached_property
    def expected(self) -> Expected:
        """What the key sends; raises KeyFails if it fails its own checks."""
        return expected_values(self.key, self.executions, self.step)

    @cached_property
    def right(self) -> NotebookNode:
        """The key up to this check cell."""
        return one_step(self.key.notebook, self.step)

    def form(self, solutions: dict[str, str]) -> NotebookNode:
        """Return the key up to this check cell, with other sources in some of its solution cells. Do not change it."""
        cells = [
            NotebookNode(cell, source=solutions[name_of(cell)])
            if is_solution(cell) and name_of(cell) in solutions
            else cell
            for cell in self.right.cells
        ]
        return NotebookNode(self.right, cells=cells)

    def job(self, form: NotebookNode, seed: str | None = None, options: ExecutionOptions = AS_BY_DEFAULT) -> Job:
        """Return the job of a form of this step."""
        return make_job(form, self.key, options=options, seed=seed)

    def start(self, job: Job) -> Future[list[CellResult]]:
        """Start a job unless it was started already; several run at the same time."""
        if job.address not in self.started:
            self.started[job.address] = self.pool.submit(self.executions.results, job)
        return self.started[job.address]

    def sent(self, form: NotebookNode, seed: str | None = None) -> list[Message]:
        """Execute a form of this step; returns what its check cell sends."""
        return list(sent(merge(form, self.start(self.job(form, seed)).result()).cells[-1]))

    def verdicts(
        self, form: NotebookNode, known: KnownMistakes = NOTHING_KNOWN, options: ExecutionOptions = AS_BY_DEFAULT
    ) -> list[Verdict]:
        """Judge a form of this step as in grading, except trained networks, which are judged from files."""
        judge = CheckJudge(self.expected, lambda message, folder: [], known)
        executed = merge(form, self.start(self.job(form, options=options)).result())
        return judge.cell(executed.cells[-1], self.key.assignment.source)

    def printed(self) -> str:
        """Return what the key's check cell prints in a session like a student's, with its hidden checks."""
        job = self.job(self.form({}), PUBLIC_SEED)
        cells = (replace(cell, withheld=()) for cell in job.cells)  # modules are withheld only during grading
        results = self.start(replace(job, cells=(IN_A_SESSION, *cells))).result()
        return "".join(str(output.get("text", "")) for output in results[-1].outputs)


@contextmanager
def benches(found: dict[str, Key], executions: Executions) -> Iterator[list[Bench]]:
    """Yield a bench for each step of some notebooks, in order; jobs run on all cores."""
    for key in found.values():
        for name, definitions in key.definitions.items():
            module_for_kernel(name, definitions)  # parsed here, in this thread, and cached: see `Bench`
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield [
            Bench(key, name_of(cell).removeprefix("test_"), executions, pool)
            for key in found.values()
            for cell in key.notebook.cells
            if is_check(cell) and name_of(cell).startswith("test_")
        ]
