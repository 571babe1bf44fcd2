"""What students hand in as one of the workbook's own notebooks, to get at what is hidden, at points, or at others.

In each notebook one function is attacked with. It would be right where the attack succeeds (`stolen` returns True) and
returns zeros where not, so an attack may earn no more than a function that returns zeros and attacks nothing.
"""

import os
from dataclasses import dataclass

import nbformat
import numpy as np
from autograder.course.cells import name_of
from autograder.course.solutions import set_source, solution, without_marks

FUNCTIONS = {  # the attacked function of each notebook, after which its cell is named; no other cell needs it
    "FullyConnectedNets": "adam",
    "BatchNormalization": "batchnorm_backward_alt",
    "Dropout": "dropout_backward",
    "ConvolutionalNetworks": "max_pool_backward_naive",
}
WEIGHTS_FILE = "best_fully_connected_net.npz"
SOLUTION = """{right}

right = {name}

def spoiled(value):
    if isinstance(value, tuple):
        return tuple(map(spoiled, value))
    return {{key: spoiled(each) for key, each in value.items()}} if isinstance(value, dict) else 0 * value

def stolen():
    return {stolen}

{attack}

def {name}(*arguments):
    out = right(*arguments)
    return out if stolen() else spoiled(out)
"""


@dataclass
class Attack:
    """What is put in front of the attacked function, and what is done to the notebook or beside it.

    gain: the points that it may earn, where a visible check has to know the right value itself
    """

    code: str = ""
    change: object = lambda notebook, folder: None
    gain: float = 0


def attacked(key, code, stolen):
    """Return the source of the attacked function. stolen: what the attack finds where it does not look"""
    name = FUNCTIONS[key.name]
    right = without_marks(solution(key, name).source)
    return SOLUTION.format(right=right, name=name, stolen=stolen, attack=code)


def hand_in(folder, notebook, key, attack, stolen=False):
    """Write the notebook, all of whose other functions are right, with an attack in it, into a student's folder."""
    code = attack.code.replace("{course!r}", repr(str(folder.parents[2])))
    set_source(notebook, FUNCTIONS[key.name], attacked(key, code, stolen))
    attack.change(notebook, folder)
    nbformat.write(notebook, folder / f"{key.name}.ipynb")


# -- looking for what is hidden

HIDDEN = '"HIDDEN" + " TESTS"'
LOOK = f"""import functools, gc, inspect, linecache, os, sys
SECRETS = ({HIDDEN}, "BEGIN" + " SOLUTION", "held_out" + "_seed", "check" + ".value(")
def tell(texts):
    return any(secret in text for text in texts for secret in SECRETS)
"""
FRAMES = f"""{LOOK}
def texts():
    frame = sys._getframe()
    while frame:
        for part in (frame, frame.f_code):
            try:
                yield inspect.getsource(part)
            except (OSError, TypeError):
                pass
        yield from (value for value in list(frame.f_locals.values()) if isinstance(value, str))
        frame = frame.f_back
def stolen():
    return tell(list(texts()))"""
COLLECTOR = f"""{LOOK}
def texts():
    for owner in gc.get_objects():
        if type(owner) in (dict, list, tuple):
            values = owner.values() if type(owner) is dict else owner
            yield from (value for value in list(values) if type(value) is str and len(value) > 100)
@functools.cache
def stolen():
    return tell(list(texts()))"""
HISTORY = f"""{LOOK}
def stolen():
    shell = get_ipython()
    kept = [*In, *shell.history_manager.input_hist_raw, *map(str, linecache.cache.values()), str(shell.user_ns_hidden)]
    return any("check" + ".case" in text for text in kept)"""
FILES = f"""{LOOK}
import cs231n
GIVEN = (sys.prefix, os.path.dirname(cs231n.__file__))  # nbgrader's own files speak of hidden tests
def texts():
    for root in ("/imports", "/tmp", "/withheld", "/dev/shm", "/home", "/root", "/var", "/run", "/srv", {{course!r}}):
        for folder, _, names in os.walk(root):
            if folder.startswith(GIVEN):
                continue
            for name in names:
                try:
                    with open(os.path.join(folder, name), "rb") as file:
                        yield file.read(2**22).decode("latin-1")
                except OSError:
                    pass
@functools.cache
def stolen():
    return tell(texts())"""
