"""`with checking("affine_forward") as check:` — one check cell of a notebook.

In a student's session each check prints a line, and at the end one AssertionError names those that failed. While
grading (the environment variable CS231N_CHECKS is "send") nothing is decided here: every check only publishes the
values that the student's code computed, and the judge compares them in a process of its own.
"""

import os
import textwrap
import traceback
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from cs231n.checks import hints
from cs231n.checks.compare import difference, violation
from cs231n.checks.values import MIME_TYPE, decode, encode
from cs231n.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array

HIDDEN = "hidden"  # the outcome of a check that only the judge can decide


class ChecksFailed(AssertionError):
    """Names the checks of a cell that failed; IPython shows it without the frames of this package."""

    def _render_traceback_(self):
        return [f"AssertionError: {self}"]


@dataclass
class Line:
    """One line of a cell's report: `message` is "" where the check passed, HIDDEN where only the judge can tell."""

    check: str
    message: str
    fingerprint: list


def checking(cell):
    """Open the check cell of the step `cell`; use as `with checking("affine_forward") as check:`."""
    return SendingChecks(cell) if os.environ.get("CS231N_CHECKS") == "send" else Checks(cell)


class Checks:
    """The checks of one cell, in the student's session."""

    def __init__(self, cell):
        self.cell = cell
        self.lines = []
        self._case = ""
        self._snapshots = []  # of the open case, or of the cell outside of its cases

    # -- what a check cell calls

    @contextmanager
    def case(self, name):
        """Group the checks of one input; an exception inside fails this case and the next one still runs."""
        outside = self._case, self._snapshots
        self._case, self._snapshots = name, []
        try:
            yield
            self._compare_snapshots()
        except Exception as error:
            self._fail(error)
        finally:
            self._case, self._snapshots = outside

    def equal(self, name, actual, expected, tol=1e-8, weight=1):
        """Compare with reference values that stand in the cell: a number, a list (float64) or an array."""
        self._values(name, {"value": actual}, kind="equal", tol=tol, weight=weight, expected=np.asarray(expected))

    def value(self, name, actual, tol=1e-8, weight=1):
        """Compare with the value of the key, which only the judge has."""
        self._values(name, {"value": actual}, kind="equal", tol=tol, weight=weight)

    def gradient(self, name, f, x, dout, dx, tol=1e-6, weight=1):
        """Compare dx with the numerical gradient of sum(f(x) * dout) at every entry of x.

        f: function of an array shaped like x; dout: upstream gradient shaped like f(x), None where f returns a number
        """
        expected = self._numerical_gradient(f, x, dout)
        self._values(name, {"value": dx}, kind="equal", tol=tol, weight=weight, expected=expected)

    def holds(self, name, expression, given=None, weight=1, **got):
        """Require a condition, for what has more than one right answer: "abs(W1.mean()) < 1e-3", W1=params["W1"].

        given: names of the condition that are inputs of the check; got: names that the student's code computed
        """
        self._values(name, got, kind="holds", weight=weight, expression=expression, given=given or {})

    def unchanged(self, weight=0.5, **arrays):
        """Require that these arrays (or lists of numbers) are not modified in place from here on.

        They are compared at the end of the case, or of the cell where no case is open, unless an exception ends it.
        """
        snapshots = {key: np.array(value, copy=True) for key, value in arrays.items()}
        self._snapshots.append((arrays, snapshots, weight))

    def model(self, path, classes, data, at_least, weights):
        """Require an accuracy of the network whose weights were saved with `save_model`.

        path: the .npz file beside the notebook; classes: the class, or a tuple of classes, that it may hold
        data: function that returns the dictionary of `get_CIFAR10_data`
        at_least: {"cifar-10": (0.50, 0.55), "synthetic": (...)}: accuracies, in rising order; weights: one for each
        """
        from cs231n.model_io import accuracy, load_model, read_weights

        classes = classes if isinstance(classes, tuple) else (classes,)
        try:
            thresholds = at_least[read_weights(path).trained_on]
            images = data()
            reached = accuracy(load_model(path, *classes), images["X_val"], images["y_val"])
        except (OSError, ValueError, KeyError) as error:
            self._record(f"weights in {path}", str(error), [])
            return
        for number, threshold in enumerate(thresholds, start=1):
            message = f"{path} reaches {reached:.1%} on the validation images" if reached < threshold else ""
            self._record(f"{number}. accuracy of at least {threshold:.0%}", message, [])

    # -- how the student's session answers

    def _numerical_gradient(self, f, x, dout):
        if dout is None:
            return eval_numerical_gradient(f, x)
        return eval_numerical_gradient_array(f, x, dout)

    def _values(self, name, got, *, expected=None, given=None, expression=None, kind, tol=None, weight=1):
        values = {key: decode(encode(value)) for key, value in got.items()}
        if kind == "holds":
            message = violation(expression, {**given, **values})
        elif expected is None:
            message = HIDDEN
        else:
            message = difference(values["value"], expected, tol)
        self._record(name, message, hints.fingerprint(values))

    def _compare_snapshots(self):
        for arrays, snapshots, _ in self._snapshots:
            modified = [key for key, value in snapshots.items() if difference(np.asarray(arrays[key]), value, 0.0)]
            message = f"{', '.join(modified)} modified in place: work on a copy" if modified else ""
            values = {key: np.asarray(value) for key, value in arrays.items()}
            self._record(f"{', '.join(arrays)} unchanged", message, hints.fingerprint(values))

    def _record(self, name, message, fingerprint):
        self.lines.append(Line(f"{self._case}/{name}" if self._case else name, message, fingerprint))

    def _fail(self, error):
        text = one_line(error)
        self.lines.append(Line(self._case, f"{text}{where(error)}", hints.error_fingerprint(text)))

    def __enter__(self):
        return self

    def __exit__(self, _, error, __):
        if error is None:
            self._compare_snapshots()
        elif isinstance(error, Exception):
            self._fail(error)
        else:
            return False
        failed = [line for line in self.lines if line.message not in ("", HIDDEN)]
        self._print(failed)
        if failed:
            names = ", ".join(line.check or "the cell itself" for line in failed)
            raise ChecksFailed(f"{self.cell}: {len(failed)} of {len(self.lines)} checks failed: {names}") from None
        return False

    def _print(self, failed):
        known = hints.shipped()
        found = hints.recognize({line.check: line.fingerprint for line in failed}, known["cells"].get(self.cell, {}))
        print(self.cell)
        told = set()
        for line in self.lines:
            if line.message == HIDDEN:
                print(f"  · {line.check} (hidden: compared when graded)")
                continue
            about = f"{line.check}: " if line.check else ""  # the cell itself has no name
            print(f"  ✗ {about}{line.message}" if line.message else f"  ✓ {line.check}")
            hint = known["hints"].get(found.get(line.check))
            if line.message and hint and hint not in told:
                print(textwrap.fill(hint, 100, initial_indent="      hint: ", subsequent_indent=" " * 12))
                told.add(hint)


