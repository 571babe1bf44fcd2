"""The command `python -m cs231n`: the tools of `cs231n.kit` in a terminal."""

import argparse
import sys
from pathlib import Path

from cs231n.kit import hand_in, hint, progress
from cs231n.kit.checking import check
from cs231n.kit.classroom import output_line, results
from cs231n.kit.handed_out import notebooks_for
from cs231n.kit.notebooks import read_folder
from cs231n.kit.taking_over import take_over
from cs231n.verdicts import recall


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; returns the exit status."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, OSError) as problem:
        print(f"cs231n: {problem}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m cs231n", description="Look at your notebooks, and hand them in.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in COMMANDS:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        if name == "hint":
            command.add_argument("step")
            command.add_argument("level", type=int, nargs="?", default=1)
            continue
        if name == "check":
            command.add_argument("--classroom", type=Path, metavar="FILE", help="add the results for GitHub Classroom")
        if name == "take-over":
            command.add_argument("earlier", type=Path, metavar="OLD_FOLDER")
        command.add_argument(
            "folder", type=Path, nargs="?", default=Path(), help="the folder of the notebooks (default: this one)"
        )
    return top


def check_command(options: argparse.Namespace) -> None:
    """Run all check cells; raises ValueError if some fail."""
    failing = check(options.folder)
    if options.classroom:
        found = results(read_folder(options.folder, notebooks_for(options.folder)), failing, recall(options.folder))
        with options.classroom.open("a", encoding="utf-8") as file:
            file.write(output_line(found))
    if failing:
        raise ValueError(f"{len(failing)} check cells fail: {', '.join(failing)}")


def take_over_command(options: argparse.Namespace) -> None:
    """Copy the work from an earlier edition, and print what was copied."""
    print("\n".join(take_over(options.earlier, options.folder)))


COMMANDS = [
    ("progress", lambda options: progress(options.folder), "show what is done, failing, empty and missing"),
    ("check", check_command, "run every step and check cell, without training and plots"),
    ("hand-in", lambda options: hand_in(options.folder), "write one zip file to hand in, and say what is missing"),
    ("hint", lambda options: hint(options.step, options.level), "show a hint for a step"),
    ("take-over", take_over_command, "copy what you wrote in an earlier edition"),
]


if __name__ == "__main__":
    sys.exit(main())
