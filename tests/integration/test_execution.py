"""Executing notebooks, whatever they do: autograder.execution and the store."""

import gzip
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from autograder.execution.kernel import sandbox
from autograder.execution.kernel.client import Limits
from autograder.execution.run import Job, execute
from autograder.execution.store import Store

SANDBOX = not sandbox.unavailable()
LIMITS = Limits(cell_seconds=4, notebook_seconds=60, output_bytes=100_000)


def run(*cells, limits=LIMITS, **more):
    """Execute definitions and checks: a text that starts with "check" is a check cell."""
    cells = tuple((c, "check" if c.startswith("# check") else "definition") for c in cells)
    return execute(Job(cells, limits=limits, **{"sandboxed": SANDBOX, **more}))


def text(result):
    return "".join(output.get("text", "") for output in result["outputs"])


def statuses(results):
    return [result["status"] for result in results]


def test_errors_do_not_stop_the_rest():
    """Does a cell that raises, or is no Python, leave the others alone?"""
    results = run("a = 1", "raise ValueError", "def f(:", "import sys; sys.exit(3)", "print(a)")
    assert statuses(results) == ["done"] * 5
    assert text(results[-1]) == "1\n"
    assert results[1]["outputs"][0]["output_type"] == "error"


@pytest.mark.parametrize(
    ("cell", "status"),
    [
        ("while True: pass", "timed out"),
        ("try:\n    while True: pass\nexcept KeyboardInterrupt:\n    while True: pass", "timed out"),
        ("import os; os._exit(0)", "killed"),
        ("import ctypes; ctypes.string_at(0)", "killed"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed"),
        ("while True: print('x' * 1000)", "too much output"),
    ],
)
def test_kernel_at_fault_is_replaced(cell, status):
    """Is the cell at fault marked, and does the rest run in a new kernel with the definitions before it?"""
    results = run("def double(x): return 2 * x", "print('before')", f"# check\n{cell}", "# check\nprint(double(21))")
    assert statuses(results) == ["done", "done", status, "done"]
    assert text(results[1]) == "before\n"
    assert text(results[3]) == "42\n"


def test_values_before_the_fault_are_kept():
    """Does what a check cell printed before it hung stay?"""
    results = run("# check\nprint('first', flush=True)\nimport time; time.sleep(0.5)\nwhile True: pass")
    assert statuses(results) == ["timed out"]
    assert text(results[0]) == "first\n"


def test_time_of_the_whole_notebook():
    """Does a notebook that hangs everywhere end, with the rest marked as not reached?"""
    limits = Limits(cell_seconds=1, notebook_seconds=4)
    results = run(*["# check\nwhile True: pass"] * 6, limits=limits)
    assert statuses(results)[0] == "timed out"
    assert statuses(results)[-1] == "not reached"


def test_kernel_sees_nothing_of_the_grader(monkeypatch):
    """Are the grader's environment variables, folder and home out of sight, and input() an error?"""
    monkeypatch.setenv("SECRET_TOKEN", "hidden")
    results = run(
        "import os; print(os.environ.get('SECRET_TOKEN'), os.listdir('.'), os.path.expanduser('~'))", "input()"
    )
    assert text(results[0]).startswith("None []")
    assert str(Path.home()) not in text(results[0])
    assert results[1]["outputs"][0]["ename"] == "StdinNotImplementedError"


def test_modules_and_notebooks_beside_it(toy_key):
    """Can a solution import a module handed in with it and definitions of earlier notebooks, but no others?"""
    from nbformat import writes

    definitions = {"Toy": writes(toy_key._definitions())}
    results = run(
        "import helper; print(helper.x)",
        "import cs231n.notebook_import\nfrom Toy import double; print(double(4))",
        "import Other",
        definitions=definitions,
        files={"helper.py": "x = 3"},
    )
    assert text(results[0]) == "3\n"
    assert text(results[1]) == "8\n"
    assert results[2]["outputs"][0]["ename"] == "ModuleNotFoundError"


CALLS_FAST = """
# check
x, w, b = np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 1)), np.zeros(1)
print(conv_forward_fast(x, w, b, {"stride": 1, "pad": 0})[0].sum(), answer)
"""
IMPORTS_FAST = "import numpy as np\nfrom cs231n.fast_layers import conv_forward_fast\nanswer = 42"


def test_withheld_module_refuses_only_where_it_is_withheld():
    """Does a function of a withheld module raise in that check cell, its import work, and all else go on as usual?"""
    withheld = {1: ("cs231n.fast_layers",)}
    results = run(IMPORTS_FAST, CALLS_FAST.strip(), CALLS_FAST.strip() + "\n", "print(answer)", withheld=withheld)
    assert statuses(results) == ["done"] * 4
    assert results[1]["outputs"][0]["ename"] == "RuntimeError"
    assert "cs231n.fast_layers.conv_forward_fast does not run here" in results[1]["outputs"][0]["evalue"]
    assert [text(result) for result in results[2:]] == ["4.0 42\n", "42\n"]


def test_withheld_module_cannot_be_fetched_from_other_cells():
    """Are a function that another cell kept in a file, and a module of another package, out of reach as well?"""
    keep = "import pickle\nfrom cs231n.fast_layers import conv_forward_fast as f\nopen('kept', 'a').write('x')"
    look = "# check\nimport os, nbformat\nprint(os.path.getsize('kept'))\nnbformat.read('a', 4)"
    results = run(keep, "# check\nopen('other', 'w')", look, withheld={2: ("nbformat",)})
    assert statuses(results) == ["done"] * 3
    assert text(results[2]) == "1\n"  # its own definitions wrote it, into a folder of its own
    assert results[2]["outputs"][-1]["ename"] == "RuntimeError"


def test_withheld_cells_survive_faults():
    """When a cell without the module hangs, do the others, with and without it, keep their results?"""
    cells = ["a = 2", "# check\nwhile True: pass", "# check\nprint(a)", "# check\nprint(a + 1)", "a = 5"]
    results = run(*cells, withheld={1: ("torch",), 2: ("torch",)})
    assert statuses(results) == ["done", "timed out", "done", "done", "done"]
    assert [text(result) for result in results[2:4]] == ["2\n", "3\n"]


def test_inside_a_running_event_loop():
    """Can formgrader, which has an event loop running, execute too?"""
    import asyncio

    async def inside():
        return run("print(1)")

    assert text(asyncio.run(inside())[0]) == "1\n"


JOB = Job((("print(1)", "definition"),), limits=LIMITS)


def test_store_executes_once(tmp_path, monkeypatch):
    """Is a stored execution found again, and executed anew when its entry is damaged?"""
    store, job = Store(tmp_path), replace(JOB, sandboxed=SANDBOX)
    first = store.results(job)
    monkeypatch.setattr("autograder.execution.store.execute_packed", lambda job: pytest.fail("executed again"))
    assert store.results(job) == first
    assert job in store
    store._path(job).write_bytes(store._path(job).read_bytes()[:-5])
    assert store.get(job) is None


@pytest.mark.parametrize(
    "other",
    [
        Job((("print(2)", "definition"),), limits=LIMITS),
        Job((("print(1)", "check"),), limits=LIMITS),
        Job(JOB.cells, definitions={"A": "{}"}, limits=LIMITS),
        Job(JOB.cells, files={"a.py": ""}, limits=LIMITS),
        Job(JOB.cells, limits=Limits(cell_seconds=5)),
        Job(JOB.cells, limits=LIMITS, withheld={0: ("torch",)}),
    ],
)
def test_address_depends_on_everything(other):
    """Does every part of a job change its address, and the same job not?"""
    assert other.address != JOB.address
    assert Job(JOB.cells, limits=LIMITS).address == JOB.address


def test_concurrent_writers(tmp_path):
    """Do two graders that store the same execution at once leave one whole entry and no rubbish?"""
    store = Store(tmp_path)
    results = [{"status": "done", "outputs": [{"text": "x" * 100_000}]}]
    packed = gzip.compress(json.dumps(results).encode())
    threads = [threading.Thread(target=store.put, args=(JOB, packed)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get(JOB) == results
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".gz"]


def test_full_disk_loses_nothing(tmp_path, monkeypatch):
    """When writing fails half way, is the half not taken for an execution?"""
    store = Store(tmp_path)

    def fail(temporary, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("autograder.execution.store.os.replace", fail)
    with pytest.raises(OSError, match="No space left"):
        store.put(JOB, b"half")
    assert JOB not in store
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