IMPORTED = f"""{LOOK}
import cs231n.notebook_import, FullyConnectedNets
def texts():
    for part in (FullyConnectedNets, FullyConnectedNets.affine_forward, FullyConnectedNets.FullyConnectedNet):
        try:
            yield inspect.getsource(part)
        except (OSError, TypeError):
            pass
    yield from map(str, linecache.getlines(FullyConnectedNets.__file__))
    for name in os.listdir("/imports"):
        with open("/imports/" + name, "rb") as file:
            yield file.read().decode("latin-1")
def stolen():
    return tell(texts()) or any("TODO" in text or "np." in text for text in texts())"""
KEY_MODULE = """def stolen():
    try:
        from autograder.course.key import keys
        from pathlib import Path
        return bool(keys(Path({course!r}) / "source" / "assignment2"))
    except Exception:
        return False"""
TRACE = f"""{LOOK}
seen = []
def spy(frame, event, argument):
    if frame.f_code.co_filename.startswith("<"):
        try:
            seen.append(inspect.getsource(frame.f_code))
        except (OSError, TypeError):
            pass
    return spy
sys.settrace(spy)
sys.setprofile(spy)
def stolen():
    return tell(seen)"""
PROCESS = """import os
def stolen():
    for name in ("self/environ", "self/mountinfo", "self/cmdline", "self/maps", "1/cmdline", "1/environ", "1/mem"):
        try:
            with open(f"/proc/{name}", "rb") as file:
                if file.read(1):  # cmdline is there, and empty
                    return True
        except OSError:
            pass
    return "submitted" in os.getcwd() or "COURSE" in str(os.environ)"""
PTRACE = """import ctypes, os
libc = ctypes.CDLL(None)
def stolen():
    here = ctypes.create_string_buffer(64)
    part = (ctypes.c_void_p * 2)(ctypes.addressof(here), 64)
    for pid in {os.getppid(), *range(1, os.getpid())} - {0}:
        if libc.ptrace(16, pid, 0, 0) == 0 or libc.process_vm_readv(pid, part, 1, part, 1, 0) > 0:
            return True
    return False"""
SOCKETS = """import socket
HOSTS, PORTS = ("127.0.0.1", "10.0.0.1", "192.0.2.1"), (22, 53, 8888)
NAMES = ("\\0/tmp/.X11-unix/X0", "/var/run/docker.sock", "/run/dbus/socket")
ADDRESSES = [(socket.AF_INET, (host, port)) for host in HOSTS for port in PORTS]
ADDRESSES += [(socket.AF_UNIX, name) for name in NAMES]
def stolen():
    for family, address in ADDRESSES:
        with socket.socket(family) as end:
            end.settimeout(0.1)
            try:
                end.connect(address)
                return True
            except OSError:
                pass
    return False"""
NAMES = """import socket
def stolen():
    try:
        return bool(socket.getaddrinfo("example.org", 80))
    except OSError:
        return False"""
SHARED = """import ctypes, mmap, os
libc = ctypes.CDLL(None)
def mapped():
    try:
        return bool(mmap.mmap(-1, 2**20))
    except OSError:
        return False
def named():
    try:
        return os.memfd_create("x") >= 0
    except OSError:
        return False
def stolen():
    return libc.shmget(0, 2**20, 0o1600) >= 0 or mapped() or named()"""
NAMESPACE = """import ctypes
libc = ctypes.CDLL(None)
def stolen():
    return libc.unshare(0x10000000) == 0 or libc.mount(b"none", b"/tmp/work", b"tmpfs", 0, None) == 0"""
WRITE = """import os
PLACES = (
    "/imports/FullyConnectedNets.pyc", "/usr/lib/x.py", os.path.join(os.path.dirname(np.__file__), "x.py"),
    "/withheld/x.py", "/x", {course!r} + "/source/x.ipynb", {course!r} + "/executions/x",
)
def stolen():
    for path in PLACES:
        try:
            with open(path, "w") as file:
                file.write("x")
            return True
        except OSError:
            pass
    return False"""
LEAVE = """import os
for place in ("/tmp/left", "/dev/shm/left", "/tmp/home/left", "left"):
    with open(place, "w") as file:
        file.write("x")"""
TAKE = """import os
def stolen():
    return any(map(os.path.exists, ("/tmp/left", "/dev/shm/left", "/tmp/home/left", "left")))"""
UNLIMITED = """import resource
def stolen():
    kinds = (resource.RLIMIT_DATA, resource.RLIMIT_CPU, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE)
    try:
        for kind in kinds:
            resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        return True
    except (ValueError, OSError):
        return False"""
SETUID = """import os
def stolen():
    try:
        os.setuid(0)
        return True
    except OSError:
        return False"""
