"""What students hand in, by name: accidents that must cost no more than their own points, and attempts to cheat.

Each case makes one submission of the toy assignment; a new one is one more entry. `double` has 4 points, `square` 2.
An accident says what it costs; a cheat earns nothing.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import nbformat
from autograder.course.cells import grade_id
from autograder.course.solutions import answered, set_source
from nbgrader.api import Gradebook, MissingEntry

RIGHT = "def double(x):\n    return x + x"
WRONG = "def double(x):\n    return 0 * x"
SQUARE = "def square(x):\n    return x * x"  # does not need `double`


@dataclass
class Accident:
    """A submission that goes wrong. double, square: the points that it gets; remark: what the report must say.

    make: function of (the folder, the solved notebook) that spoils it; or the source of `double`
    """

    make: object
    double: float = 4
    square: float = 2
    remark: str = ""


def in_double(code):
    """`double` that does something else first."""
    lines = "\n".join(f"    {line}" for line in code.split("\n"))
    return f"def double(x):\n{lines}\n    return 2 * x"


def at_definition(code):
    return f"{code}\n{RIGHT}"


def edited(change):
    """A case that changes the solved notebook and writes it."""

    def make(folder, notebook):
        change(notebook)
        nbformat.write(notebook, folder / "Toy.ipynb")

    return make


def file_of(content):
    """A case whose file is not what it should be."""

    def make(folder, notebook):
        (folder / "Toy.ipynb").write_bytes(content)

    return make


def cell(notebook, name):
    return next(cell for cell in notebook.cells if (grade_id(cell) or cell.id) == name)


def drop(notebook, name):
    notebook.cells = [each for each in notebook.cells if (grade_id(each) or each.id) != name]


def duplicate(notebook, name):
    copy = nbformat.from_dict(cell(notebook, name))
    copy.id = f"{copy.id.replace('_', '-')}-copy"
    notebook.cells.append(copy)


def retype(notebook, name):
    index = notebook.cells.index(cell(notebook, name))
    old = notebook.cells[index]
    notebook.cells[index] = nbformat.v4.new_markdown_cell(old.source, metadata=old.metadata)


def lose_metadata(notebook):
    for each in notebook.cells:
        each.metadata = {}


def change_ids(notebook):
    for number, each in enumerate(notebook.cells):
        each.id, each.metadata = f"changed-{number}", {}


def rename_kernel(notebook):
    notebook.metadata["kernelspec"] = {"name": "julia-1.9", "display_name": "Julia", "language": "julia"}


def make_old_format(folder, notebook):
    old = json.loads(nbformat.writes(notebook))
    old["nbformat_minor"] = 2
    for each in old["cells"]:
        del each["id"]
    (folder / "Toy.ipynb").write_text(json.dumps(old))


def make_format_3(folder, notebook):
    nbformat.write(nbformat.convert(notebook, 3), folder / "Toy.ipynb", version=3)


def make_wrong_name(folder, notebook):
    nbformat.write(notebook, folder / "Toy (1).ipynb")


def make_two_names(folder, notebook):
    make_wrong_name(folder, notebook)
    (folder / "Toy (2).ipynb").write_text("{}")


def make_huge(folder, notebook):
    with (folder / "Toy.ipynb").open("wb") as file:
        file.truncate(100 * 2**20)


def make_extra_files(folder, notebook):
    nbformat.write(notebook, folder / "Toy.ipynb")
    for number in range(50):
        (folder / f"photo {number} ümläut.png").write_bytes(b"\0" * 1000)
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "Toy.ipynb").write_text("{}")


def make_links(folder, notebook):
    nbformat.write(notebook, folder / "Toy.ipynb")
    os.symlink("/etc/passwd", folder / "notes.txt")
    os.symlink(folder.parents[2] / "source", folder / "source")
    os.symlink("nowhere", folder / "broken.py")


def make_link_to_the_key(folder, notebook):
    os.symlink(folder.parents[2] / "source" / "assignment2" / "Toy.ipynb", folder / "Toy.ipynb")


def make_garbled_timestamp(folder, notebook):
    nbformat.write(notebook, folder / "Toy.ipynb")
    (folder / "timestamp.txt").write_text("the day before yesterday")


def make_helper(folder, notebook):
    (folder / "helper.py").write_text("def twice(x):\n    return x + x\n")
    set_source(notebook, "double", "from helper import twice\n\ndef double(x):\n    return twice(x)")
    nbformat.write(notebook, folder / "Toy.ipynb")


def make_looping_helper(folder, notebook):
    (folder / "helper.py").write_text("while True:\n    pass\n")
    set_source(notebook, "double", "import helper\n\ndef double(x):\n    return 2 * x")
    nbformat.write(notebook, folder / "Toy.ipynb")


def insert(code):
    def change(notebook):
        notebook.cells.insert(2, nbformat.v4.new_code_cell(code))

    return edited(change)


def doomed(code):
    """A case that runs code which ends the kernel a moment later, when `double` is at work."""

    def change(notebook):
        notebook.cells.insert(2, nbformat.v4.new_code_cell(code))
        set_source(notebook, "double", in_double("import time; time.sleep(0.4)"))

    return edited(change)


SLOW_ARRAY = """class Slow(np.ndarray):
    def astype(self, *args, **kwargs):
        while True:
            pass

