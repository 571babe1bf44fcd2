"""Images to train on: CIFAR-10, or the embedded synthetic images if CIFAR-10 is not available.

Two environment variables replace arguments that are not given: CS231N_DATA is the source ("auto", "cifar-10" or
"synthetic"), and CS231N_DATA_DIR is the folder that holds cifar-10-batches-py, or will hold it. CS231N_SMALL turns on
the small mode, in which experiments get few images and finish soon. In a browser it is always on.
"""

import functools
import operator
import os
import sys
from pathlib import Path

import numpy as np

from . import cifar10_files, synthetic_data
from .synthetic_data import SYNTHETIC_CLASSES

__all__ = [
    "CLASSES",
    "SYNTHETIC_CLASSES",
    "active_source",
    "find_cifar10",
    "get_CIFAR10_data",
    "held_out_data",
    "network_input",
]

CLASSES = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SOURCES = ("auto", "cifar-10", "synthetic")
SOURCE_VARIABLE, FOLDER_VARIABLE, SMALL_VARIABLE = "CS231N_DATA", "CS231N_DATA_DIR", "CS231N_SMALL"
POOL_SIZE, TEST_SIZE = 50_000, 10_000  # images for training and validation; test images
DEFAULT_TRAINING = 49_000  # training images that get_CIFAR10_data returns unless told
SMALL_TRAINING, SMALL_OTHERS = 2000, 200  # images at most in small mode

SMALL_NOTICE = f"Small mode: at most {SMALL_TRAINING:,} training images. Train the networks that you hand in on all."

_active: str | None = None  # the source that get_CIFAR10_data used last
_failure: str | None = None  # why the download failed in this process: "auto" does not try it again


def get_CIFAR10_data(
    num_training: int = DEFAULT_TRAINING,
    num_validation: int = 1000,
    num_test: int = 1000,
    subtract_mean: bool = True,
    source: str | None = None,
    folder: str | Path | None = None,
) -> dict[str, np.ndarray]:
    """Return the images and labels for training, validation and test.

    num_training, num_validation: at most 50,000 together; the validation images follow the training images
    num_test: at most 10,000
    subtract_mean: subtract the mean of the training images, pixel by pixel, from all images
    source: "cifar-10", "synthetic", or "auto": CIFAR-10 if it is found or can be downloaded, otherwise the synthetic
        images, with a notice on stderr. None: the environment variable CS231N_DATA, else "auto".
    folder: holds cifar-10-batches-py, or is where the download goes. None: the environment variable CS231N_DATA_DIR,
        else the user's cache.

    In small mode at most 2,000 training images and 200 others are returned, with a notice on stderr.

    Returns a dict of X_train, X_val, X_test: float32 (N, 3, 32, 32), colors from 0 to 255 less the mean, and
    y_train, y_val, y_test: int64 (N,), from 0 to 9. All are new arrays, which you may modify.
    Raises ValueError for wrong arguments and corrupt files, FileNotFoundError for missing files, and OSError if the
    download fails with source="cifar-10".
    """
    num_training = _count("num_training", num_training, 1, POOL_SIZE)
    num_validation = _count("num_validation", num_validation, 0, POOL_SIZE)
    num_test = _count("num_test", num_test, 0, TEST_SIZE)
    if is_small():
        print(SMALL_NOTICE, file=sys.stderr)
        num_training = min(num_training, SMALL_TRAINING)
        num_validation, num_test = min(num_validation, SMALL_OTHERS), min(num_test, SMALL_OTHERS)
    num_pool = num_training + num_validation
    if num_pool > POOL_SIZE:
        raise ValueError(
            f"num_training + num_validation is {num_training} + {num_validation} = {num_pool}, but only "
            f"{POOL_SIZE} images are not test images: ask for fewer"
        )
    global _active
    used, batches = _resolve(source, folder)
    X, y = _images(used, batches, "train", num_pool)
    X_test, y_test = _images(used, batches, "test", num_test)
    mean = _mean_image(X[:num_training]) if subtract_mean else None
    _active = used
    return {
        "X_train": _as_float(X[:num_training], mean),
        "y_train": y[:num_training].copy(),
        "X_val": _as_float(X[num_training:], mean),
        "y_val": y[num_training:].copy(),
        "X_test": _as_float(X_test, mean),
        "y_test": y_test.copy(),
    }


