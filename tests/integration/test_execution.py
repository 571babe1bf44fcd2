"""Executing notebooks in kernels, whatever they do."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from autograder.core.errors import GraderError
from autograder.execution.environment import fork_server_environment
from autograder.execution.executions import Executions
from autograder.execution.job import CodeCell, Job, Limits, Role, Runtime
from autograder.execution.kernel import sandbox
from autograder.execution.kernel.fork_server import ForkServer
from autograder.execution.store import Store
from autograder.execution.worker import Worker, process_worker
from helpers.processes import processes_of

SANDBOX = not sandbox.unavailable()
LIMITS = Limits(cell_seconds=4, notebook_seconds=60, output_bytes=100_000)
needs_sandbox = pytest.mark.needs("sandbox")


def make_job(*cells, withheld=None, **more):
    """Make a job of definitions and checks: a text that starts with "# check" is a check cell.

    withheld: modules by the number of the cell
    """
    roles = [Role.CHECK if cell.startswith("# check") else Role.DEFINITION for cell in cells]
    code = (CodeCell(cell, roles[n], (withheld or {}).get(n, ())) for n, cell in enumerate(cells))
    return Job(tuple(code), Runtime.current(), **{"limits": LIMITS, "sandboxed": SANDBOX, **more})


def run(*cells, **more):
    """Execute definitions and checks; see `make_job`."""
    return process_worker().execute(make_job(*cells, **more))


def text(result):
    return "".join(output.get("text", "") for output in result.outputs)


def statuses(results):
    return [result.status for result in results]


def test_errors_do_not_stop_the_rest():
    """Does a cell that raises, or is no Python, leave the others alone?"""
    results = run("a = 1", "raise ValueError", "def f(:", "import sys; sys.exit(3)", "print(a)")
    assert statuses(results) == ["done"] * 5
    assert text(results[-1]) == "1\n"
    assert results[1].outputs[0]["output_type"] == "error"


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
    assert results[1].outputs[0]["ename"] == "StdinNotImplementedError"


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
    assert results[2].outputs[0]["ename"] == "ModuleNotFoundError"


LOOK_FOR_DEFINITIONS = """
import inspect, linecache, os, cs231n.notebook_import, Toy
def texts():
    for part in (Toy, Toy.double):
        try:
            yield inspect.getsource(part)
        except OSError as error:
            yield str(error)
    yield str(linecache.cache)
    folder = os.path.dirname(Toy.__file__)
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            yield file.read().decode("latin-1")
print(any("out" + " = 2" in text or "def" + " double" in text for text in texts()), Toy.double(4))
"""


@pytest.mark.parametrize("sandboxed", [SANDBOX, False])
def test_definitions_of_earlier_notebooks_come_without_their_source(toy_key, sandboxed):
    """Can the key's functions be called, and is their text in no file, in no cache of lines, and not available?"""
    from nbformat import writes

    definitions = {"Toy": writes(toy_key._definitions())}
    results = run(LOOK_FOR_DEFINITIONS, definitions=definitions, sandboxed=sandboxed)
    assert text(results[0]) == "False 8\n"


@pytest.mark.parametrize("sandboxed", [SANDBOX, False])
def test_a_module_handed_in_stands_in_for_no_notebook(toy_key, sandboxed):
    """Does an import of an earlier notebook find the key's definitions, whatever is handed in under its name?"""
    from nbformat import writes

    definitions = {"Toy": writes(toy_key._definitions())}
    files = {"Toy.py": "double = str"}
    results = run("from Toy import double; print(double(4))", definitions=definitions, files=files, sandboxed=sandboxed)
    assert text(results[0]) == "8\n"


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
    assert results[1].outputs[0]["ename"] == "RuntimeError"
    assert "cs231n.fast_layers.conv_forward_fast does not run here" in results[1].outputs[0]["evalue"]
    assert [text(result) for result in results[2:]] == ["4.0 42\n", "42\n"]


def test_withheld_module_cannot_be_fetched_from_other_cells():
    """Are a function that another cell kept in a file, and a module of another package, out of reach as well?"""
    keep = "import pickle\nfrom cs231n.fast_layers import conv_forward_fast as f\nopen('kept', 'a').write('x')"
    look = "# check\nimport os, nbformat\nprint(os.path.getsize('kept'))\nnbformat.read('a', 4)"
    results = run(keep, "# check\nopen('other', 'w')", look, withheld={2: ("nbformat",)})
    assert statuses(results) == ["done"] * 3
    assert text(results[2]) == "1\n"  # its own definitions wrote it, into a folder of its own
    assert results[2].outputs[-1]["ename"] == "RuntimeError"


def test_withheld_cells_survive_faults():
    """When a cell without the module hangs, do the others, with and without it, keep their results?"""
    cells = ["a = 2", "# check\nwhile True: pass", "# check\nprint(a)", "# check\nprint(a + 1)", "a = 5"]
    results = run(*cells, withheld={1: ("torch",), 2: ("torch",)})
    assert statuses(results) == ["done", "timed out", "done", "done", "done"]
    assert [text(result) for result in results[2:4]] == ["2\n", "3\n"]


