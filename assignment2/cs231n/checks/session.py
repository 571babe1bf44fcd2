"""`with checking("affine_forward") as check:` — one check cell of a notebook, in the student's session.

Each case is a function that runs at once, with random numbers and names of its own. At the end the verdicts are
printed, and if checks failed, an AssertionError gives their number.
"""

import zlib
from contextlib import ExitStack

import numpy as np

from cs231n._frameworks import as_array
from cs231n._shell import shell
from cs231n.checks import hints, shipped
from cs231n.checks.cases import each_of, own_names, own_numpy_state, random_numbers
from cs231n.checks.compare import difference, told_difference, violation
from cs231n.checks.definitions import not_taken
from cs231n.checks.errors import in_words, one_line, where
from cs231n.checks.printing import HIDDEN, Line, print_lines
from cs231n.checks.values import decode, encode
from cs231n.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array
from cs231n.verdicts import remember

OWN = np.random.RandomState(0)  # seeded for each parameter that `fill` draws


class ChecksFailed(AssertionError):
    """Gives the number of checks of a cell that failed; IPython shows it without the frames of this package."""

    def _render_traceback_(self):
        return [f"AssertionError: {self}"]


class Checks:
    """The checks of one cell. names: the notebook's global names; check_file: the file name of the check cell's code"""

    def __init__(self, cell, names, check_file):
        self.cell, self.names, self.check_file = cell, names, check_file
        self.lines = []
        self._case = ""
        self._snapshots = []  # of the open case
        self._scope = ExitStack()

    # -- what a check cell calls

    def case(self, name, /, **inputs):
        """Run the decorated function at once as one case, or as one case for each item of the lists `inputs`:

            @check.case("stride {stride}", stride=[1, 2])
            def _(random, stride):

        random: a `np.random.RandomState` of the case's own. An exception fails this case, and the next one still runs.
        """

        def run(function):
            for case, values in each_of(name, inputs):
                self._run(case, function, values)

        return run

    def equal(self, name, actual, expected, tol=1e-8, weight=1):
        """Compare with a value that the case itself knows: a number, a list (float64), an array or a tensor."""
        self._equal(name, actual, lambda: np.asarray(as_array(expected)), tol, weight)

    def value(self, name, actual, tol=1e-8, weight=1):
        """Compare with the value of the key; only the judge has those of hidden checks."""
        self._equal(name, actual, lambda: shipped.expected(self.cell, self._id(name)), tol, weight, shipped=True)

    def gradient(self, name, f, x, dout, dx, tol=1e-6, weight=1):
        """Compare dx with the numerical gradient of sum(f(x) * dout) at every entry of x.

        f: function of an array shaped like x; dout: upstream gradient shaped like f(x), None if f returns a number
        """
        numerical = eval_numerical_gradient if dout is None else eval_numerical_gradient_array
        arguments = (f, x) if dout is None else (f, x, dout)
        self._equal(name, dx, lambda: numerical(*arguments), tol, weight)

    def holds(self, name, expression, given=None, weight=1, **got):
        """Require a condition, if more than one answer is right: "abs(W1.mean()) < 1e-3", W1=params["W1"].

        given: the values in the condition that are inputs of the check; got: those that the student's code computed
        """
        values = {key: decode(encode(value)) for key, value in got.items()}
        message = violation(expression, {**(given or {}), **values})
        self._record(name, message, hints.fingerprint(values))

    def unchanged(self, weight=0.5, **arrays):
        """Require that these arrays, tensors or lists of numbers are not modified in place until the case ends."""
        self._require_case()
        snapshots = {key: np.array(as_array(value), copy=True) for key, value in arrays.items()}
        self._snapshots.append((arrays, snapshots, weight))

    def model(self, path, classes, data, at_least, weights):
        """Require an accuracy of the network whose weights were saved with `save_model`. Call it outside of cases.

        path: the .npz file next to the notebook; classes: the class, or a tuple of classes, that the network may have
        data: function that returns the dictionary of `get_CIFAR10_data`
        at_least: {"cifar-10": (0.50, 0.55), "synthetic": (...)}: accuracies, in rising order; weights: one for each
        """
        from cs231n.model_io import MAX_PARAMETERS, accuracy, load_model, read_weights

        classes = classes if isinstance(classes, tuple) else (classes,)
        try:
            saved = read_weights(path)
            if saved.size > MAX_PARAMETERS:
                raise ValueError(f"{saved.size:,} parameters, and more than {MAX_PARAMETERS:,} are not graded")
            thresholds = at_least[saved.trained_on]
            images = data()
            reached = accuracy(load_model(path, *classes), images["X_val"], images["y_val"])
        except (OSError, ValueError, KeyError) as error:
            self.lines.append(Line("", f"weights in {path}", str(error), []))
            return
        for number, threshold in enumerate(thresholds, start=1):
            message = f"{path} reaches {reached:.1%} on the validation images" if reached < threshold else ""
            self.lines.append(Line("", f"{number}. accuracy of at least {threshold:.0%}", message, []))

    @staticmethod
    def fill(params, random, scale=0.6):
        """Give a network's parameters random values that depend on their names, shapes and dtypes alone.

        params: dict of name -> array, gets new arrays: around 0 for weights, 0.3 for b and beta, 1.2 for gamma
        """
        start = random.randint(2**31)
        for name, array in params.items():
            OWN.seed((start + zlib.crc32(name.encode())) % 2**32)
            middle = {"b": 0.3, "g": 1.2}.get(name[0], 0.0)
            params[name] = (middle + scale * OWN.randn(*array.shape)).astype(array.dtype)

    # -- in the student's session

    def _run(self, case, function, inputs):
        self._case, self._snapshots = case, []
        try:
            with own_names(self.names), random_numbers(self.cell, case) as random:
                function(random, **inputs)
                self._compare_snapshots()
        except Exception as error:
            self._fail(error)
        finally:
            self._case = ""

    def _id(self, name):
        self._require_case()
        return f"{self._case}/{name}"

    def _require_case(self):
        if not self._case:
            raise RuntimeError("a check is outside a case: put it into a function below @check.case(...)")

    def _equal(self, name, actual, expected, tol, weight, shipped=False):
        """Compare with the right array. expected: function that returns it, or None if only the judge has it

        shipped: whether the right array comes with the package, and not from the case
        """
        actual, right = decode(encode(actual)), expected()
        message = HIDDEN if right is None else told_difference(actual, right, tol)
        wrong = None if message in ("", HIDDEN) or isinstance(actual, str) else (actual, right)
        self._record(name, message, hints.fingerprint({"value": actual}, {"value": right}), wrong)

    def _compare_snapshots(self):
        for arrays, snapshots, _ in self._snapshots:
            values = {key: np.asarray(as_array(value)) for key, value in arrays.items()}
            modified = [key for key, value in snapshots.items() if difference(values[key], value, 0.0)]
            message = f"{', '.join(modified)} modified in place: work on a copy" if modified else ""
            self._record(f"{', '.join(arrays)} unchanged", message, hints.fingerprint(values, snapshots))

    def _record(self, name, message, fingerprint, arrays=None):
        self._require_case()
        self.lines.append(Line(self._case, name, message, fingerprint, arrays))

    def _fail(self, error):
        text, place = one_line(error), where(error, self.check_file)
        words = "" if place else in_words(text)
        fingerprint = hints.error_fingerprint(error, self.check_file)
        self.lines.append(Line(self._case, "", words or text + place, fingerprint))

    def __enter__(self):
        self._scope.enter_context(own_names(self.names))
        self._scope.enter_context(own_numpy_state())
        return self

    def __exit__(self, _, error, __):
        self._scope.close()
        if error is not None and not isinstance(error, Exception):
            return False
        if error is not None:
            self._fail(error)
        for name in not_taken(shell()):
            print(f"The cell that defines {name} has a SyntaxError: the check used its earlier definition.")
        failed = print_lines(self.cell, self.lines)
        remember(self.cell, sum(line.message != HIDDEN for line in self.lines), failed)
        if failed:
            raise ChecksFailed(f"{self.cell}: {failed} of {len(self.lines)} checks failed") from None
        return False