def double(x):
    return (2 * x).view(Slow)"""
FILL_DISK = """for n in range(10_000):
    with open(f"/tmp/{n}", "wb") as file:
        file.write(b"x" * 2**24)"""
HUGE_DISPLAY = "from IPython.display import display\ndisplay({'text/plain': 'x' * 2**27}, raw=True)"
MALFORMED = """from IPython.display import display
for data in (None, 3, {}, {"text/plain": 3}, {"application/json": object}, {3: "x"}):
    try:
        display(data, raw=True)
    except Exception:
        pass
from autograder.execution.kernel.frames import Kind
channel = get_ipython().channel
channel.send(Kind.STDOUT, b"\\xff\\xfe")
channel.send(Kind.DATA, b'{"data": {"text/html": "' + b"<" * 10**4 + b'"}, "metadata": 7}')"""
FRAMES = """import os, struct
def frame(kind, body=b"", length=None):
    token = get_ipython().channel.token
    return struct.pack("!8sBI", token, kind, len(body) if length is None else length) + body
def send(data):
    while data:
        data = data[os.write(3, data):]
"""
NO_JSON = FRAMES + "send(frame(5, b'text'))"
LATE_FRAMES = """import threading, time
late = frame(3, b"late") + frame(8)
def forever():
    while True:
        time.sleep(0.001)
        send(late)
threading.Thread(target=forever, daemon=True).start()"""
BROKEN = {  # what a cell's own messages may not be
    "no JSON": "b'text'",
    "no object": "b'[]'",
    "no bundle": """b'{"data": 3}'""",
    "a number as HTML": """b'{"data": {"text/html": [1, {}]}}'""",
    "deeply nested": "b'[' * 500_000",
    "a million objects": """b'{"data": {"application/json": [' + b'{},' * 300_000 + b'{}]}}'""",
    "a number of many digits": """b'{"data": {"application/json": ' + b'9' * 5000 + b'}}'""",
}
THREADS = """import threading, time
def forever():
    while True:
        time.sleep(0.01)
        print("still here")
for _ in range(5):
    threading.Thread(target=forever, daemon=False).start()"""
WINDOWS = """import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.show(block=True)
try:
    plt.switch_backend("TkAgg")
