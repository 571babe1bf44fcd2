"""What a course keeps from students about the images that networks are measured on: a seed, or its own images."""

import secrets
import shutil
import zipfile
from pathlib import Path

import numpy as np
from cs231n import data_utils

from autograder.core.errors import GraderError

FILE = "held_out_seed"  # in the course folder, which students never get
BITS = 128
CIFAR10_FILE = "held_out_cifar10.npz"  # in the course folder too, if the instructor has put it there


def course_seed(course: Path) -> int:
    """Return the seed of a course, which the first call draws; raises GraderError if its file contains no integer."""
    path = course / FILE
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(f"{secrets.randbits(BITS)}\n")
    except FileExistsError:
        pass
    text = path.read_text(encoding="utf-8").strip()
    if not text.isdecimal():
        raise GraderError(f"{path} does not contain a seed, an integer: delete it, and a new one is drawn")
    return int(text)


def copy_held_out(course: Path, folder: Path) -> None:
    """Copy the seed, and the images if a course has any, to another folder; draws the seed if there is none yet."""
    course_seed(course)
    for name in (FILE, CIFAR10_FILE):
        if (course / name).exists():
            shutil.copy(course / name, folder)


def own_cifar10_images(course: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Return a course's own images, which replace CIFAR-10's public test images; None if there are none.

    Returns X, uint8 (N, 3, 32, 32), and y, int64 (N,), from 0 to 9.
    Raises GraderError if the file contains anything else.
    """
    path = course / CIFAR10_FILE
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            X, y = file["X"], file["y"]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise GraderError(f"{path} cannot be read: {error}") from error
    images = X.dtype == np.uint8 and X.shape[1:] == (32, 32, 3) and len(X) > 0
    labels = y.dtype.kind in "iu" and y.shape == X.shape[:1]
    if not images or not labels or not np.isin(y, range(len(data_utils.CLASSES))).all():
        raise GraderError(f"{path} must hold X, uint8 (N, 32, 32, 3), and y, integers (N,) from 0 to 9")
    return X.transpose(0, 3, 1, 2), y.astype(np.int64)
