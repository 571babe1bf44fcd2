"""Write the results of the visible checks for GitHub Classroom: points for each step, out of its maximum."""

import base64
import json

from cs231n.kit.notebooks import Folder, Step


def results(folder: Folder, failing: list[str], verdicts: dict[str, dict]) -> dict:
    """Return the results of a run of all check cells in the form that Classroom's reporter reads.

    A step gets the share of its points that its visible checks earn.
    failing: the steps whose check cells fail; verdicts: see `cs231n.verdicts`
    """
    steps = [step for notebook in folder.notebooks for step in notebook.steps.values()]
    tests = [test_of(step, failing, verdicts.get(step.name)) for step in steps if step.is_checked and step.points]
    return {
        "version": 1,
        "status": "pass" if all(test["status"] == "pass" for test in tests) else "fail",
        "max_score": sum(test["max_score"] for test in tests),
        "tests": tests,
    }


def test_of(step: Step, failing: list[str], verdict: dict | None) -> dict:
    """Return one step as a test. verdict: that of its check cell, None if the cell has never run to its end"""
    passed = step.name not in failing and verdict is not None
    share = 1 - verdict["failed"] / verdict["checks"] if verdict and verdict["checks"] else float(passed)
    if not passed and share == 1:  # the verdict is from another run: this time the cell failed before its checks
        share = 0.0
    return {
        "name": step.name,
        "status": "pass" if passed else "fail",
        "score": round(step.points * share, 2),
        "max_score": step.points,
        "message": "" if passed else "see its lines in the step before",
    }


def output_line(results: dict) -> str:
    """Return the line that an action on GitHub writes to its output."""
    return f"result={base64.b64encode(json.dumps(results).encode()).decode()}\n"