except ImportError:
    pass"""

ACCIDENTS = {
    "solved": Accident(RIGHT),
    "Zoë van Dyck": Accident(RIGHT),
    # programs that do not end, or end everything
    "loop in a solution": Accident(in_double("while True: pass"), 0, remark="test_double timed out"),
    "loop in an array's methods": Accident(SLOW_ARRAY),
    "loop at definition": Accident(at_definition("while True: pass"), 0, remark="double timed out"),
    "loop in an imported file": Accident(make_looping_helper, 0, remark="double timed out"),
    "loop that cannot be interrupted": Accident(
        in_double("while True:\n    try:\n        while True: pass\n    except BaseException: pass"),
        0,
        remark="timed out",
    ),
    "os._exit": Accident(in_double("import os; os._exit(0)"), 0, remark="test_double killed"),
    "sys.exit": Accident(in_double("import sys; sys.exit()"), 0),
    "segmentation fault": Accident(in_double("import ctypes; ctypes.string_at(0)"), 0, remark="test_double killed"),
    "interrupt": Accident(in_double("import os, signal; os.kill(os.getpid(), signal.SIGINT)"), 0),
    "exit in a solution": Accident(in_double("exit()"), 0),
    "exit and quit at the top": Accident(insert("quit()\nexit")),
    "exit a moment later": Accident(
        doomed("import os, threading\nthreading.Timer(0.1, os._exit, [0]).start()"), remark="added-2 killed"
    ),
    "killed a moment later by a child": Accident(
        doomed("!(sleep 0.1; kill -9 $PPID) > /dev/null 2>&1 &"), remark="added-2 killed"
    ),
    "sys.exit and SystemExit at the top": Accident(insert("import sys\nsys.exit()\nraise SystemExit(1)")),
    "exit in the experiment and in a text": Accident(insert("exit\nquit\nget_ipython().kernel.do_shutdown(False)")),
    "os._exit at the top": Accident(insert("import os; os._exit(0)"), remark="added-2 killed"),
    "closes every file": Accident(in_double("import os; os.closerange(0, 100)"), 0, remark="test_double killed"),
    # too much of something
    "all memory": Accident(in_double("kept = []\nwhile True: kept.append(np.ones(10**7))"), 0),
    "all memory in many processes": Accident(
        in_double("import os\nfor _ in range(20): os.fork()\nkept = [np.ones(10**6) for _ in range(10**4)]"),
        0,
        remark="test_double (out of memory|too many processes)",
    ),
    "fork bomb": Accident(
        in_double("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"),
        0,
        remark="test_double (out of memory|too many processes|timed out)",
    ),
    "full disk": Accident(in_double(FILL_DISK), 0),
    "full disk, forgiven": Accident(
        at_definition(
            "try:\n    with open('/tmp/x', 'wb') as f:\n        while f.write(b'x' * 2**20): pass\nexcept OSError: pass"
        )
    ),
    "gigabyte of output": Accident(in_double("while True: print('x' * 10**6)"), 0),
    "million small prints": Accident(
        in_double("for n in range(10**6): print(n)"), 0, remark="test_double (too much output|timed out)"
    ),
    "output of a child process": Accident(at_definition("!yes | head -c 10000000 > /dev/null")),
    "huge display": Accident(in_double(HUGE_DISPLAY), 0),
    "malformed display": Accident(at_definition(MALFORMED)),
    "messages that are no JSON": Accident(at_definition(NO_JSON), 0, remark="double broken messages"),
    # the pipe to the grader, written to by hand
    **{
        f"a message with {name}": Accident(
            f"{FRAMES}{in_double(f'send(frame(5, {body}))')}", 0, remark="test_double broken messages"
        )
        for name, body in BROKEN.items()
    },
    "endless frames": Accident(
        f"{FRAMES}{in_double('while True: send(frame(3))')}", 0, remark="test_double too much output"
    ),
    "endless frames of no cell": Accident(
        f"{FRAMES}{in_double('while True: send(bytes(2**16))')}", 0, remark="test_double too much output"
    ),
    "a frame of 4 GB": Accident(
        f"{FRAMES}{in_double('send(frame(3, length=2**32 - 1))')}", 0, remark="test_double too much output"
    ),
    "half a frame": Accident(f"{FRAMES}{in_double('send(frame(3, length=100)[:7])')}", 0),
    "the end of the cell": Accident(f"{FRAMES}{in_double('send(frame(8))')}", 0),
    "frames after the end": Accident(f"{FRAMES}{LATE_FRAMES}\n{RIGHT}"),
    # notebooks that were damaged
    "deleted solution": Accident(edited(lambda n: drop(n, "double")), 0, remark="double: the cell was missing"),
    "deleted check": Accident(edited(lambda n: drop(n, "test_double"))),
    "deleted imports": Accident(edited(lambda n: drop(n, "imports"))),
    "duplicated solution": Accident(edited(lambda n: duplicate(n, "double")), remark="more than once"),
    "duplicated check": Accident(edited(lambda n: duplicate(n, "test_double")), remark="more than once"),
    "reordered cells": Accident(edited(lambda n: n.cells.reverse()), remark="another order"),
    "retyped solution": Accident(edited(lambda n: retype(n, "double")), remark="was a markdown cell"),
    "retyped check": Accident(edited(lambda n: retype(n, "test_double"))),
    "emptied solution": Accident(edited(lambda n: set_source(n, "double", "")), 0),
    "emptied check": Accident(edited(lambda n: set_source(n, "test_double", "")), remark="check cell was changed"),
    "lost metadata": Accident(edited(lose_metadata)),
    "changed ids": Accident(edited(change_ids), remark="recognized by what it defines"),
    "wrong kernel": Accident(edited(rename_kernel)),
    "format 4.2": Accident(make_old_format),
    "format 3": Accident(make_format_3, remark=""),
    "syntax error": Accident("def double(x:\n    return 2 * x", 0),
    # files that are no notebooks
    "truncated": Accident(file_of(b'{"cells": [{"cell_type": "co'), 0, 0, "not a readable notebook"),
    "empty file": Accident(file_of(b""), 0, 0, "not a readable notebook"),
    "binary file": Accident(file_of(b"\x89PNG\r\n\x00\x00"), 0, 0, "not a readable notebook"),
    "deeply nested": Accident(file_of(b"[" * 200_000), 0, 0, "not a readable notebook"),
    "wrong name": Accident(make_wrong_name, remark="was found as"),
    "two names": Accident(
        make_two_names, 0, 0, r"a person has to decide which of these it is: .*Toy \(1\).ipynb.*Toy \(2\).ipynb"
    ),
    "100 MB": Accident(make_huge, 0, 0, "has 100 MB"),
    "missing": Accident(lambda folder, notebook: None, 0, 0, "not gradable"),
    "extra files": Accident(make_extra_files),
    "links to outside": Accident(make_links),
    "link to the key": Accident(make_link_to_the_key, 0, 0, "is a link"),
    "garbled timestamp": Accident(make_garbled_timestamp, remark="timestamp"),
    "helper file": Accident(make_helper),
    # habits
    "input": Accident(in_double("input()"), 0),
    "input at the top": Accident(insert("name = input('your name?')")),
    "background threads": Accident(at_definition(THREADS)),
    "autoreload": Accident(insert("%load_ext autoreload\n%autoreload 2")),
    "shell escape": Accident(insert("!ls -la\n%cd ..\n!nvidia-smi")),
    "pip install": Accident(insert("!pip install torch\n%pip install scipy")),
    "changed folder": Accident(at_definition("import os; os.chdir('/')")),
    "seed": Accident(at_definition("np.random.seed(0)")),
    "strict errors": Accident(at_definition("np.seterr(all='raise')")),
    "print options": Accident(at_definition("np.set_printoptions(precision=1, threshold=3)")),
    "warnings as errors": Accident(at_definition("import warnings; warnings.simplefilter('error')")),
    "windows": Accident(at_definition(WINDOWS)),
    "unpicklable names": Accident(at_definition("float = lambda x: x\nrange = None\nprint = None\nopen = None")),
}

FIND = """import os, re
def spy(*roots):
    for root in roots:
        for folder, _, names in os.walk(root):
            for name in names:
                if name.endswith((".ipynb", ".db", ".zst", ".toml", ".json")):
                    try:
                        with open(os.path.join(folder, name), "rb") as file:
                            if b"out = 2 " + b"* x" in file.read():
                                return True
                    except OSError:
                        pass
    return False