@pytest.mark.parametrize("sandboxed", [pytest.param(True, marks=needs_sandbox), False])
def test_exit_ends_the_cell_and_not_the_kernel(sandboxed):
    """Do all ways to leave Python in a cell cost that cell an error, and nothing else?"""
    ways = ["exit()", "quit()", "exit", "import sys; sys.exit(0)", "raise SystemExit", "# check\nraise SystemExit"]
    results = run("a = 1", *ways, "# check\nprint(a)", sandboxed=sandboxed)
    assert statuses(results) == ["done"] * 8
    assert [result.outputs[0]["ename"] for result in results[1:-1]] == ["SystemExit"] * 6
    assert text(results[-1]) == "1\n"


CHILDREN = """import os, subprocess
print("first")
subprocess.run(["echo", "second"])
if os.fork() == 0:
    print("third")
    raise RuntimeError("of no interest to the parent")
os.wait()
!echo fourth
print("fifth")"""


@pytest.mark.parametrize("sandboxed", [pytest.param(True, marks=needs_sandbox), False])
def test_what_child_processes_print_arrives(sandboxed):
    """Does text that children print reach the cell, in order, and does a forked child not go on as a kernel?"""
    results = run(CHILDREN, "print('next')", sandboxed=sandboxed)
    assert text(results[0]).split() == ["first", "second", "third", "fourth", "fifth"]
    assert [text(result) for result in results[1:]] == ["next\n"]


LOOK_FOR_SOURCE = """# check: the sixth prime
import inspect, linecache, sys
try:
    print(inspect.getsource(sys._getframe()))
except OSError as error:
    print(error)
print([text for text in In if "sixth prime" in text], "<check>" in linecache.cache)
raise ValueError(13)"""


def test_a_check_cell_leaves_no_source():
    """Is the source of a check cell in no history, no cache of lines, no frame and no traceback, while it runs?"""
    (result,) = run(LOOK_FOR_SOURCE)
    assert text(result) == "could not get source code\n[] False\n"
    assert result.outputs[-1]["evalue"] == "13"
    assert "raise ValueError" not in "".join(result.outputs[-1]["traceback"])


def test_inside_a_running_event_loop():
    """Can formgrader, which has an event loop running, execute too?"""
    import asyncio

    async def inside():
        return run("print(1)")

    assert text(asyncio.run(inside())[0]) == "1\n"


def test_what_is_stored_is_not_executed_again(tmp_path, monkeypatch):
    """Is a stored execution found again, and executed again when its entry is damaged?"""
    executions, job = Executions(Store(tmp_path), process_worker()), make_job("print(1)")
    first = executions.results(job)
    monkeypatch.setattr("autograder.execution.worker.execute", lambda *_: pytest.fail("executed again"))
    assert executions.results(job) == first
    [entry] = tmp_path.glob("*/*.zst")
    entry.write_bytes(entry.read_bytes()[:-5])
    monkeypatch.undo()
    assert executions.results(job) == first
    assert executions.store.get(job) == first


@pytest.mark.parametrize("sandboxed", [pytest.param(True, marks=needs_sandbox), False])
def test_kernels_are_alike_with_and_without_a_sandbox(sandboxed):
    """Do both kinds of kernels run plain Python past IPython's tokenizer, and commands without a terminal?"""
    look = """from IPython.core.inputtransformer2 import TransformerManager
print(hasattr(TransformerManager.do_token_transforms, "patched_here"))"""
    results = run(look, "!test -t 1 || echo no terminal", sandboxed=sandboxed)
    assert [text(result) for result in results] == ["True\n", "no terminal\n"]


LEAVES_A_PROCESS = """import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(100)
os._exit(0)"""


@pytest.mark.skipif(os.name != "posix", reason="needs fork")
@pytest.mark.parametrize("sandboxed", [pytest.param(True, marks=needs_sandbox), False])
def test_a_process_that_outlives_its_kernel_holds_up_nobody(sandboxed):
    """When a kernel ends, is that seen although a process that it has started keeps the way to the grader open?"""
    assert statuses(run(LEAVES_A_PROCESS, "print(1)", sandboxed=sandboxed)) == ["killed", "done"]


def test_a_module_handed_in_stands_in_for_nothing_that_a_kernel_imports():
    """Does a plain kernel start beside modules of the grader's and IPython's names, and import others from there?"""
    files = {"autograder.py": "1/0", "IPython.py": "1/0", "mine.py": "x = 3"}
    results = run("import mine; print(mine.x)", files=files, sandboxed=False)
    assert text(results[0]) == "3\n"


SYSTEM_CALLS = """import ctypes, errno, os, platform, signal
libc = ctypes.CDLL(None, use_errno=True)
clone, clone3, unshare = {"x86_64": (56, 435, 272), "aarch64": (220, 435, 97)}[platform.machine()]
def answer(number, *arguments):
    result = libc.syscall(number, *arguments)
    if result == 0 and number != unshare:
        os._exit(0)  # the child
    return errno.errorcode[ctypes.get_errno()] if result < 0 else "allowed"
print(answer(clone, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0), answer(unshare, 0x10000000), answer(clone3, 0, 0))
print(answer(clone, signal.SIGCHLD, 0, 0, 0, 0))
"""


