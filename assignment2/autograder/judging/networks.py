"""Judge a trained network from the file of weights that was handed in with the notebook.

The file is data: constructor arguments and arrays. The judge's process builds the network by the key's class and
measures its accuracy on images that students do not have.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from cs231n import data_utils, model_io
from cs231n.model_io import MAX_PARAMETERS
from threadpoolctl import threadpool_limits

from autograder.core.errors import NotGraded
from autograder.core.files import MIB, Unusable, is_there, open_regular
from autograder.core.results import CheckKind, Status, Verdict
from autograder.core.time_limit import TookTooLong, time_limit
from autograder.course.held_out import CIFAR10_FILE, own_cifar10_images
from autograder.course.key import Key, key_modules
from autograder.execution.job import data_identity
from autograder.judging.messages import Message

BUILDING_BYTES, COPIES = 64 * MIB, 4  # building a network may take this, and COPIES of its parameters
MEASURING_BYTES = 1024 * MIB
MEASURING_SECONDS = 50.0  # of one core; two networks fit into what all notebooks of a submission may take
CIFAR10 = "cifar-10"


class DataSetMissing(NotGraded):
    """A network was trained on a data set that the grader's machine does not have."""


class NetworkJudge:
    """Judges a model check, as a callable: (the key's message, the submission's folder) -> verdicts.

    Raises DataSetMissing if the images to measure on are not on this machine; it never downloads them.
    """

    def __init__(self, key: Key, held_out_seed: int):
        self.key, self.held_out_seed = key, held_out_seed
        self.course = key.assignment.course

    def __call__(self, expected: Message, folder: Path) -> list[Verdict]:
        path, weights = folder / expected["path"], expected["weights"]
        try:
            saved = read_small(path)
            data_set = data_set_of(saved, expected)
            network = self._build(saved, expected["classes"])
        except Exception as error:  # the key's code runs on a student's numbers: whatever it raises is about the file
            problem = error if is_there(path) else Unusable("was not handed in")
            return [unusable(n, path.name, problem, w) for n, w in enumerate(weights, start=1)]
        X, y = own_images(data_set, self.course) or held_out_images(data_set, self.held_out_seed)
        try:
            reached = measured(network, X, y)
        except Exception as error:
            return [unusable(n, path.name, error, w) for n, w in enumerate(weights, start=1)]
        message = f"{reached:.1%} on the held-out images ({data_set}), at least {{:.0%}} required"
        return [
            verdict(n, Status.PASSED if reached >= least else Status.FAILED, message.format(least), w)
            for n, (w, least) in enumerate(zip(weights, expected["at_least"][data_set], strict=True), start=1)
        ]

    def _build(self, saved: model_io.Weights, classes: list[str]) -> Any:
        if saved.class_name not in classes:
            raise Unusable(f"contains a network of class {saved.class_name}, expected {' or '.join(classes)}")
        make = key_class(self.key, saved.class_name)
        with memory_limit(BUILDING_BYTES + 8 * COPIES * saved.size):
            network = model_io.as_model(make(**saved.constructor))
        if {k: v.shape for k, v in network.params.items()} != {k: v.shape for k, v in saved.params.items()}:
            raise Unusable("the weights do not fit the constructor arguments saved with them")
        network.params = {name: values.astype(np.float32) for name, values in saved.params.items()}  # twice as fast
        return network


def measured(network: Any, X: np.ndarray, y: np.ndarray) -> float:
    """Return the accuracy of a network, from 0 to 1, computed on one core.

    X: images, as the network takes them; y: their labels
    Raises Unusable if that takes too much time, MemoryError if it takes too much memory.
    """
    try:
        with (
            np.errstate(all="ignore"),
            threadpool_limits(1),
            memory_limit(MEASURING_BYTES),
            time_limit(MEASURING_SECONDS),
        ):
            return model_io.accuracy(network, X, y)
    except TookTooLong:
        raise Unusable(f"takes more than {MEASURING_SECONDS:g} s of one core for {len(X):,} images") from None


