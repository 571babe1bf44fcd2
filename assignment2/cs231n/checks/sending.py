"""The checks of one cell during grading (the environment variable CS231N_CHECKS is "send"): send, decide nothing.

Every check sends the values that the student's code computed, and the judge compares them in another process. All
checks of a case are sent together when the case ends: a message for each check would take longer than most checks.
"""

import numpy as np

from cs231n._frameworks import as_array
from cs231n.checks.errors import line_of, one_line, where
from cs231n.checks.session import Checks
from cs231n.checks.values import MIME_TYPE, encode, fold


class SendingChecks(Checks):
    """The checks of one cell, whose values leave the process."""

    def __init__(self, cell, names, check_file):
        super().__init__(cell, names, check_file)
        self._messages = []

    def holds(self, name, expression, given=None, weight=1, **got):
        """Send the values in a condition; the judge evaluates it."""
        given = {key: encode(value) for key, value in (given or {}).items()}
        self._values(name, got, kind="holds", expression=expression, given=given, weight=weight)

    def model(self, path, classes, data, at_least, weights):
        """Tell the judge which file to read; it builds and measures the network itself."""
        names = [cls.__name__ for cls in (classes if isinstance(classes, tuple) else (classes,))]
        self._send(check="accuracy", kind="model", path=path, classes=names, at_least=at_least, weights=weights)

    def _run(self, case, function, inputs):
        super()._run(case, function, inputs)
        self._flush()

    def _equal(self, name, actual, expected, tol, weight, shipped=False):
        self._values(name, {"value": actual}, kind="equal", tol=tol, weight=weight, shipped=shipped)

    def _compare_snapshots(self):
        for arrays, _, weight in self._snapshots:
            values = {key: np.asarray(as_array(value)) for key, value in arrays.items()}
            self._values(f"{', '.join(arrays)} unchanged", values, kind="unchanged", tol=0.0, weight=weight)

    def _values(self, name, got, **how):
        self._send(check=self._id(name), values={key: encode(value) for key, value in got.items()}, **how)

    def _fail(self, error):
        number, source = line_of(error, self.check_file)
        self._send(
            check=self._case, kind="error", exception=type(error).__name__, error=one_line(error),
            where=where(error, self.check_file), line=number, source=source,
        )  # fmt: skip

    def _send(self, **message):
        self._messages.append({**message, "case": self._case})

    def _flush(self):
        from IPython.display import display

        if self._messages:
            names = ", ".join(message["check"] for message in self._messages)
            checks, values = fold(self._messages)
            bundle = {"checks": checks, "values": values}
            display({MIME_TYPE: bundle, "text/plain": f"{self.cell}: {names}"}, raw=True)
        self._messages = []

    def __exit__(self, _, error, __):
        self._scope.close()
        if isinstance(error, Exception):
            self._fail(error)
        self._flush()
        return isinstance(error, Exception)