def held_out_data(
    source: str, num: int = 2000, *, seed: int, folder: str | Path | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return images for grading that get_CIFAR10_data, called with its defaults, never returns.

    source: "cifar-10" or "synthetic", what a network was trained on. folder: as for get_CIFAR10_data.
    seed: an integer from 0, of any size, which a course keeps to itself. It selects images of CIFAR-10 among the test
        images after the first 1,000, which are public anyway. Synthetic images are made from it.

    Returns X (num, 3, 32, 32) float32, y (num,) int64. The mean of the default 49,000 training images is subtracted.
    """
    if source not in SOURCES[1:]:
        raise ValueError(f"source must be 'cifar-10' or 'synthetic', not {source!r}")
    if source == "synthetic":
        X, y = synthetic_data.images("held-out", _count("num", num, 1, POOL_SIZE), seed)
        return network_input(X, source), y.copy()
    num = _count("num", num, 1, TEST_SIZE - 1000)
    _, batches = _resolve(source, folder)
    X, y = _images(source, batches, "test", TEST_SIZE)
    chosen = 1000 + np.sort(np.random.RandomState(synthetic_data.words(seed)).permutation(len(X) - 1000)[:num])
    return network_input(X[chosen], source, folder=folder), y[chosen]


def network_input(images: np.ndarray, source: str, *, folder: str | Path | None = None) -> np.ndarray:
    """Return images in the form that networks expect which were trained with the defaults of get_CIFAR10_data.

    images: uint8 (N, 3, 32, 32). source: "cifar-10" or "synthetic". folder: as for get_CIFAR10_data.
    Returns float32 (N, 3, 32, 32), less the mean of the default 49,000 training images.
    """
    return _as_float(images, _default_mean(*_resolve(source, folder)))


def active_source() -> str:
    """Return "cifar-10" or "synthetic": the images that the last call of get_CIFAR10_data returned."""
    if _active is None:
        raise RuntimeError("no images were loaded yet: call get_CIFAR10_data first")
    return _active


def find_cifar10(folder: str | Path | None = None) -> Path | None:
    """Return the folder of CIFAR-10's batch files, or None; looks where get_CIFAR10_data does, downloads nothing."""
    return cifar10_files.find(_folder(folder)[0])


def is_small() -> bool:
    """Return whether experiments should finish soon: if the environment asks for it, and in a browser."""
    return bool(os.environ.get(SMALL_VARIABLE)) or sys.platform == "emscripten"


# -- choosing the source


def _resolve(source, folder):
    """Return (source, folder of the batch files): what `source` means here and now. Downloads CIFAR-10 if needed."""
    global _failure
    source = source or os.environ.get(SOURCE_VARIABLE) or "auto"
    if source not in SOURCES:
        raise ValueError(
            f"source is {source!r}, but must be one of {', '.join(map(repr, SOURCES))} "
            f"(the argument source=..., or the environment variable {SOURCE_VARIABLE})"
        )
    if source == "synthetic":
        return source, None
    folder, named = _folder(folder)
    if named and not folder.is_dir():
        raise FileNotFoundError(
            f"there is no folder {folder} to look for CIFAR-10 in ({named}): create it, or name another"
        )
    batches = cifar10_files.find(folder)
    if batches is not None:
        return "cifar-10", batches
    if source == "cifar-10":
        try:
            return source, cifar10_files.download(folder)
        except cifar10_files.DownloadError as error:
            raise cifar10_files.DownloadError(f"{error}.\n{_advice()}") from error
    if _failure is None:
        try:
            return "cifar-10", cifar10_files.download(folder)
        except cifar10_files.DownloadError as error:
            _failure = str(error)
    print(_notice(_failure), file=sys.stderr)
    return "synthetic", None


def _folder(folder):
    """Return (folder, who named it): who is "" for the user's cache."""
    if folder is not None:
        return Path(folder).expanduser(), "folder=..."
    if os.environ.get(FOLDER_VARIABLE):
        return Path(os.environ[FOLDER_VARIABLE]).expanduser(), FOLDER_VARIABLE
    return Path(cifar10_files.import_pooch().os_cache("cs231n")), ""


def _advice():
    return (
        f"To use CIFAR-10: download {cifar10_files.URL} elsewhere, unpack it, and name the folder that holds "
        f"{cifar10_files.FOLDER} by get_CIFAR10_data(folder=...) or the environment variable {FOLDER_VARIABLE}; "
        "or restart the kernel where there is a network.\n"
        f"To use the synthetic images: get_CIFAR10_data(source='synthetic') or {SOURCE_VARIABLE}=synthetic."
    )


def _notice(reason):
    line = "!" * 100
    return (
        f"{line}\nTHESE ARE SYNTHETIC IMAGES, NOT CIFAR-10: {reason}.\n"
        f"All experiments work with them, but the accuracies differ from those on CIFAR-10.\n{_advice()}\n{line}"
    )


# -- arrays


def _images(source, batches, part, num):
    """Return the first `num` images, uint8 (num, 3, 32, 32), and labels of "train" (with validation) or "test"."""
    if source == "synthetic":
        return synthetic_data.images(part, num)
    files = cifar10_files.TRAINING_FILES if part == "train" else cifar10_files.TEST_FILES
    needed = -(-num // cifar10_files.IMAGES_PER_FILE)
    X, y = cifar10_files.read(batches, files[:needed])
    return X[:num], y[:num]


def _as_float(images, mean):
    """Return a float32 copy; without a temporary of its size, as these are the largest arrays of a session."""
    out = images.astype(np.float32)
    if mean is not None:
        out -= mean
    return out


def _mean_image(images):
    """Return the mean of uint8 images (N, 3, 32, 32) as float32; the sums are exact, and so the same everywhere."""
    total = np.zeros(images.shape[1:], np.int64)
    for start in range(0, len(images), 250):  # 250 * 255 fits into uint16
        total += images[start : start + 250].sum(axis=0, dtype=np.uint16)
    return (total / len(images)).astype(np.float32)


@functools.cache
def _default_mean(source, batches):
    return _mean_image(_images(source, batches, "train", DEFAULT_TRAINING)[0])


def _count(name, value, least, most):
    try:
        value = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {value!r}") from None
    if not least <= value <= most:
        raise ValueError(f"{name} is {value}, but must be from {least} to {most}")
    return value
