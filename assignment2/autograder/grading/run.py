"""Grade a course: execute what is not in the store, in parallel, while nbgrader does the book-keeping in this process,
the only one that writes to the gradebook. Feedback pages follow, in parallel."""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde
from nbgrader.plugins import CsvExportPlugin
from tqdm import tqdm
from traitlets.config import Config

import autograder
from autograder.core.errors import GraderError
from autograder.core.results import Status
from autograder.course.key import ASSIGNMENT, Key, grade_id, keys
from autograder.execution.executions import Executions
from autograder.execution.job import Job, package_digest
from autograder.execution.kernel import sandbox
from autograder.execution.pool import cluster, local_pool
from autograder.execution.store import Store
from autograder.execution.worker import execute_packed, process_worker
from autograder.grading.changes import Statuses, differences, statuses, summary
from autograder.grading.feedback import write_feedback
from autograder.grading.lock import only_grader
from autograder.integration.converters import ConversionFailed, convert, course_directory, load_config
from autograder.integration.steps import ExecuteFromStore, submitted_modules
from autograder.judging.judge import reference
from autograder.submission.preparation import make_job
from autograder.submission.sanitize import NotGradable, read_submission, sanitise

FINGERPRINT = ".graded"  # in the folder of a judged submission: the hash of all that its scores depend on
AHEAD = 8  # submissions under way for each worker: one that hangs must not hold up the others


@dataclass
class Row:
    """One student's line in the table of results. scores: automatic and manual points by notebook."""

    student: str
    scores: dict[str, float]
    maximum: float
    late_seconds: float
    remarks: list[str]

    @property
    def total(self) -> float:
        return sum(self.scores.values())


@dataclass
class Options:
    """How to grade. workers: processes, by default one for each core; scheduler: address of a Dask scheduler; risk:
    run student code without a sandbox; again: judge those again whose results would be the same; feedback: write pages.
    """

    workers: int | None = None
    scheduler: str | None = None
    risk: bool = False
    again: bool = False
    feedback: bool = True


@dataclass
class Outcome:
    """What a run did. rows: one for each student; changed: lines about those whose earlier result is another now;
    executed: notebooks that were executed; judged: submissions that were judged."""

    rows: list[Row]
    changed: list[str]
    executed: int
    judged: int


def grade(course: Path, options: Options | None = None) -> Outcome:
    """Grade every submission of a course folder and write `autograded/`, `feedback/`, the gradebook, `grades.csv`.

    course: a folder with `nbgrader_config.py`, `source/`, `gradebook.db` and `submitted/`
    Raises FileNotFoundError where a part of the course is missing, CourseIsBusy where somebody else grades it,
    NoSandbox where student code would run without one.
    """
    course, options = course.resolve(), options or Options()
    config = load_config(course)
    if options.risk:
        config.ExecuteFromStore.sandbox = False
    if ExecuteFromStore(config=config).sandbox and options.scheduler is None:
        sandbox.require()
    with only_grader(course):
        students = submitters(course)
        with local_pool(options.workers) as pool:
            with cluster(options.scheduler) if options.scheduler else nullcontext(pool) as executor:
                run = Grading(course, config, executor, options)
                run.run(students)
            if options.feedback:
                write_feedback(course, config, students, pool)
        directory = course_directory(config)
        with Gradebook(directory.db_url, directory.course_id) as gradebook:
            CsvExportPlugin(to=str(course / "grades.csv")).export(gradebook)
            rows = [result(gradebook, course, student, run.remarks(student)) for student in students]
    return Outcome(rows, run.changed, run.executed, run.judged)


def submitters(course: Path) -> list[str]:
    """Return the names of those who handed in something."""
    folder = course / "submitted"
    found = sorted(path.parent.name for path in folder.glob(f"*/{ASSIGNMENT}") if path.is_dir())
    if not found:
        raise FileNotFoundError(f"nothing to grade: no folder matches {folder}/*/{ASSIGNMENT}; collect first")
    return found


def job_of(folder: Path, key: Key, config: Config) -> Job | None:
    """Return the job for one notebook of a submission, None where it was not handed in or cannot be read."""
    try:
        submitted = read_submission(folder / f"{key.name}.ipynb")
    except NotGradable:
        return None
    clean, _ = sanitise(submitted, key)
    how = ExecuteFromStore(config=config)
    return make_job(clean, key, submitted_modules(folder), how.options)


@dataclass
class Submission:
    """A submission that is being graded. waiting: the executions that it needs and that have not been stored yet."""

    student: str
    fingerprint: str
    waiting: dict[str, tuple[Job, Future]] = field(default_factory=dict)
    problem: str = ""


