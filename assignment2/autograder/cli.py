"""The command `autograder`."""

import argparse
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autograder import __version__
from autograder.core.errors import GraderError
from autograder.core.frameworks import missing_frameworks
from autograder.course.assignment import Assignment, assignments, chosen

WORKFLOW = """\
the steps of an assignment, in a folder made by autograder new-course FOLDER:
  1. edit source/<assignment>/*.ipynb in JupyterLab
  2. autograder release        make release/<assignment>/ and gradebook.db
     autograder hand-out       release, and pack what students need into a zip
  3. autograder collect ZIP    sort an LMS's zip into submitted/<student>/
                               (or nbgrader collect, or copy folders)
  4. autograder grade          execute, judge, write feedback/ and grades.csv
  5. jupyter lab               Nbgrader > Formgrader: grade written answers,
                               then autograder grade again
  6. autograder report         a page about the class, and grades for an LMS
  7. autograder give-back ZIP  pack the feedback pages for Canvas or Moodle
                               (or nbgrader release_feedback)

to see it all on sample submissions: autograder demo
if something is wrong: autograder doctor
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
    """Let Ctrl-C end this context as KeyboardInterrupt, even if another exception is raised instead.

    What it interrupts may fail in its own way first, and Python drops a KeyboardInterrupt that is raised in a callback
    of the garbage collector.
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
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="autograder", description="Release, grade and check assignments.", epilog=WORKFLOW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    top.add_argument("--version", action="version", version=f"autograder {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in COMMANDS:
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--course", type=Path, default=Path(), help="the course folder (default: this one)")
        for flag, how in ARGUMENTS.get(name, ()):
            command.add_argument(flag, **how)
        command.set_defaults(name=name, run=run)
    return top


def at_least_one(text: str) -> int:
    """Parse an integer option; raises ArgumentTypeError, which argparse shows, for anything else and below 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer of at least 1, not {text!r}")
    return int(text)


def time_zone(name: str) -> ZoneInfo:
    """Parse a time-zone option; raises ArgumentTypeError, which argparse shows, for an unknown name."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        raise argparse.ArgumentTypeError(f"{name!r} is not a time zone, such as America/Los_Angeles") from None


def one(options: argparse.Namespace) -> Assignment:
    """Return the assignment that a command names, or the only one; raises NoAssignment if there are several."""
    return chosen(options.course, options.assignment)


def usable(options: argparse.Namespace) -> list[Assignment]:
    """Return the assignments of a course whose frameworks are installed, and print what the others need."""
    found = assignments(options.course).values()
    for each in found:
        if missing := missing_frameworks(each.frameworks):
            print(f"{each.name} is left out: {', '.join(missing)} is not installed", file=sys.stderr)
    return [each for each in found if each.usable]


def one_or_all(options: argparse.Namespace) -> list[Assignment]:
    """Return the assignment that a command names, or all usable ones if it names none; raises NoAssignment if there is
    none."""
    found = usable(options) if options.assignment is None else []
    return found if found and options.assignment is None else [one(options)]


def by_words(options: argparse.Namespace) -> list[tuple[Assignment, list[str]]]:
    """Return the assignments that a command's words name, each with the notebooks among the words.

    If the words name no assignment, these are all that have the notebooks, or all usable ones.
    """
    found = assignments(options.course)
    notebooks = [word for word in options.names if word not in found]
    wanted = [found[word] for word in options.names if word in found]
    wanted = wanted or ([*found.values()] if notebooks else usable(options)) or [chosen(options.course)]
    if notebooks and len(wanted) > 1:
        wanted = [each for each in wanted if all((each.source / f"{name}.ipynb").exists() for name in notebooks)]
    if not wanted:
        raise GraderError(f"no assignment has {', '.join(notebooks)}: choose among {', '.join(found)}")
    return [(assignment, notebooks) for assignment in wanted]


def new_course_command(options: argparse.Namespace) -> None:
    from autograder.authoring.new_course import new_course
    from autograder.authoring.summary import summary

    folder = options.folder.absolute()
    new_course(options.course.resolve(), folder)
    options.course = folder
    for assignment in usable(options):
        print("\n".join(summary(assignment)))
    print(f"next: cd {folder} && autograder hand-out")


def release_command(options: argparse.Namespace) -> None:
    from autograder.authoring.release import release
    from autograder.authoring.summary import summary

    for assignment in one_or_all(options):
        told = release(assignment)
        if told:
            print("there are graded submissions: they keep their points until `autograder grade` judges them again:")
            print("\n".join(told))
        print("\n".join(summary(assignment)))
    print("next: autograder hand-out")


def hand_out_command(options: argparse.Namespace) -> None:
    from autograder.authoring.hand_out import Options, hand_out
    from autograder.authoring.publishing import Repository

    repository = Repository(options.repository, options.branch, options.hub) if options.repository else None
    how = Options(options.self_study, repository, options.edition, options.refuse_older)
    into = options.into or options.course.resolve() / ("self_study" if options.self_study else "hand_out")
    for assignment in one_or_all(options):
        folder, archive = hand_out(assignment, into.resolve(), how)
        print(f"{folder}\n{archive}  {archive.stat().st_size / 1e6:.1f} MB")
    print("next: give students the zip, or the folder")


def jupyterlite_command(options: argparse.Namespace) -> None:
    from autograder.authoring.jupyterlite import jupyterlite

    assignment = one(options)
    into = (options.into or assignment.course / "jupyterlite").resolve()
    jupyterlite(assignment, into, options.pyodide)
    print(f"{into}\nnext: put it on any web server, or try it:\n  python -m http.server -d {into}")


def gradescope_command(options: argparse.Namespace) -> None:
    from autograder.authoring.gradescope import gradescope

    assignment = one(options)
    archive = (options.into or assignment.course / "gradescope.zip").resolve()
    gradescope(assignment, archive)
    print(f"{archive}\nIt contains the key. next: upload it to Gradescope, Configure Autograder")


def notebooks_command(options: argparse.Namespace) -> None:
    from autograder.authoring.notebooks import run_key

    for assignment, names in by_words(options):
        run_key(assignment, (options.into or assignment.course / "notebooks").resolve(), names, options.all)


def prove_command(options: argparse.Namespace) -> int:
    from autograder.authoring.proving.prove import prove
    from autograder.authoring.proving.table import lines_of

    proofs = [prove(assignment, names, options.all) for assignment, names in by_words(options)]
    for proof in proofs:
        print("\n".join(lines_of(proof)))
    return 1 if any(proof.problems for proof in proofs) else 0


def watch_command(options: argparse.Namespace) -> None:
    from autograder.authoring.proving.watch import watch

    watch(one(options), [])


def new_command(options: argparse.Namespace) -> None:
    from autograder.authoring.new import new

    for path in new(options.course.resolve(), options.assignment, options.notebook):
        print(path)
    print("next: autograder prove, then edit the notebook in JupyterLab")


def add_command(options: argparse.Namespace) -> None:
    from autograder.authoring.new import add

    print(add(one(options), options.step, options.to, options.points, options.after, options.question))
    print(f"next: write {options.step} in JupyterLab, then autograder prove")


def fingerprints_command(options: argparse.Namespace) -> None:
    from autograder.authoring.fingerprints import record_fingerprints

    for assignment, names in by_words(options):
        record_fingerprints(assignment, names)


def mutants_command(options: argparse.Namespace) -> int:
    from autograder.authoring.mutants import mutation_test

    survived = [wanted for wanted in by_words(options) if not mutation_test(*wanted, options.sample)]
    return 1 if survived else 0


def reference_command(options: argparse.Namespace) -> None:
    from autograder.authoring.reference_values import record

    for assignment, names in by_words(options):
        record(assignment, names)


def collect_command(options: argparse.Namespace) -> int:
    from autograder.collecting.collect import Options, Outcome, collect
    from autograder.collecting.printing import print_lines

    first, *others = options.zips
    named = first if others and first in assignments(options.course) else None
    zips = [Path(word) for word in (others if named else options.zips)]
    how = Options(options.system, options.roster, options.time_zone)
    lines = collect(chosen(options.course, named), zips, how)
    print_lines(lines)
    return 1 if any(line.outcome == Outcome.UNKNOWN for line in lines) else 0


def give_back_command(options: argparse.Namespace) -> None:
    from autograder.collecting.give_back import give_back

    for told in give_back(one(options), options.zip, options.system):
        print(told)


def grade_command(options: argparse.Namespace) -> None:
    from autograder.grading.printing import print_outcome
    from autograder.grading.run import Options, grade
    from autograder.submission.submitters import submitters

    how = Options(
        options.workers, options.scheduler, options.no_sandbox, options.again, feedback=not options.no_feedback
    )
    wanted = one_or_all(options)
    set_aside: list[str] = []
    for assignment in [each for each in wanted if submitters(each)] or wanted[:1]:
        if len(wanted) > 1:
            print(f"{assignment.title}:")
        outcome = grade(assignment, how)
        print_outcome(outcome)
        set_aside += [f"  {student}: {reason}" for student, reason in outcome.set_aside.items()]
    if set_aside:
        raise GraderError("not graded, and not the student's fault:\n" + "\n".join(set_aside))


def grade_one_command(options: argparse.Namespace) -> None:
    from autograder.grading.gradescope import results
    from autograder.grading.one import grade_one
    from autograder.grading.printing import print_one

    graded = grade_one(one(options), options.file, options.no_sandbox)
    print_one(graded)
    if options.gradescope:
        options.gradescope.write_text(json.dumps(results(graded), indent=1), encoding="utf-8")


def report_command(options: argparse.Namespace) -> None:
    from autograder.report.data import NothingGraded
    from autograder.report.page import report

    wanted, pages = one_or_all(options), []
    for assignment in wanted:
        try:
            pages.append(report(assignment))
        except NothingGraded:
            if len(wanted) == 1:
                raise
    if not pages:
        raise NothingGraded(f"no graded submission in {options.course.resolve()}: run `autograder grade` first")
    for page in pages:
        print(f"the class: {page}")
    print("next to it: checks.csv, students.csv, canvas.csv, moodle.csv")


def clean_command(options: argparse.Namespace) -> None:
    from autograder.grading.clean import clean

    deleted, left = clean(options.course.resolve(), options.days)
    print(f"{deleted / 1e6:.1f} MB of executions deleted, {left / 1e6:.1f} MB left")


def demo_command(options: argparse.Namespace) -> None:
    from autograder.demo.run import demo

    demo(options.course.resolve(), options.folder.absolute(), options.no_sandbox)


def doctor_command(options: argparse.Namespace) -> int:
    from autograder.doctor import doctor

    return 0 if doctor(options.course.resolve()) else 1


COMMANDS = [
    ("new-course", new_course_command, "make a new course folder with this key, without students"),
    ("release", release_command, "generate release/ and gradebook.db from source/"),
    ("hand-out", hand_out_command, "release, and pack what students need into a folder and a zip, without the key"),
    ("jupyterlite", jupyterlite_command, "build a website of the hand-out that runs in browsers"),
    ("gradescope", gradescope_command, "pack the grader and the key for Gradescope into one zip"),
    ("new", new_command, "make an assignment with one worked exercise, and with what proves it"),
    ("add", add_command, "add the cells of an exercise, or of a written question, to a notebook"),
    ("prove", prove_command, "prove the key: it earns all points, nothing else does, and mistakes are named"),
    ("watch", watch_command, "prove the key after each save, until Ctrl-C"),
    ("notebooks", notebooks_command, "execute what has changed in the key, experiments included, into notebooks/"),
    ("fingerprints", fingerprints_command, "run the misconceptions and record their fingerprints"),
    ("mutants", mutants_command, "change the key's solutions slightly and list the changes that no check notices"),
    ("reference", reference_command, "record the values of the reference implementations (most need PyTorch)"),
    (
        "collect",
        collect_command,
        "collect submissions from a zip of Canvas, Moodle, Blackboard or Brightspace",
    ),
    ("grade", grade_command, "grade every submission of the course"),
    ("grade-one", grade_one_command, "grade one submission and print its verdicts, without changing the course"),
    ("report", report_command, "write a page about the graded class, and CSV files for Canvas and Moodle"),
    ("give-back", give_back_command, "write a zip of feedback pages for Canvas or Moodle"),
    ("clean", clean_command, "delete executions that have not been used lately; results and points stay"),
    ("demo", demo_command, "build a scratch course, grade sample submissions, show the results"),
    ("doctor", doctor_command, "say what is installed, what is missing and what to do about it"),
]

ASSIGNMENT = {"nargs": "?", "metavar": "ASSIGNMENT"}
ONE = ("assignment", {**ASSIGNMENT, "help": "which assignment (default: the only one)"})
ONE_OR_ALL = ("assignment", {**ASSIGNMENT, "help": "which assignment (default: all)"})
NAMED = ("--assignment", {"metavar": "NAME", "help": "which assignment (default: the only one)"})
NAMES = ("names", {"nargs": "*", "metavar": "NAME", "help": "which assignments or notebooks (default: all)"})
NO_SANDBOX = (
    "--no-sandbox",
    {"action": "store_true", "help": "accept the risk: student code runs with your rights"},
)

# The arguments of each command besides --course: flags or names, with their options for argparse.
ARGUMENTS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "new-course": [("folder", {"type": Path, "help": "the folder to make, or an empty one"})],
    "release": [ONE_OR_ALL],
    "hand-out": [
        ONE_OR_ALL,
        ("--into", {"type": Path, "help": "where to write it (default: hand_out/, or self_study/)"}),
        ("--self-study", {"action": "store_true", "help": "include folded solutions and every check"}),
        ("--edition", {"metavar": "NAME", "help": "name of a new edition (default: the next number)"}),
        ("--refuse-older", {"action": "store_true", "help": "stop grading earlier editions"}),
        ("--repository", {"metavar": "URL", "help": "the public repository of the folder, to link to it"}),
        ("--branch", {"default": "main", "help": "the branch of that repository (default: main)"}),
        ("--hub", {"metavar": "URL", "help": "a JupyterHub with nbgitpuller, to link to it"}),
    ],
    "jupyterlite": [
        ONE,
        ("--into", {"type": Path, "metavar": "FOLDER", "help": "the folder of the site (default: jupyterlite/)"}),
        ("--pyodide", {
            "type": Path,
            "metavar": "FOLDER",
            "help": "a Pyodide distribution to serve with the site (default: browsers load one from its CDN)",
        }),
    ],
    "gradescope": [
        ONE,
        ("--into", {"type": Path, "metavar": "FILE", "help": "the zip (default: gradescope.zip)"}),
    ],
    "new": [
        ("assignment", {"help": "the name of the assignment, such as hw3"}),
        ("--notebook", {"default": "Start", "metavar": "NAME", "help": "its notebook (default: Start)"}),
    ],
    "add": [
        ("step", {"metavar": "NAME", "help": "the function that students write, or a question such as question_2"}),
        ("--to", {"required": True, "metavar": "NOTEBOOK", "help": "the notebook; it is made if it does not exist"}),
        NAMED,
        ("--points", {"type": at_least_one, "default": 1, "metavar": "N", "help": "the points (default: 1)"}),
        ("--after", {"metavar": "CELL", "help": "the cell to add it after (default: the last exercise)"}),
        ("--question", {"action": "store_true", "help": "add a written question, not an exercise"}),
    ],
    "prove": [NAMES, ("--all", {"action": "store_true", "help": "include what has not changed"})],
    "watch": [ONE],
    "notebooks": [
        NAMES,
        ("--all", {"action": "store_true", "help": "include what has not changed"}),
        ("--into", {"type": Path, "help": "the folder for the executed notebooks (default: notebooks/)"}),
    ],
    "fingerprints": [NAMES],
    "mutants": [
        NAMES,
        ("--sample", {"type": at_least_one, "metavar": "N", "help": "test only N mutants of each notebook"}),
    ],
    "reference": [NAMES],
    "collect": [
        ("zips", {
            "nargs": "+",
            "metavar": "ZIP",
            "help": "the zip of all submissions, as downloaded from the LMS; the first word may name an assignment",
        }),
        ("--from", {"dest": "system", "choices": LMS, "help": "the LMS (default: recognized by file names)"}),
        ("--roster", {"type": Path, "metavar": "CSV", "help": "the students (default: those in the gradebook)"}),
        ("--time-zone", {
            "type": time_zone,
            "metavar": "NAME",
            "help": "time zone of the LMS's times, such as America/Los_Angeles (default: this machine's)",
        }),
    ],
    "grade": [
        ONE_OR_ALL,
        ("--workers", {
            "type": at_least_one,
            "metavar": "N",
            "help": "how many submissions to grade at once (default: one per core)",
        }),
        ("--scheduler", {"metavar": "ADDRESS", "help": "execute on the workers of a Dask scheduler"}),
        ("--no-feedback", {"action": "store_true", "help": "write no pages for students yet"}),
        ("--again", {"action": "store_true", "help": "judge everybody again, even if nothing has changed"}),
        NO_SANDBOX,
    ],
    "grade-one": [
        ("file", {"type": Path, "help": "a zip of hand_in(), a notebook, or a folder with notebooks"}),
        NAMED,
        ("--gradescope", {"type": Path, "metavar": "FILE", "help": "write Gradescope's results.json too"}),
        NO_SANDBOX,
    ],
    "report": [ONE_OR_ALL],
    "give-back": [
        ("zip", {"type": Path, "metavar": "ZIP", "help": "the file to write"}),
        NAMED,
        ("--for", {"dest": "system", "choices": LMS[:2], "help": "the LMS (default: the one collected from)"}),
    ],
    "clean": [
        ("--days", {
            "type": at_least_one,
            "metavar": "N",
            "default": 30,
            "help": "delete what has not been used for N days (default: 30)",
        }),
    ],
    "demo": [
        ("--folder", {"type": Path, "default": Path("demo"), "help": "where to build the course"}),
        NO_SANDBOX,
    ],
}  # fmt: skip

# What is printed after Ctrl-C about the work that is done already.
KEPT = {
    "collect": ": nothing is lost; run it again to continue",
    "grade": ": executions are kept in executions/ and finished submissions stay graded; run it again to continue",
}


if __name__ == "__main__":
    sys.exit(main())
