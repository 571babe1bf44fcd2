"""The command `autograder`."""

import argparse
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autograder import __version__
from autograder.core.errors import GraderError

WORKFLOW = """\
the way of an assignment, in a folder made by autograder new-course FOLDER:
  1. JupyterLab on source/assignment2/*.ipynb: solutions, hidden checks, schemes
  2. autograder release        make release/assignment2/ and gradebook.db
     autograder hand-out       release, and pack hand_out/assignment2.zip
  3. autograder collect ZIP    an LMS's zip into submitted/<student>/assignment2/
                               (or nbgrader collect, or copy)
  4. autograder grade          execute, judge, write feedback/ and grades.csv
  5. jupyter lab               Nbgrader > Formgrader: grade written answers;
                               then autograder grade again
  6. autograder report         a page about the class, grades for Canvas, Moodle
  7. autograder give-back ZIP  the feedback pages in a zip for Canvas or Moodle
                               (or nbgrader release_feedback)

to see it all on samples: autograder demo; if anything is wrong: autograder doctor
"""


LMS = ("canvas", "moodle", "blackboard", "brightspace")
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
    except Exception as problem:
        from autograder.core.trouble import trouble_of_machine

        trouble = trouble_of_machine(problem)
        if not trouble:
            raise
        print(f"autograder: {trouble} and run {options.name} again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nautograder: {options.name} was interrupted{KEPT.get(options.name, '')}", file=sys.stderr)
        return INTERRUPTED


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end what runs in here as KeyboardInterrupt, also where another exception gets out first.

    What it interrupts may fail in its own way sooner; and Python drops a KeyboardInterrupt that comes while a callback
    of the garbage collector runs.
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
                "--workers",
                type=at_least_one,
                metavar="N",
                help="submissions under way at once (default: one a core)",
            )
            command.add_argument("--scheduler", metavar="ADDRESS", help="execute on the workers of a Dask scheduler")
            command.add_argument("--no-feedback", action="store_true", help="write no pages for students yet")
            command.add_argument("--again", action="store_true", help="judge those again who would keep their result")
        if name == "grade-one":
            command.add_argument("file", type=Path, help="a zip of hand_in(), a notebook, or a folder with notebooks")
            command.add_argument("--gradescope", type=Path, metavar="FILE", help="write Gradescope's results.json too")
        if name in ("grade", "grade-one", "demo"):
            command.add_argument(
                "--no-sandbox", action="store_true", help="accept the risk: student code runs with your own rights"
            )
        if name == "collect":
            command.add_argument(
                "zips", nargs="+", type=Path, metavar="ZIP", help="of all submissions, as the LMS has made it"
            )
            command.add_argument("--from", dest="system", choices=LMS, help="the LMS (default: recognized)")
            command.add_argument("--roster", type=Path, metavar="CSV", help="who is who (default: the gradebook)")
            command.add_argument(
                "--time-zone",
                type=time_zone,
                metavar="NAME",
                help="of the LMS's times, such as Europe/Berlin (default: here)",
            )
        if name == "give-back":
            command.add_argument("zip", type=Path, metavar="ZIP", help="the file to write")
            command.add_argument("--for", dest="system", choices=LMS[:2], help="the LMS (default: as collected)")
        if name in ("notebooks", "fingerprints", "mutants", "reference"):
            command.add_argument("names", nargs="*", metavar="NAME", help="which notebooks (default: all)")
        if name == "mutants":
            command.add_argument("--sample", type=at_least_one, metavar="N", help="so many of each notebook only")
        if name == "notebooks":
            command.add_argument(
                "--into", type=Path, help="the folder for the executed notebooks (default: notebooks/)"
            )
        if name == "new-course":
            command.add_argument("folder", type=Path, help="the folder to make, or an empty one")
        if name == "jupyterlite":
            command.add_argument("--into", type=Path, metavar="FOLDER", help="of the site (default: jupyterlite/)")
            command.add_argument(
                "--pyodide", type=Path, metavar="FOLDER", help="a Pyodide distribution to serve too (default: its CDN)"
            )
        if name == "gradescope":
            command.add_argument("--into", type=Path, metavar="FILE", help="the zip (default: gradescope.zip)")
        if name == "hand-out":
            command.add_argument("--into", type=Path, help="where to write it (default: hand_out/, or self_study/)")
            command.add_argument("--self-study", action="store_true", help="with folded solutions and every check")
            command.add_argument("--edition", metavar="NAME", help="of what has changed (default: the next number)")
            command.add_argument("--refuse-older", action="store_true", help="grade no earlier edition any more")
            command.add_argument("--repository", metavar="URL", help="public, where the folder goes: links to it")
            command.add_argument("--branch", default="main", help="of that repository (default: main)")
            command.add_argument("--hub", metavar="URL", help="a JupyterHub with nbgitpuller: adds a link to it")
        if name == "demo":
            command.add_argument("--folder", type=Path, default=Path("demo"), help="where to build the course")
    return top