def verdict(number: int, status: Status, message: str, weight: float) -> Verdict:
    """Return the verdict on one required accuracy, by its number."""
    # the name is the same for every data set and accuracy, so that a class's verdicts can be counted
    return Verdict(f"{number}. accuracy", status, message, weight=weight, kind=CheckKind.MODEL, told=message)


def unusable(number: int, file: str, error: Exception, weight: float) -> Verdict:
    """Return the verdict on a file of weights that cannot be used. Of an exception in the key's code, students read
    only that no network can be built."""
    found = verdict(number, Status.FAILED, f"{file}: {error}", weight)
    if not isinstance(error, Unusable | model_io.WeightsError):
        found.told = f"{file}: no network can be built from it"
    return found


def data_set_of(saved: model_io.Weights, expected: Message) -> str:
    """Return the name of the data set that a network was trained on; raises Unusable if the check does not name it."""
    if saved.trained_on is None or saved.trained_on not in expected["at_least"]:
        raise Unusable(f"was trained on {saved.trained_on!r}, expected {' or '.join(expected['at_least'])}")
    return saved.trained_on


def held_out_identity() -> str:
    """Return what identifies the data set that networks are measured on here, whichever one the kernels use."""
    found = data_utils.find_cifar10()
    return data_identity(None if found is None else Path(found))


def own_images(data_set: str, course: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the course's own images and labels for networks that were trained on a data set, None if it has none.

    Raises DataSetMissing if the training images, whose mean is subtracted, are not on this machine.
    """
    path = course / CIFAR10_FILE
    if data_set != CIFAR10 or not path.exists():
        return None
    require_cifar10()
    return _own_images(course, path.stat().st_mtime_ns, held_out_identity())


@lru_cache(maxsize=1)
def _own_images(course: Path, changed: int, identity: str) -> tuple[np.ndarray, np.ndarray] | None:
    found = own_cifar10_images(course)
    return None if found is None else (data_utils.network_input(found[0], CIFAR10), found[1])


def held_out_images(data_set: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and labels to measure a network on.

    Raises DataSetMissing if they are not on this machine; downloads nothing.
    """
    if data_set == CIFAR10:
        require_cifar10()
    return _held_out_images(data_set, seed, held_out_identity())


def require_cifar10() -> None:
    """Raise DataSetMissing if CIFAR-10 is not on this machine."""
    if data_utils.find_cifar10() is None:
        raise DataSetMissing(
            "a network was trained on CIFAR-10, which this machine does not have: unpack cifar-10-batches-py, name its "
            "folder in CS231N_DATA_DIR, and grade again"
        )


@lru_cache(maxsize=2)  # the same for the whole class, as long as the data set stays what it is
def _held_out_images(data_set: str, seed: int, identity: str) -> tuple[np.ndarray, np.ndarray]:
    try:
        return data_utils.held_out_data(data_set, seed=seed)
    except (OSError, ValueError) as error:
        raise DataSetMissing(f"the held-out images ({data_set}) cannot be read: {error}") from error


def read_small(path: Path) -> model_io.Weights:
    """Read a file of weights; raises Unusable, or WeightsError if it has more than MAX_PARAMETERS or is damaged."""
    open_regular(path, model_io.MAX_BYTES).close()
    saved = model_io.read_weights(path, max_bytes=8 * MAX_PARAMETERS)
    if saved.size > MAX_PARAMETERS:
        raise Unusable(f"has more than {MAX_PARAMETERS:,} parameters")
    return saved


@contextmanager
def memory_limit(more: int) -> Iterator[None]:
    """Let this process allocate at most `more` bytes; an allocation beyond that raises MemoryError.

    How much memory a network takes follows from its constructor's arguments in ways that only its code knows. There is
    no limit on systems without `/proc`, which do not tell how much a process has.
    """
    usage = Path("/proc/self/statm")
    if not usage.exists():
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = int(usage.read_text().split()[0]) * resource.getpagesize() + more
    bounds = [bound for bound in (soft, hard) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([limit, *bounds]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@lru_cache(maxsize=16)
def key_class(key: Key, name: str) -> type:
    """Return the class of this name from the last of the key's notebooks that defines it."""
    found: list[type] = [vars(module)[name] for module in key_modules(key.assignment).values() if name in vars(module)]
    return found[-1]