class SendingChecks(Checks):
    """The checks of one cell while grading: publish what was computed, decide nothing.

    What belongs to one case goes out together when the case ends: a message for each check would cost more time than
    most checks.
    """

    def __init__(self, cell):
        super().__init__(cell)
        self._messages = []

    @contextmanager
    def case(self, name):
        with super().case(name):
            yield
        self._flush()

    def model(self, path, classes, data, at_least, weights):
        """Tell the judge which file to look at; it loads and measures the file itself."""
        names = [cls.__name__ for cls in (classes if isinstance(classes, tuple) else (classes,))]
        self._send(check="accuracy", kind="model", path=path, classes=names, at_least=at_least, weights=weights)

    def _numerical_gradient(self, f, x, dout):
        return None  # the judge compares with the gradient of the key

    def _values(self, name, got, *, expected=None, given=None, **how):
        check = f"{self._case}/{name}" if self._case else name
        encoded = {key: encode(value) for key, value in got.items()}
        given = {key: encode(value) for key, value in (given or {}).items()}
        self._send(check=check, values=encoded, given=given, **how)

    def _compare_snapshots(self):
        for arrays, _, weight in self._snapshots:
            values = {key: np.asarray(value) for key, value in arrays.items()}
            self._values(f"{', '.join(arrays)} unchanged", values, kind="unchanged", tol=0.0, weight=weight)

    def _fail(self, error):
        exception = type(error).__name__
        number, source = line_of(error)
        self._send(
            check=self._case, kind="error", exception=exception, error=one_line(error), where=where(error),
            line=number, source=source,
        )  # fmt: skip

    def _send(self, **message):
        message["case"] = self._case
        self._messages.append(message)

    def _flush(self):
        from IPython.display import display

        if self._messages:
            names = ", ".join(message["check"] for message in self._messages)
            display({MIME_TYPE: {"checks": self._messages}, "text/plain": f"{self.cell}: {names}"}, raw=True)
        self._messages = []

    def __exit__(self, _, error, __):
        if isinstance(error, Exception):
            self._fail(error)
        elif error is None:
            self._compare_snapshots()
        self._flush()
        return isinstance(error, Exception)


def one_line(error):
    """Return "ValueError: operands could not …" for an exception, on one line of at most 300 characters."""
    if isinstance(error, NotImplementedError):
        return "not implemented yet"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:300] if text else type(error).__name__


def where(error):
    """Say where in a notebook an exception was raised: " (in affine_forward, line 12: …)".

    A function that was imported is named with its notebook: "fill the TODO block of relu_forward in
    FullyConnectedNets.ipynb".
    """
    places = places_of(error)
    if not places:
        return ""
    code, line = places[-1]
    notebook, imported, _ = code.co_filename.partition(".ipynb")
    function = code.co_qualname + (f" in {notebook}.ipynb" if imported else "")
    if isinstance(error, NotImplementedError):
        return f": fill the TODO block of {function}"
    return f" (in {function}, line {line.lineno}: {line.line})" if code.co_name != "<module>" else ""


def line_of(error):
    """Return the number, in its cell, of the line that raised an exception, and the line; 0 and "" without one."""
    places = places_of(error)
    return (places[-1][1].lineno or 0, places[-1][1].line or "") if places else (0, "")


def places_of(error):
    """Return (code object, line of the traceback) for each frame typed into a notebook; the last one raised."""
    codes = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    found = zip(codes, traceback.extract_tb(error.__traceback__), strict=False)
    return [(code, line) for code, line in found if is_notebook(code.co_filename)]


def is_notebook(filename):
    """Tell whether code of this file name was typed into a notebook: IPython's cells or an imported notebook."""
    return "ipykernel_" in filename or filename.startswith("<ipython-input") or ".ipynb" in filename