def at_least_one(text: str) -> int:
    """Read an option's whole number; raises ArgumentTypeError, which argparse shows, for anything below 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, not {text!r}")
    return int(text)


def time_zone(name: str) -> ZoneInfo:
    """Read an option's time zone; raises ArgumentTypeError, which argparse shows, for a name that is none."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        raise argparse.ArgumentTypeError(f"is no time zone, such as Europe/Berlin: {name!r}") from None


def new_course_command(options: argparse.Namespace) -> None:
    from autograder.authoring.new_course import new_course
    from autograder.authoring.summary import summary

    folder = options.folder.absolute()
    new_course(options.course.resolve(), folder)
    print("\n".join([*summary(folder), f"next: cd {folder} && autograder hand-out"]))


def release_command(options: argparse.Namespace) -> None:
    from autograder.authoring.release import release
    from autograder.authoring.summary import summary

    course = options.course.resolve()
    told = release(course)
    if told:
        print("submissions are graded already; their points are kept, and the next grading judges them by the new key:")
        print("\n".join(told))
    print("\n".join([*summary(course), "next: autograder hand-out"]))


def hand_out_command(options: argparse.Namespace) -> None:
    from autograder.authoring.hand_out import Options, hand_out
    from autograder.authoring.publishing import Repository

    course = options.course.resolve()
    repository = Repository(options.repository, options.branch, options.hub) if options.repository else None
    how = Options(options.self_study, repository, options.edition, options.refuse_older)
    into = options.into or course / ("self_study" if options.self_study else "hand_out")
    folder, archive = hand_out(course, into.resolve(), how)
    print(f"{folder}\n{archive}  {archive.stat().st_size / 1e6:.1f} MB\nnext: give students the zip, or the folder")


def jupyterlite_command(options: argparse.Namespace) -> None:
    from autograder.authoring.jupyterlite import jupyterlite

    course = options.course.resolve()
    into = (options.into or course / "jupyterlite").resolve()
    jupyterlite(course, into, options.pyodide)
    print(f"{into}\nnext: serve the folder from any web server; to try it, python -m http.server -d {into}")


def gradescope_command(options: argparse.Namespace) -> None:
    from autograder.authoring.gradescope import gradescope

    course = options.course.resolve()
    archive = (options.into or course / "gradescope.zip").resolve()
    gradescope(course, archive)
    print(f"{archive}\nIt holds the key. next: upload it to Gradescope, Configure Autograder")


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


def collect_command(options: argparse.Namespace) -> int:
    from autograder.collecting.collect import Options, Outcome, collect
    from autograder.collecting.printing import print_lines

    lines = collect(options.course, options.zips, Options(options.system, options.roster, options.time_zone))
    print_lines(lines)
    return 1 if any(line.outcome == Outcome.UNKNOWN for line in lines) else 0


def give_back_command(options: argparse.Namespace) -> None:
    from autograder.collecting.give_back import give_back

    for told in give_back(options.course, options.zip, options.system):
        print(told)


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


def grade_one_command(options: argparse.Namespace) -> None:
    from autograder.grading.gradescope import results
    from autograder.grading.one import grade_one
    from autograder.grading.printing import print_one

    graded = grade_one(options.course, options.file, options.no_sandbox)
    print_one(graded)
    if options.gradescope:
        options.gradescope.write_text(json.dumps(results(graded), indent=1), encoding="utf-8")


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
    ("new-course", new_course_command, "make a course folder to start from, with this key and without students"),
    ("release", release_command, "generate release/ and gradebook.db from source/"),
    ("hand-out", hand_out_command, "release, and pack what students need: one folder and one zip, without the key"),
    ("jupyterlite", jupyterlite_command, "build a site of the hand-out that runs in browsers"),
    ("gradescope", gradescope_command, "pack the grader and the key for Gradescope into one zip"),
    ("notebooks", notebooks_command, "execute the key, experiments included, into notebooks/"),
    ("fingerprints", fingerprints_command, "run the catalogue of misconceptions and record its fingerprints"),
    ("mutants", mutants_command, "change the key's solutions a little and tell which changes no check notices"),
    ("reference", reference_command, "record the values of the PyTorch implementations (needs PyTorch)"),
    (
        "collect",
        collect_command,
        "collect submissions from the zips that Canvas, Moodle, Blackboard or Brightspace makes",
    ),
    ("grade", grade_command, "grade every submission of the course"),
    ("grade-one", grade_one_command, "grade one submission and print its verdicts; the course stays as it is"),
    ("report", report_command, "write a page about the graded class, and CSV files for Canvas and Moodle"),
    ("give-back", give_back_command, "write a zip of feedback pages that Canvas or Moodle takes"),
    ("demo", demo_command, "build a scratch course, grade sample submissions, show the results"),
    ("doctor", doctor_command, "tell what is installed, what is missing and what to do about it"),
]

# What is said after Ctrl-C about the work that is done already.
KEPT = {
    "collect": ": nothing is lost; run it again to go on",
    "grade": ": executions are kept in executions/ and finished submissions stay graded; run it again to go on",
}


if __name__ == "__main__":
    sys.exit(main())