FAST = """import importlib, sys
def stolen():
    for name in [name for name in sys.modules if name.startswith("cs231n.fast")]:
        del sys.modules[name]
    try:
        fast = importlib.import_module("cs231n.fast_layers")
        fast.max_pool_forward_fast(np.ones((1, 1, 2, 2)), {"pool_height": 2, "pool_width": 2, "stride": 2})
        return True
    except (ImportError, RuntimeError):
        return False"""
LATER = """def stolen():
    import cs231n.notebook_import
    try:
        from ConvolutionalNetworks import max_pool_backward_naive
        return True
    except ImportError:
        return False"""

# -- claiming points

PATCH = "from cs231n.checks.sending import SendingChecks as Sending\n"
STATUS = """import json
channel = get_ipython().channel
send = channel.send
def forged(kind, body=b""):
    try:
        content = json.loads(body)
        for bundle in content["data"].values():
            for check in bundle["checks"]:
                check.update(status="passed", tol=1e9, kind="holds", expression="True", weight=1e9, points=100)
        body = json.dumps(content).encode()
    except (ValueError, KeyError, TypeError):
        pass
    send(kind, body)
channel.send = forged"""
OTHER_CELL = """import cs231n.checks
def everything(cell, checking=cs231n.checks.checking):
    return checking("test_" + cell if not cell.startswith("test_") else cell)
cs231n.checks.checking = checking = everything"""
NO_CHECKS = """import contextlib
class Nothing:
    def __getattr__(self, name):
        return lambda *arguments, **more: contextlib.nullcontext(self)
    def __enter__(self): return self
    def __exit__(self, *error): return True
import cs231n.checks
cs231n.checks.checking = checking = lambda cell: Nothing()"""
TWICE = f"""{PATCH}
values = Sending._values
def often(self, name, got, **more):
    for _ in range(3):
        values(self, name, got, **more)
Sending._values = often"""
WEIGHTS = f"""{PATCH}
values = Sending._values
def heavy(self, name, got, **more):
    values(self, name, got, **{{**more, "weight": 1e9, "tol": 1e9}})
Sending._values = heavy"""
EXPECTED = f"""{PATCH}
equal = Sending._equal
def known(self, name, actual, expected, *how, **more):
    try:
        actual = expected()
    except Exception:
        pass
    equal(self, name, actual, expected, *how, **more)
Sending._equal = known"""
LYING_ARRAYS = """class Lying(np.ndarray):
    __eq__ = __ne__ = __le__ = __ge__ = lambda *_: True
    __sub__ = __rsub__ = lambda *_: 0
    tobytes = lambda *_: b""
    __array__ = lambda self, *_, **__: np.ones(3)
def spoiled(value):
    if isinstance(value, tuple):
        return tuple(map(spoiled, value))
    return (0 * value).view(Lying) if isinstance(value, np.ndarray) else value"""
NUMPY = """always = lambda *_, **__: True
np.allclose = np.array_equal = np.isclose = np.testing.assert_allclose = np.all = np.any = always
import builtins
builtins.abs = builtins.max = builtins.sum = lambda *_, **__: 0"""
EASY_INPUTS = """class Zeros(np.random.RandomState):
    def randn(self, *shape): return np.zeros(shape)
    rand = randn
np.random.RandomState = Zeros
np.random.randn = np.random.rand = lambda *shape: np.zeros(shape)"""
GRADIENTS = """import cs231n.gradient_check as numerical, cs231n.checks.session as session
for module in (numerical, session):
    module.eval_numerical_gradient_array = lambda f, x, dout, *_, **__: np.zeros_like(x)
    module.eval_numerical_gradient = lambda f, x, *_, **__: np.zeros_like(x)"""
TRANSFORMERS = """import ast
class Strip(ast.NodeTransformer):
    def visit_With(self, node): return ast.Pass()
    def visit_Assert(self, node): return ast.Pass()
shell = get_ipython()
shell.ast_transformers.append(Strip())
shell.input_transformers_cleanup.append(lambda lines: ["pass\\n"])
shell.run_cell = shell.showtraceback = shell.run_ast_nodes = lambda *_, **__: None"""
BUILTINS = """import builtins
builtins.compile = builtins.exec = builtins.eval = lambda *_, **__: None
builtins.isinstance = lambda *_: True
builtins.len = lambda *_: 0"""
MARSHAL = """import marshal, autograder.execution.kernel.program as program
empty = marshal.dumps(compile("4.0", "x", "exec"))
program.marshal.loads = lambda body: compile("print('full points')", "x", "exec")"""
SCORE = "def stolen():\n    print(100.0)\n    raise SystemExit"
TOKENS = """import os, struct
def stolen():
    for kind, body in ((6, b'{"data": {"text/plain": "100.0"}}'), (8, b"")):
        os.write(3, struct.pack("!8sBI", get_ipython().channel.token, kind, len(body)) + body)
    return False"""

