"""The command `autograder`."""

import argparse
import errno
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from autograder import __version__
from autograder.core.errors import GraderError

WORKFLOW = """\
the way of an assignment:
  1. edit source/assignment2/*.ipynb in JupyterLab: solutions, hidden checks, marking schemes
  2. autograder release        make release/assignment2/ and gradebook.db; hand the release out
  3. collect into submitted/<student>/assignment2/ (nbgrader collect, nbgrader zip_collect, or copy)
  4. autograder grade          execute, judge, write feedback/ and grades.csv
  5. jupyter lab               Nbgrader > Formgrader: grade the written answers, then autograder grade again
  6. autograder report         one page about the class in report/, and grades for Canvas and Moodle

to see it all on sample submissions: autograder demo; if something is wrong: autograder doctor
"""


INTERRUPTED = 130  # the status of a program that Ctrl-C has ended: 128 and the number of SIGINT


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; returns the exit status. Programming errors pass through, with their traceback."""
    options = parser().parse_args(arguments)
    try:
        with interruptible():
            return options.run(options) or 0
    except GraderError as problem:
        print(f"{problem.log}\nautograder: {problem}".lstrip(), file=sys.stderr)
        return 1
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        print(f"autograder: the disk is full: make room and run {options.name} again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nautograder: {options.name} was interrupted{KEPT.get(options.name, '')}", file=sys.stderr)
        return INTERRUPTED


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end what runs in here as KeyboardInterrupt, also where another exception gets out first.

    The workers die of the same Ctrl-C, which their pool may report sooner; and Python drops a KeyboardInterrupt that
    comes while a callback of the garbage collector runs.
    """
    interrupted = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        signal.default_int_handler(number, frame)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    except Exception as error:
        if interrupted:
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, before)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="autograder", description="Release, grade and check assignment 2.", epilog=WORKFLOW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    top.add_argument("--version", action="version", version=f"autograder {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in COMMANDS:
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--course", type=Path, default=Path(), help="the course folder (default: this one)")
        command.set_defaults(name=name, run=run)
        if name == "grade":
            command.add_argument(
                "--workers", type=at_least_one, metavar="N", help="notebooks executed at once (default: one per core)"
            )
            command.add_argument("--scheduler", metavar="ADDRESS", help="execute on the workers of a Dask scheduler")
            command.add_argument("--no-feedback", action="store_true", help="write no pages for students yet")
            command.add_argument("--again", action="store_true", help="judge those again who would keep their result")
        if name in ("grade", "demo"):
            command.add_argument(
                "--no-sandbox", action="store_true", help="accept the risk: student code runs with your own rights"
            )
        if name in ("notebooks", "fingerprints", "mutants", "reference"):
            command.add_argument("names", nargs="*", metavar="NAME", help="which notebooks (default: all)")
        if name == "mutants":
            command.add_argument("--sample", type=at_least_one, metavar="N", help="so many of each notebook only")
        if name == "notebooks":
            command.add_argument(
                "--into", type=Path, help="the folder for the executed notebooks (default: notebooks/)"
            )
        if name == "demo":
            command.add_argument("--folder", type=Path, default=Path("demo"), help="where to build the course")
    return top


def at_least_one(text: str) -> int:
    """Read an option's whole number; raises ArgumentTypeError, which argparse shows, for anything below 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, not {text!r}")
    return int(text)


def release_command(options: argparse.Namespace) -> None:
    from autograder.authoring.release import release

    release(options.course.resolve())


def notebooks_command(options: argparse.Namespace) -> None:
    from autograder.authoring.notebooks import run_key

    course = options.course.resolve()
    run_key(course, (options.into or course / "notebooks").resolve(), options.names)


def fingerprints_command(options: argparse.Namespace) -> None:
    from autograder.authoring.fingerprints import record_fingerprints

    record_fingerprints(options.course.resolve(), options.names)


def mutants_command(options: argparse.Namespace) -> int:
    from autograder.authoring.mutants import mutation_test

    return 0 if mutation_test(options.course.resolve(), options.names, options.sample) else 1


def reference_command(options: argparse.Namespace) -> None:
    from autograder.authoring.reference_values import record
    from autograder.course.assignment import ASSIGNMENT

    record(options.course.resolve() / "source" / ASSIGNMENT, options.names)


def grade_command(options: argparse.Namespace) -> None:
    from autograder.grading.printing import print_outcome
    from autograder.grading.run import Options, grade

    how = Options(
        options.workers, options.scheduler, options.no_sandbox, options.again, feedback=not options.no_feedback
    )
    outcome = grade(options.course, how)
    print_outcome(outcome)
    if outcome.set_aside:
        reasons = "\n".join(f"  {student}: {reason}" for student, reason in outcome.set_aside.items())
        raise GraderError(f"not graded, for a reason that is not the student's:\n{reasons}")


def report_command(options: argparse.Namespace) -> None:
    from autograder.report.page import report

    print(f"the class: {report(options.course)}\nbeside it: checks.csv, students.csv, canvas.csv, moodle.csv")


def demo_command(options: argparse.Namespace) -> None:
    from autograder.demo.run import demo

    demo(options.course.resolve(), options.folder.absolute(), options.no_sandbox)


def doctor_command(options: argparse.Namespace) -> int:
    from autograder.doctor import doctor

    return 0 if doctor(options.course.resolve()) else 1


COMMANDS = [
    ("release", release_command, "generate release/ and gradebook.db from source/"),
    ("notebooks", notebooks_command, "execute the key, experiments included, into notebooks/"),
    ("fingerprints", fingerprints_command, "run the catalogue of misconceptions and record its fingerprints"),
    ("mutants", mutants_command, "change the key's solutions a little and tell which changes no check notices"),
    ("reference", reference_command, "record the values of the PyTorch implementations (needs PyTorch)"),
    ("grade", grade_command, "grade every submission of the course"),
    ("report", report_command, "write a page about the graded class, and CSV files for Canvas and Moodle"),
    ("demo", demo_command, "build a scratch course, grade sample submissions, show the results"),
    ("doctor", doctor_command, "tell what is installed, what is missing and what to do about it"),
]

# What is said after Ctrl-C about the work that is done already.
KEPT = {
    "grade": ": executions are kept in executions/ and finished submissions stay graded; run it again to go on",
}


if __name__ == "__main__":
    sys.exit(main())