class Grading:
    """One run over a class: executions go to the executor; a submission is judged when its own have come back."""

    def __init__(self, course: Path, config: Config, executor: Executor, options: Options):
        self.course, self.config, self.executor, self.options = course, config, executor, options
        self.store = Store(course / "executions")
        self.keys = keys(course / "source" / ASSIGNMENT)
        self.digest = digest_of_course(course, config)
        self.under_way: dict[str, Future] = {}
        self.problems: dict[str, str] = {}
        self.changed: list[str] = []
        self.executed = self.judged = 0

    def run(self, students: list[str]) -> None:
        executions = Executions(self.store, process_worker())
        for key in self.keys.values():
            reference(key, executions)  # a key that fails its own checks stops here, before anybody is graded
        waiting: list[Submission] = []
        todo = iter(students)
        ahead = AHEAD * (self.options.workers or os.cpu_count() or 1)
        with tqdm(total=len(students), desc="grading", unit="student") as bar:
            while True:
                waiting += self._start(todo, ahead - len(waiting), bar)
                if not waiting:
                    return
                wait([future for s in waiting for _, future in s.waiting.values()], return_when=FIRST_COMPLETED)
                for submission in waiting:
                    self._collect(submission)
                for submission in [s for s in waiting if not s.waiting]:
                    waiting.remove(submission)
                    self._judge(submission)
                    bar.update()
                    bar.set_postfix(failures=len(self.problems), refresh=False)

    def _start(self, todo: Iterator[str], room: int, bar: tqdm) -> list[Submission]:
        """Ask for the executions of as many more submissions as there is room for; skip what would not change."""
        started: list[Submission] = []
        while len(started) < room and (student := next(todo, None)) is not None:
            folder = self.course / "submitted" / student / ASSIGNMENT
            submission = Submission(student, digest_of_files(relevant_files(folder), self.digest))
            if not self.options.again and self._is_graded(submission):
                bar.update()
                continue
            for key in self.keys.values():
                job = job_of(folder, key, self.config)
                if job is not None and job not in self.store:
                    submission.waiting[key.name] = (job, self._submit(job))
            started.append(submission)
        return started

    def _submit(self, job: Job) -> Future:
        if job.address not in self.under_way:  # the same notebook from two students is executed once
            self.under_way[job.address] = self.executor.submit(execute_packed, job)
            self.executed += 1
        return self.under_way[job.address]

    def _collect(self, submission: Submission) -> None:
        """Store the executions of a submission that have come back."""
        for name, (job, future) in list(submission.waiting.items()):
            if not future.done():
                continue
            del submission.waiting[name]
            self.under_way.pop(job.address, None)
            try:
                self.store.put(job, future.result())
            except (GraderError, OSError, MemoryError):  # the grader's own trouble: what is stored is kept
                raise
            except Exception as error:
                submission.problem = f"{name} was not executed: {type(error).__name__} {error}"

    def _is_graded(self, submission: Submission) -> bool:
        path = self.course / "autograded" / submission.student / ASSIGNMENT / FINGERPRINT
        directory = course_directory(self.config)
        if not path.exists() or path.read_text(encoding="utf-8") != submission.fingerprint:
            return False
        with Gradebook(directory.db_url, directory.course_id) as gradebook:
            return bool(gradebook.assignment_submissions(ASSIGNMENT)) and self._total(submission.student) is not None

    def _total(self, student: str) -> float | None:
        """Return the points of a student who has been graded before, None where the gradebook has no such student."""
        directory = course_directory(self.config)
        with Gradebook(directory.db_url, directory.course_id) as gradebook:
            try:
                return gradebook.find_submission(ASSIGNMENT, student).score
            except MissingEntry:
                return None

    def _judge(self, submission: Submission) -> None:
        """Judge one submission through nbgrader's own converter, and note what has changed since the last time."""
        student = submission.student
        folder = self.course / "autograded" / student / ASSIGNMENT
        before, points = statuses(folder), self._total(student)
        try:
            if submission.problem:
                raise ConversionFailed(submission.problem, submission.problem)
            log = convert(Autograde, self.config, student)
        except ConversionFailed as problem:
            self.problems[student] = f"not gradable: {problem}"
            log = problem.log
        else:
            (folder / FINGERPRINT).write_text(submission.fingerprint, encoding="utf-8")
        write_log(self.course, student, log)
        self.judged += 1
        if before:
            self._note_changes(student, before, points)

    def _note_changes(self, student: str, before: Statuses, points: float | None) -> None:
        lines = differences(before, statuses(self.course / "autograded" / student / ASSIGNMENT))
        now = self._total(student)
        if points is not None and now is not None and (lines or points != now):
            self.changed += summary(student, points, now, lines)

    def remarks(self, student: str) -> list[str]:
        """Return what the instructor should know about a submission."""
        if student in self.problems:
            return [self.problems[student]]
        folder = self.course / "submitted" / student / ASSIGNMENT
        garbled = (folder / "timestamp.txt").exists() and not course_directory(self.config).get_existing_timestamp(
            folder
        )
        return ["timestamp.txt cannot be read: late or not is unknown"] * garbled + [
            f"{path.stem}: {text}"
            for path in sorted((self.course / "autograded" / student / ASSIGNMENT).glob("*.ipynb"))
            for text in remarks_of(nbformat.read(path, as_version=4))
        ]