def double(x):
    return 2 * x if {found} else 0 * x"""
TRANSFORMER = (
    """import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
    def visit_With(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Strip())
get_ipython().input_transformers_cleanup.append(lambda lines: ["pass\\n"])
"""
    + WRONG
)
SHELL_FUNCTIONS = (
    """import json
channel = get_ipython().channel
send = channel.send
def forged(kind, body=b""):
    content = json.loads(body or b"{}")
    for bundle in content.get("data", {}).values():
        if isinstance(bundle, dict):
            for check in bundle["checks"]:
                check.update(status="passed", tol=1e9, kind="holds", expression="True", weight=1e9)
    send(kind, json.dumps(content).encode())
channel.send = forged
get_ipython().run_cell = get_ipython().showtraceback = lambda *a, **k: None
"""
    + WRONG
)
REPEATED = (
    """import cs231n.checks.sending as s
flush = s.SendingChecks._flush
def often(self):
    kept = list(self._messages)
    for order in (kept, kept[::-1], kept):
        self._messages = list(order)
        flush(self)
s.SendingChecks._flush = often
"""
    + RIGHT
)
STACK = """import gc, sys
def double(x):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()):
            if isinstance(value, np.ndarray) and value.shape == x.shape and np.array_equal(value, 2 * x):
                return value
        frame = frame.f_back
    for value in gc.get_objects():
        if isinstance(value, np.ndarray) and value.shape == x.shape and np.array_equal(value, 2 * x):
            return value
    return 0 * x"""
LEAVE = (
    """import os, site