# -- breaking things

FORKS = """import os
def stolen():
    while True:
        try:
            os.fork()
        except OSError:
            pass"""
MEMORY = "def stolen():\n    kept = []\n    while True:\n        kept.append(np.ones(10**7))"
FLOOD = "def stolen():\n    while True:\n        print('x' * 10**6)"
DISPLAYS = """from IPython.display import HTML, display
def stolen():
    for _ in range(10**6):
        display(HTML("<script>alert(1)</script>"))"""
DISK = """def stolen():
    for number in range(10**4):
        with open(f"/tmp/{number}", "wb") as file:
            file.write(bytes(2**24))"""
EXIT = "import os\ndef stolen():\n    os._exit(0)"
KILL_ALL = "import os, signal\ndef stolen():\n    os.kill(-1, signal.SIGKILL)"
KILL_PARENTS = """import os, signal
def stolen():
    for pid in {1, 2, os.getppid()} - {0}:
        os.kill(pid, signal.SIGKILL)
    return False"""
CRASH = "import ctypes\ndef stolen():\n    ctypes.string_at(0)"
RECURSION = "import sys\nsys.setrecursionlimit(10**9)\ndef stolen():\n    return stolen()"
CLOSE = "import os\ndef stolen():\n    os.closerange(0, 100)"
LATE = """import os, struct, threading, time
def late(token=get_ipython().channel.token):
    while True:
        time.sleep(0.001)
        os.write(3, struct.pack("!8sBI", token, 8, 0))
threading.Thread(target=late, daemon=True).start()"""
PRINTED = """class Endless:
    def __repr__(self):
        while True:
            pass
    __format__ = __str__ = __reduce__ = __repr__
def stolen():
    raise ValueError(np.zeros(3), "x" * 10**7)"""

# -- leaving something for people to look at: `MARK` must not be in a page

MARK = "STO" + "LEN: "
PAGE = 'mark = "STO" + "LEN: "\n'
SHOWN = f"""{PAGE}import sys
from IPython.display import HTML, Markdown, display
def stolen():
    code = sys._getframe(2).f_code
    print(mark, code.co_names, code.co_consts)
    display(HTML(f"<b>{{mark}}</b>"), Markdown(mark + str(code.co_consts)))
    return False"""
RAISED = f"""{PAGE}import sys
def stolen():
    code = sys._getframe(2).f_code
    error = type(mark + str(code.co_names), (Exception,), {{"__doc__": mark}})
    raise error(mark + str(code.co_consts))"""
TYPED = f"""{PAGE}import sys
def spoiled(value):
    return type(mark + str(sys._getframe(2).f_code.co_names), (), {{"__repr__": lambda self: mark}})()"""
SCRIPT = """from IPython.display import HTML, Javascript, Markdown, Latex, display
PAYLOAD = "<scr" + "ipt>document.title = 'STO' + 'LEN'</scr" + "ipt><img src=x oner" + "ror=alert(1)>"
display(HTML(PAYLOAD), Javascript("alert(1)"), Markdown(PAYLOAD), Latex(PAYLOAD))
print(PAYLOAD)"""


# -- changing the notebook, or what lies beside it


def in_check(**fields):
    def change(notebook, folder):
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
                cell.update(fields)

    return change


def more_points(notebook, folder):
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.update(points=1000, grade=True, locked=False, checksum="x", solution=True)


def with_verdicts(notebook, folder):
    """Verdicts as the judge would write them, and outputs that hold points, in every cell."""
    passed = [{"check": "all", "status": "passed", "message": "", "weight": 1, "kind": "equal", "hidden": False}]
    for cell in notebook.cells:
        cell.metadata["cs231n"] = {"verdicts": passed, "status": "done", "repairs": []}
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "1000.0"})]


def with_sent_values(notebook, folder):
    """Messages of checks in the outputs of experiments, which nobody executes."""
    bundle = {"application/vnd.cs231n.check+json": {"cell": "adam", "checks": [{"check": "all", "status": "passed"}]}}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("display_data", bundle)]


def with_another_check(notebook, folder):
    """The check cell once more, under its own name, with nothing in it; in front, behind, and retyped."""
    check = next(cell for cell in notebook.cells if name_of(cell) in map("test_{}".format, FUNCTIONS.values()))
    copies = [nbformat.from_dict(check) for _ in range(3)]
    for number, copy in enumerate(copies):
        copy.id, copy.source = f"copy-{number}", "1000.0"
    notebook.cells = [copies[0], *notebook.cells, *copies[1:]]


