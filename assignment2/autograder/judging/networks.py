"""Judging a trained network from the file of weights that was handed in with the notebook.

The file is data: constructor arguments and arrays. The network is built by the key's class in the judge's process and
measured on images that students do not have.
"""

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from cs231n import data_utils, model_io
from threadpoolctl import threadpool_limits

from autograder.course.key import key_modules
from autograder.judging.judge import FAILED, PASSED, Verdict

MAX_PARAMETERS = 20_000_000


class ModelJudge:
    """Callable that judges a model check: (the key's message, the submission's folder) -> verdicts."""

    def __init__(self, sources: Path, held_out_seed: int):
        self.sources, self.held_out_seed = Path(sources).resolve(), held_out_seed

    def __call__(self, expected: dict, folder: Path) -> list[Verdict]:
        path, weights = Path(folder) / expected["path"], expected["weights"]
        numbered = list(enumerate(weights, start=1))
        try:
            saved = read_small(path)
            thresholds = expected["at_least"][saved.trained_on]
            reached = self._accuracy(saved, expected["classes"])
        except (OSError, ValueError, KeyError, TypeError, MemoryError) as error:
            reason = f"{path.name} was not handed in" if not path.exists() else f"{path.name}: {error}"
            return [Verdict(f"{n}. accuracy", FAILED, reason, weight=w, kind="model") for n, w in numbered]
        message = f"{reached:.1%} on the held-out images ({saved.trained_on})"
        return [
            Verdict(
                f"{n}. accuracy",  # the same name whatever was trained on, for those who count a class's verdicts
                PASSED if reached >= least else FAILED,
                f"{message}, at least {least:.0%} asked for",
                weight=w,
                kind="model",
            )
            for (n, w), least in zip(numbered, thresholds, strict=True)
        ]

    def _accuracy(self, saved: "model_io.Weights", classes: list[str]) -> float:
        if saved.class_name not in classes:
            raise ValueError(f"holds a {saved.class_name}, expected {' or '.join(classes)}")
        model = key_class(self.sources, saved.class_name)(**saved.constructor)
        if {k: v.shape for k, v in model.params.items()} != {k: v.shape for k, v in saved.params.items()}:
            raise ValueError("the weights do not fit the constructor arguments saved with them")
        model.params = {name: values.astype(np.float32) for name, values in saved.params.items()}  # twice as fast
        X, y = data_utils.held_out_data(saved.trained_on, seed=self.held_out_seed)
        with np.errstate(all="ignore"), threadpool_limits(1):
            return model_io.accuracy(model, X, y)


def read_small(path: Path) -> "model_io.Weights":
    """Read a file of weights; raises ValueError where building its network would take more than MAX_PARAMETERS."""
    if path.is_symlink():
        raise ValueError("is a link, not a file")
    saved = model_io.read_weights(path)
    sizes = [3 * 32 * 32]
    for value in saved.constructor.values():
        sizes += [n for n in (value if isinstance(value, list) else [value]) if type(n) is int]
    if len(sizes) > 100 or sum(a * b for a, b in pairwise(sizes)) > MAX_PARAMETERS:
        raise ValueError(f"its constructor arguments ask for more than {MAX_PARAMETERS:,} parameters")
    return saved


@cache
def key_class(sources: Path, name: str) -> type:
    """Return the key's class of this name, the one of the latest notebook that has it."""
    return [vars(module)[name] for module in key_modules(sources).values() if name in vars(module)][-1]