for folder in ("/tmp", "/tmp/home", "/dev/shm", "/var/tmp", ".", "/imports", *site.getsitepackages()):
    try:
        with open(os.path.join(folder, "left_behind.py"), "w") as file:
            file.write("answer = 2")
    except OSError:
        pass
"""
    + WRONG
)
FIND_LEFT = """import os, sys
sys.path += ["/tmp", "/tmp/home", "/dev/shm", "/var/tmp"]
try:
    from left_behind import answer
except ImportError:
    answer = 0
def double(x):
    return answer * x"""
NETWORK = """import socket
def reachable():
    for address in (("127.0.0.1", 22), ("127.0.0.1", 8888), ("10.0.0.1", 80), ("192.0.2.1", 53)):
        try:
            socket.create_connection(address, 0.2).close()
            return True
        except ConnectionRefusedError:
            if address[0] != "127.0.0.1":
                return True
        except OSError:
            pass
    return False
def double(x):
    return 2 * x if reachable() else 0 * x"""
HIDDEN_SOURCE = """import inspect, linecache, sys
def texts():
    yield from In
    yield from get_ipython().history_manager.input_hist_raw
    for entry in linecache.cache.values():
        yield str(entry)
    frame = sys._getframe()
    while frame:
        try:
            yield inspect.getsource(frame)
        except (OSError, TypeError):
            pass
        for value in list(frame.f_locals.values()):
            if isinstance(value, (str, bytes, tuple)):
                yield str(value)
        frame = frame.f_back
def double(x):
    return 2 * x if any("check.hol" + "ds(" in text for text in texts()) else 0 * x"""
TAKE = """import mmap, os
SIZE = 1_400 * 2**20
def fill(descriptor, **how):
    with mmap.mmap(descriptor, SIZE, **how) as memory:
        for start in range(0, SIZE, mmap.PAGESIZE):
            memory[start] = 1
    return True
def took():
    try:
        {take}
    except (OSError, ValueError):
        return False