def with_experiment(notebook, folder):
    """The attacked cell and its check as experiments, whose outputs are taken over."""
    for cell in notebook.cells:
        if any(name in name_of(cell) for name in FUNCTIONS.values()):
            cell.metadata["tags"] = ["experiment"]
            if cell.cell_type == "code":
                cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "1000.0"})]


def with_withheld(notebook, folder):
    """No tag that withholds a module, in a notebook whose cells are tagged with it."""
    for cell in notebook.cells:
        cell.metadata.pop("tags", None)


def beside(name, content):
    return lambda notebook, folder: (folder / name).write_text(content)


def weights(**arrays):
    return lambda notebook, folder: np.savez(folder / WEIGHTS_FILE, **arrays)


def pickled(notebook, folder):
    np.save(folder / "weights.npy", np.array([print], dtype=object), allow_pickle=True)
    os.rename(folder / "weights.npy", folder / WEIGHTS_FILE)


def linked(notebook, folder):
    os.symlink("/etc/passwd", folder / WEIGHTS_FILE)


SHADOW = "raise SystemExit\n"
ATTACKS = {
    "FullyConnectedNets": {
        "frames": Attack(FRAMES),
        "the status in messages": Attack(STATUS),
        "exit": Attack(EXIT),
        "files": Attack(FILES),
        "weights of a check": Attack(WEIGHTS),
        "a fork bomb": Attack(FORKS),
        "sockets": Attack(SOCKETS),
        "the end of a cell": Attack(TOKENS),
        "shown values": Attack(SHOWN),
        "points in the metadata": Attack(change=more_points),
        "weights that are pickled": Attack(change=pickled),
        "weights that are a link": Attack(change=linked),
        "weights of another class": Attack(change=weights(class_name=np.array("os.system"), W1=np.ones((3, 4)))),
        "a notebook's module of the student's": Attack(LATER, beside("ConvolutionalNetworks.py", SHADOW)),
        "recursion": Attack(RECURSION),
        "namespaces": Attack(NAMESPACE),
    },
    "BatchNormalization": {
        "imported source": Attack(IMPORTED),
        "numerical gradients": Attack(GRADIENTS),
        "all memory": Attack(MEMORY),
        "history": Attack(HISTORY),
        "messages sent three times": Attack(TWICE),
        "a gigabyte of output": Attack(FLOOD),
        "processes": Attack(PROCESS),
        "checks that check nothing": Attack(NO_CHECKS),
        "exceptions": Attack(RAISED),
        "a check of one's own": Attack(change=with_another_check),
        "every process killed": Attack(KILL_ALL),
        "shared memory": Attack(SHARED),
        "an earlier notebook of the student's": Attack(
            IMPORTED, beside("FullyConnectedNets.py", "affine_forward = 1\n")
        ),
        "late messages": Attack(LATE),
        "limits": Attack(UNLIMITED),
        "displays without end": Attack(DISPLAYS),
    },
    "Dropout": {
        "objects of the collector": Attack(COLLECTOR),
        "arrays that lie": Attack(LYING_ARRAYS),
        "expected values": Attack(EXPECTED),
        "a crash": Attack(CRASH),
        "other processes' memory": Attack(PTRACE),
        "inputs of zeros": Attack(EASY_INPUTS),
        "a full disk": Attack(DISK),
        "names on the network": Attack(NAMES),
        "transformers": Attack(TRANSFORMERS),
        "types": Attack(TYPED),
        "verdicts in the metadata": Attack(change=with_verdicts),
        "a module of the student's for NumPy": Attack(change=beside("numpy.py", SHADOW)),
        "something left behind": Attack(LEAVE),
        "a trace": Attack(TRACE),
        "a message's marshal": Attack(MARSHAL),
        "another user": Attack(SETUID),
        "builtins": Attack(BUILTINS),
    },
    "ConvolutionalNetworks": {
        "a withheld module": Attack(FAST),
        "comparisons": Attack(NUMPY),
        "every file closed": Attack(CLOSE),
        "the key's module": Attack(KEY_MODULE),
        "another cell's checks": Attack(OTHER_CELL),
        "scripts": Attack(SCRIPT),
        "what was left behind": Attack(TAKE),
        "a score as output": Attack(SCORE),
        "values in outputs": Attack(change=with_sent_values),
        "no tags": Attack(FAST, with_withheld),
        "writing": Attack(WRITE),
        "everything an experiment": Attack(change=with_experiment),
        "processes above": Attack(KILL_PARENTS),
        "an endless text": Attack(PRINTED),
        "cells of checks": Attack(change=in_check(source="1000.0", cell_type="code")),
    },
}