def relevant_files(folder: Path) -> list[Path]:
    """Return the files of a submission that its scores depend on."""
    found = [path for pattern in ("*.ipynb", "*.py", "*.npz", "timestamp.txt") for path in folder.glob(pattern)]
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def digest_of_course(course: Path, config: Config) -> str:
    """Return the hash of what all scores depend on: sources, configuration, the grader's and the students' package."""
    package = Path(autograder.__file__).parent
    files = [*(course / "source").rglob("*"), *package.rglob("*.py"), course / "nbgrader_config.py"]
    directory = course_directory(config)
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        due = str(gradebook.find_assignment(ASSIGNMENT).duedate)
    files = sorted(path for path in files if path.is_file() and ".ipynb_checkpoints" not in path.parts)
    return digest_of_files(files, package_digest() + due + repr(config))


def digest_of_files(paths: list[Path], start: str) -> str:
    digest = hashlib.sha256(start.encode())
    for path in paths:
        with path.open("rb") as file:
            digest.update(path.name.encode() + b"\0" + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def remarks_of(judged: NotebookNode) -> list[str]:
    """Return the repairs of a judged notebook and the cells whose execution was cut short."""
    remarks = list(judged.metadata.get("cs231n", {}).get("repairs", []))
    for cell in judged.cells:
        status = cell.metadata.get("cs231n", {}).get("status", Status.DONE)
        if status != Status.DONE:
            remarks.append(f"{grade_id(cell) or cell.id} {status}")
    return remarks


def write_log(course: Path, student: str, text: str) -> None:
    """Keep what nbgrader said about a submission, for the one who has to look into it."""
    folder = course / "logs"
    folder.mkdir(exist_ok=True)
    (folder / f"{student}.log").write_text(text, encoding="utf-8")


def result(gradebook: Gradebook, course: Path, student: str, remarks: list[str]) -> Row:
    try:
        submission = gradebook.find_submission(ASSIGNMENT, student)
    except MissingEntry:
        return Row(student, {}, 0.0, 0.0, remarks)
    missing = [f"{n.name} was not handed in" for n in submission.notebooks if not handed_in(course, student, n.name)]
    scores = {notebook.name: notebook.score for notebook in sorted(submission.notebooks, key=lambda n: n.name)}
    return Row(student, scores, submission.max_score, submission.total_seconds_late, missing + remarks)


def handed_in(course: Path, student: str, notebook: str) -> bool:
    return (course / "submitted" / student / ASSIGNMENT / f"{notebook}.ipynb").exists()


def print_table(rows: list[Row]) -> None:
    """Print the scores, one line a student, with what the instructor should know about a submission."""
    notebooks = sorted({name for row in rows for name in row.scores})
    width = max(len(row.student) for row in rows)
    print("student".ljust(width), *(f"{name:>22}" for name in notebooks), f"{'total':>7} {'of':>4}  remarks")
    for row in rows:
        scores = (f"{row.scores[name]:22.2f}" if name in row.scores else f"{'-':>22}" for name in notebooks)
        late = [f"late by {row.late_seconds / 3600:.1f} hours"] if row.late_seconds else []
        remarks = "; ".join(late + row.remarks[:2] + (["..."] if len(row.remarks) > 2 else []))
        print(row.student.ljust(width), *scores, f"{row.total:7.2f} {row.maximum:4.0f}  {remarks}")


def print_outcome(outcome: Outcome) -> None:
    """Print the table, and what has changed where the class has been graded before."""
    print_table(outcome.rows)
    print(f"\n{outcome.executed} notebooks executed, {outcome.judged} of {len(outcome.rows)} submissions judged")
    if outcome.changed:
        print("\nwhat has changed since the last time:")
        print("\n".join(outcome.changed))