@needs_sandbox
def test_no_user_namespace_in_a_sandbox():
    """Does every call that makes a user namespace fail, while processes can be made?"""
    assert text(run(SYSTEM_CALLS)[0]) == "EPERM EPERM ENOSYS\nallowed\n"


OTHER_PROCESSES = """import ctypes, os
libc, memory = ctypes.CDLL(None), ctypes.create_string_buffer(16)
attached = [pid for pid in range(1, os.getpid()) if libc.ptrace(16, pid, 0, 0) == 0]
print(attached, os.path.exists("/proc/1"), *sorted(os.listdir("/proc/self")), bool(open("/proc/cpuinfo").read()))"""


@needs_sandbox
def test_no_process_acts_through_another():
    """Is bubblewrap's own process, which has the kernel's user, neither seen nor attached to?"""
    assert text(run(OTHER_PROCESSES)[0]) == "[] False cmdline exe True\n"


@needs_sandbox
def test_every_process_in_a_sandbox_has_the_filter(tmp_path):
    """Do the processes that bubblewrap leaves in a sandbox make no other system calls than kernels may?"""
    opened = sandbox.open_sandbox(tmp_path, 2**20)
    try:
        space = os.readlink(f"/proc/{opened.pid}/ns/pid")
        inside = [pid for pid in filter(str.isdigit, os.listdir("/proc")) if sandbox.lives_in(space, pid)]
        assert len(inside) == 2  # pid 1, which may be slower, and the one that waits for the kernel's end
        paths = [Path("/proc", pid, "status") for pid in inside]
        assert becomes(lambda: all("Seccomp:\t2\n" in path.read_text() for path in paths))
    finally:
        os.close(opened.pipe)
        opened.kill()


@needs_sandbox
def test_a_fork_server_ends_with_its_worker():
    """Is the process that forks kernels gone when its worker is closed, and another one started when it is due?"""
    with Worker() as worker:
        for _ in range(2):
            assert statuses(worker.execute(make_job("1"))) == ["done"]
            process = worker._fork_servers[()]._process
            assert process.poll() is None
            worker.close()
            assert process.returncode is not None


@needs_sandbox
def test_no_fork_server_outlives_a_process():
    """Does the fork server of a process that executes and ends without closing anything end with it?"""
    program = """from autograder.execution.job import CodeCell, Job, Runtime
from autograder.execution.worker import process_worker
process_worker().execute(Job((CodeCell("1"),), Runtime.current()))
print(process_worker()._fork_servers[()]._process.pid)"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("sandboxed", [pytest.param(True, marks=needs_sandbox), False])
def test_nothing_outlives_a_killed_grader(tmp_path, sandboxed):
    """When the grader is killed in the middle of a cell, do its workers, fork servers, sandboxes and kernels end?"""
    program = tmp_path / "grader.py"
    program.write_text(GRADER.format(sandboxed=sandboxed))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    path = os.pathsep.join([os.environ["PATH"], str(scratch)])  # which fork servers keep
    environment = {**os.environ, "TMPDIR": str(scratch), "PATH": path}
    with subprocess.Popen([sys.executable, program], env=environment) as grader:
        least = 6 if sandboxed else 3  # the grader, the worker, and what that has started
        assert becomes(lambda: len(processes_of(scratch)) >= least)
        grader.kill()
    assert becomes(lambda: processes_of(scratch) == [])


GRADER = """from autograder.execution.job import CodeCell, Job, Limits, Runtime
from autograder.execution.pool import local_pool
from autograder.execution.worker import execute_packed

if __name__ == "__main__":
    cells = CodeCell("while True: pass"), CodeCell("1")
    job = Job(cells, Runtime.current(), limits=Limits(cell_seconds=100), sandboxed={sandboxed})
    with local_pool(1) as pool:
        pool.submit(execute_packed, job).result()
"""


def becomes(condition):
    """Tell whether a condition becomes true before a test gives up."""
    patience = time.monotonic() + 60
    while not (reached := condition()) and time.monotonic() < patience:
        time.sleep(0.1)
    return reached


@needs_sandbox
def test_a_fork_server_that_cannot_start_is_the_graders_trouble(monkeypatch):
    """When the fork server dies at once, is that a GraderError, and no result of the student's?"""
    server = ForkServer({**fork_server_environment(), "PYTHONHOME": "/nowhere"})
    monkeypatch.setattr("autograder.execution.kernel.client.READY_SECONDS", 10)
    worker = Worker()
    worker._fork_servers[()] = server
    with worker, pytest.raises(GraderError, match=r"did not start|has ended"):
        worker.execute(make_job("1"))


def test_a_kernel_that_does_not_start_is_the_graders_trouble(monkeypatch):
    """When a plain kernel's process ends before it answers, is that a GraderError, and no result of the student's?"""
    monkeypatch.setattr("autograder.execution.kernel.launch.command", lambda: [sys.executable, "-c", ""])
    with pytest.raises(GraderError, match="a kernel did not start"):
        run("1", sandboxed=False)
