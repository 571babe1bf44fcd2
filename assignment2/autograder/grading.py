"""Grade a course: execute what is not in the store, in parallel, then let nbgrader do the book-keeping."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.plugins import CsvExportPlugin
from sqlalchemy.exc import SAWarning
from tqdm import tqdm
from traitlets.config import Config

from autograder.bookkeeping import ConversionFailed, convert, course_directory, load_config
from autograder.course import ASSIGNMENT, Key, grade_id, keys
from autograder.execution import Job, make_job
from autograder.judge import reference
from autograder.preprocessors import ExecuteFromStore, submitted_modules
from autograder.sanitise import NotGradable, read_submission, sanitise
from autograder.store import Store


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


def grade(course: Path, workers: int | None = None) -> list[Row]:
    """Grade every submission of a course folder and write `autograded/`, `feedback/`, the gradebook, `grades.csv`.

    course: a folder with `nbgrader_config.py`, `source/`, `gradebook.db` and `submitted/`
    workers: how many notebooks are executed at once, by default one per core
    Raises FileNotFoundError where a part of the course is missing.
    """
    course = course.resolve()
    config = load_config(course)
    students = submitters(course)
    execute_all(course, config, students, workers or os.cpu_count() or 1)
    problems = {}
    warnings.filterwarnings("ignore", category=SAWarning)  # nbgrader's own, about rows that it adds a moment later
    for student in tqdm(students, desc="judging", unit="student"):
        problems[student] = run_nbgrader(course, config, student)
    directory = course_directory(config)
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        CsvExportPlugin(to=str(course / "grades.csv")).export(gradebook)
        return [result(gradebook, course, student, problems[student]) for student in students]


def submitters(course: Path) -> list[str]:
    """Return the names of those who handed in something."""
    folder = course / "submitted"
    found = sorted(path.parent.name for path in folder.glob(f"*/{ASSIGNMENT}") if path.is_dir())
    if not found:
        raise FileNotFoundError(f"nothing to grade: no folder matches {folder}/*/{ASSIGNMENT}; collect first")
    return found


def execute_all(course: Path, config: Config, students: list[str], workers: int) -> None:
    """Execute the key and every submission that is not in the store yet."""
    store = Store(course / "executions")
    course_keys = keys(course / "source" / ASSIGNMENT)
    for key in course_keys.values():
        reference(key, store)
    jobs: dict[str, Job] = {}
    for student in students:
        for key in course_keys.values():
            job = job_of(course / "submitted" / student / ASSIGNMENT, key, config)
            if job is not None and job not in store:
                jobs[job.address] = job
    with ThreadPoolExecutor(workers) as pool:  # threads suffice: the work is done by the kernels' processes
        futures = [pool.submit(store.results, job) for job in jobs.values()]
        for future in tqdm(as_completed(futures), total=len(futures), desc="executing", unit="notebook"):
            future.result()


def job_of(folder: Path, key: Key, config: Config) -> Job | None:
    """Return the job for one notebook of a submission, None where it was not handed in or cannot be read."""
    try:
        submitted = read_submission(folder / f"{key.name}.ipynb")
    except NotGradable:
        return None
    clean, _ = sanitise(submitted, key)
    return make_job(clean, key, ExecuteFromStore(config=config).limits, submitted_modules(folder))


def run_nbgrader(course: Path, config: Config, student: str) -> list[str]:
    """Judge one submission through nbgrader's own converters; return what went wrong, in words."""
    try:
        log = convert(Autograde, config, student) + convert(GenerateFeedback, config, student)
    except ConversionFailed as problem:
        write_log(course, student, problem.log)
        return [f"not gradable: {problem}"]
    write_log(course, student, log)
    return [
        f"{path.stem}: {text}"
        for path in sorted((course / "autograded" / student / ASSIGNMENT).glob("*.ipynb"))
        for text in remarks_of(nbformat.read(path, as_version=4))
    ]


def remarks_of(judged: NotebookNode) -> list[str]:
    """Return the repairs of a judged notebook and the cells whose execution was cut short."""
    remarks = list(judged.metadata.get("cs231n", {}).get("repairs", []))
    for cell in judged.cells:
        status = cell.metadata.get("cs231n", {}).get("status", "done")
        if status != "done":
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