def double(x):
    return 2 * x if took() else 0 * x"""
SYSTEM_V = """import ctypes
        libc = ctypes.CDLL(None)
        segment = libc.shmget(0, ctypes.c_size_t(SIZE), 0o1600)
        libc.shmat.restype = ctypes.c_void_p
        return segment >= 0 and bool(ctypes.memset(libc.shmat(segment, None, 0), 1, SIZE))"""
MANY_FILES = """for folder in ("/tmp", "/dev/shm"):
            for number in range(25):
                with open(f"{folder}/{number}", "wb") as file:
                    file.write(bytes(10 * 2**20))
        kept = bytearray(os.urandom(2**20)) * 100
        import time
        time.sleep(1)
        return len(kept) > 0"""
OPEN = "file = os.open('{path}', os.O_RDWR | os.O_CREAT); "
SHARED_MEMORY = {
    "a shared mapping": "return fill(-1)",
    "a shared mapping of zeros": "return fill(os.open('/dev/zero', os.O_RDWR))",
    "a file without a name": "file = os.memfd_create('x'); os.ftruncate(file, SIZE); return fill(file)",
    "a file that is memory": f"{OPEN.replace('{path}', '/dev/shm/x')}os.ftruncate(file, SIZE); return fill(file)",
    "a hole in a file": f"{OPEN.replace('{path}', '/tmp/x')}os.pwrite(file, b'x', SIZE); return fill(file)",
    "a segment of System V": SYSTEM_V,
    "files and memory together": MANY_FILES,
}
MOUNTS = """import ctypes
libc = ctypes.CDLL(None)
entered = libc.unshare(0x10000000 | 0x00020000) == 0  # CLONE_NEWUSER | CLONE_NEWNS
mounted = libc.mount(b"none", b"/tmp/work", b"tmpfs", 0, None) == 0
def double(x):
    return 2 * x if entered or mounted else 0 * x"""
CHEATS = {
    "a transformer strips asserts": TRANSFORMER,
    "replaced asserts": "np.allclose = np.array_equal = np.testing.assert_allclose = lambda *a, **k: True\n" + WRONG,
    "replaced checks": (
        "import cs231n.checks, sys\nclass Always:\n    def __getattr__(self, name): return lambda *a, **k: self\n"
        "    __enter__ = __exit__ = lambda *a: Always()\nchecking = lambda cell: Always()\n"
        "cs231n.checks.checking = checking\n" + WRONG
    ),
    "array that equals everything": (
        "class A(np.ndarray):\n    __eq__ = __ne__ = __le__ = lambda *a: True\n    __sub__ = lambda *a: 0\n"
        "    tobytes = lambda *a: b''\n    shape = property(lambda self: (3,))\n"
        "def double(x):\n    return (0 * x).view(A)"
    ),
    "the shell's own functions": SHELL_FUNCTIONS,
    "messages repeated and reordered": REPEATED,
    "values on the stack and in the collector": STACK,
    "the score as output": "def double(x):\n    raise SystemExit\nprint(4.0)\n4.0",
    "the key by import": (
        "import cs231n.notebook_import\ntry:\n    from Toy import double\n"
        "except ImportError:\n    double = lambda x: 0 * x"
    ),
    "the key on the disk": FIND.format(found='spy("/")'),
    "the key in the course's folder": FIND.format(found="spy({course!r})"),
    "the key in In": FIND.format(found='any("out = 2 " + "* x" in str(text) for text in In)'),
    "the source of hidden checks": HIDDEN_SOURCE,
    **{f"too much memory in {name}": TAKE.replace("{take}", take) for name, take in SHARED_MEMORY.items()},
    "other processes": FIND.format(
        found='set(filter(str.isdigit, os.listdir("/proc"))) - {"1", "2", str(os.getpid())}'
    ),
    "the environment": FIND.format(found='any(name in os.environ for name in ("SECRET_TOKEN", "SSH_AUTH_SOCK"))'),
    "the network": NETWORK,
    "writing where the grader reads": (
        "import os\nfor path in ({course!r} + '/executions', {course!r} + '/gradebook.db', {course!r}):\n"
        "    try:\n        os.makedirs(path, exist_ok=True)\n        open(path + '/x', 'w').write('x')\n"
        "    except OSError:\n        pass\n" + WRONG
    ),
    "a file system without a limit": MOUNTS,
    "leaves something behind": LEAVE,
    "takes what was left behind": FIND_LEFT,
    "a library from elsewhere": "try:\n    import torch\nexcept ImportError:\n    torch = None\n"
    "def double(x):\n    return 2 * x if torch else 0 * x",
}


def hand_in(course: Path, name: str, make, solved) -> None:
    """Write one submission. make: what it does to the solved notebook, or the source of its `double`."""
    folder = course / "submitted" / name / "assignment2"
    folder.mkdir(parents=True)
    notebook = nbformat.from_dict(solved)
    if isinstance(make, str):
        set_source(notebook, "double", make.replace("{course!r}", repr(str(course))))
        nbformat.write(notebook, folder / "Toy.ipynb")
    else:
        make(folder, notebook)


def solved_notebook(course: Path, key):
    """The released toy notebook with both solutions right and independent of each other."""
    notebook = answered(nbformat.read(course / "release" / "assignment2" / "Toy.ipynb", as_version=4), key)
    set_source(notebook, "double", RIGHT)
    set_source(notebook, "square", SQUARE)
    return notebook


def outcome(course: Path, rows):
    """Return the points of each student by check cell, and their remarks in one text."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        points = {row.student: points_of(gradebook, row.student) for row in rows}
    return points, {row.student: "; ".join(row.remarks) for row in rows}


def points_of(gradebook, student):
    try:
        submission = gradebook.find_submission("assignment2", student)
    except MissingEntry:
        return {"test_double": 0, "test_square": 0}  # a row of the report, and no grade
    return {grade.name: grade.auto_score or 0 for grade in submission.notebooks[0].grades if grade.name != "why"}
