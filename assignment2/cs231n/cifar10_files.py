"""Find and download the official CIFAR-10 files, and read them without trusting them.

CIFAR-10 is described in Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009; its Python version
is an archive of five training batches and one test batch of 10,000 images each.
"""

import pickle
import sys
import tarfile
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from . import threads
from ._progress import spare_monitor

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
MD5 = "c58f30108f718f92721af3b95e74349a"
ARCHIVE = "cifar-10-python.tar.gz"
FOLDER = "cifar-10-batches-py"
TRAINING_FILES = tuple(f"data_batch_{n}" for n in range(1, 6))
TEST_FILES = ("test_batch",)
IMAGES_PER_FILE = 10_000
CONNECT_SECONDS = 5  # a site that does not answer within this time counts as unreachable
READ_SECONDS = 30  # a download that stalls for this long is given up


class DownloadError(OSError):
    """CIFAR-10 could not be downloaded or unpacked."""


def find(folder):
    """Return the folder that has batch files: `folder` or its cifar-10-batches-py; None if neither does."""
    for candidate in (Path(folder), Path(folder) / FOLDER):
        if any((candidate / name).is_file() for name in TRAINING_FILES + TEST_FILES):
            return candidate
    return None


# -- downloading


def import_pooch():
    """Return the module pooch: imported late, so that the synthetic images do not need it.

    It imports tqdm.auto, which warns in a notebook without ipywidgets, although the bar is then drawn as text.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pooch
    return pooch


def download(folder):
    """Download the archive into `folder`, verify its checksum and unpack it; returns the folder of the batch files.

    An archive that is already there and complete is only unpacked. A file gets its final name only when it is complete,
    so after a failed download the next call starts again. Raises DownloadError.
    """
    pooch = import_pooch()
    spare_monitor()  # pooch draws a bar
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        archive = folder / ARCHIVE
        if not (archive.exists() and pooch.file_hash(archive, alg="md5") == MD5):
            _require_answer(URL)
            print(f"Downloading CIFAR-10 (170 MB, once) into {folder}", file=sys.stderr)
        downloader = pooch.HTTPDownloader(progressbar=True, chunk_size=2**16, timeout=(CONNECT_SECONDS, READ_SECONDS))
        path = pooch.retrieve(URL, f"md5:{MD5}", fname=ARCHIVE, path=folder, downloader=downloader)
        unpacked = _unpack(Path(path), folder)
        archive.unlink()
    except (
        OSError,
        ValueError,
        tarfile.TarError,
    ) as error:  # requests' errors are OSErrors; a wrong checksum: ValueError
        raise DownloadError(f"CIFAR-10 could not be downloaded into {folder} ({_short(error)})") from error
    return unpacked


def _require_answer(url):
    """Raise ConnectionError unless the site answers soon.

    In a thread of its own if there can be one: a time-out of requests does not bound the time that looking up a
    name takes.
    """
    import requests

    outcome: list[requests.RequestException | None] = []

    def ask():
        try:
            requests.head(url, timeout=CONNECT_SECONDS, allow_redirects=True).raise_for_status()
            outcome.append(None)
        except requests.RequestException as error:
            outcome.append(error)

    thread = threads.start(ask)
    if thread is None:
        ask()
    else:
        thread.join(CONNECT_SECONDS + 1)
    if not outcome:
        raise ConnectionError(f"no answer from {url} within {CONNECT_SECONDS} seconds")
    if outcome[0] is not None:
        reason = "no connection" if isinstance(outcome[0], requests.ConnectionError) else _short(outcome[0])
        raise ConnectionError(f"{reason} to {url}") from outcome[0]


def _unpack(archive, folder):
    """Unpack only the batch files, next to the archive: first into another folder, which is then renamed."""
    wanted = {f"{FOLDER}/{name}" for name in (*TRAINING_FILES, *TEST_FILES, "batches.meta")}
    with tempfile.TemporaryDirectory(dir=folder, prefix="unpacking-") as scratch:
        with tarfile.open(archive) as tar:
            members = [member for member in tar if member.isfile() and member.name in wanted]
            tar.extractall(scratch, members=members, filter="data")
        target = folder / FOLDER
        if find(target) is None:  # else another process was faster
            (Path(scratch) / FOLDER).rename(target)
    return target


def _remove_leftovers(folder):
    """Delete what killed downloads have left, except files of the last hour, whose downloads may still be running."""
    for path in folder.glob("tmp*"):
        if path.is_file() and time.time() - path.stat().st_mtime > 3600:
            path.unlink(missing_ok=True)


def _short(error):
    return (str(error) or type(error).__name__).splitlines()[0][:200]


# -- reading


def read(folder, files):
    """Read batch files: images (N, 3, 32, 32) uint8 and labels (N,) int64.

    Raises FileNotFoundError if a file is missing, ValueError if it is truncated, corrupt, or contains anything but the
    arrays and plain containers of a batch.
    """
    images = np.empty((len(files) * IMAGES_PER_FILE, 3, 32, 32), np.uint8)
    labels = np.empty(len(images), np.int64)
    for number, name in enumerate(files):
        rows = slice(number * IMAGES_PER_FILE, (number + 1) * IMAGES_PER_FILE)
        images[rows], labels[rows] = _read_batch(Path(folder) / name)
    return images, labels


def _read_batch(path):
    advice = (
        f"put the file of the official archive ({URL}) in its place, or delete the folder {path.parent} "
        "and call get_CIFAR10_data again to have it downloaded"
    )
    if not path.is_file():
        raise FileNotFoundError(f"CIFAR-10 is incomplete: there is no {path}; {advice}")
    try:
        with path.open("rb") as file:
            return _images_and_labels(BatchUnpickler(file).load())
    except MemoryError:
        raise
    except Exception as error:  # reading bytes that are not a pickle can raise anything
        raise ValueError(f"{path} is truncated or corrupt ({_short(error)}): {advice}") from error


def _images_and_labels(batch):
    batch = {key.decode() if isinstance(key, bytes) else key: value for key, value in dict(batch).items()}
    images = np.asarray(batch["data"].array() if isinstance(batch["data"], PickledArray) else batch["data"])
    labels = np.asarray(batch["labels"], dtype=np.int64)
    expected = (IMAGES_PER_FILE, 3 * 32 * 32)
    if images.dtype != np.uint8 or images.shape != expected:
        raise ValueError(f"its images are {images.dtype} {images.shape}, expected uint8 {expected}")
    if labels.shape != expected[:1] or labels.min() < 0 or labels.max() > 9:
        raise ValueError(f"its labels are not {IMAGES_PER_FILE:,} integers from 0 to 9")
    return images.reshape(-1, 3, 32, 32), labels


class PickledArray:
    """Stores what a pickle says about an array, and makes the array only if its dtype is uint8."""

    def __setstate__(self, state):
        _, self.shape, self.dtype, self.fortran_order, self.raw = state

    def array(self):
        """Return the array; raises ValueError for any dtype but uint8."""
        if self.dtype.code not in ("u1", b"u1"):
            raise ValueError(f"holds an array of type {self.dtype.code!r}, expected uint8")
        return np.frombuffer(self.raw, np.uint8).reshape(self.shape, order="F" if self.fortran_order else "C")


class PickledDtype:
    """Replaces numpy.dtype: stores only the code of the dtype."""

    def __init__(self, code, *_):
        self.code = code

    def __setstate__(self, state):
        pass


class BatchUnpickler(pickle.Unpickler):
    """Unpickler for files that may come from anywhere: it knows arrays, bytes and plain containers, nothing else.

    Even NumPy's own functions are replaced, since their arguments would come from the file too. The names are those
    that NumPy 1 and 2 write, in all pickle protocols; Python 2 wrote the official files, hence encoding="bytes".
    """

    def __init__(self, file):
        super().__init__(file, encoding="bytes")

    def find_class(self, module, name):
        admitted = {
            "numpy.ndarray": PickledArray,
            "numpy.dtype": PickledDtype,
            "multiarray._reconstruct": _empty_array,
            "numeric._frombuffer": _array_from_buffer,
            "_codecs.encode": _latin1,
        }
        short = module.removeprefix("numpy._core.").removeprefix("numpy.core.")
        try:
            return admitted[f"{short}.{name}"]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no CIFAR-10 file needs") from None


def _empty_array(*_):
    return PickledArray()


def _array_from_buffer(raw, dtype, shape, order):
    """Replace the function by which protocol 5 restores an array."""
    array = PickledArray()
    array.__setstate__((1, shape, dtype, order == "F", raw))
    return array


def _latin1(text, encoding="latin1"):
    """Replace codecs.encode: protocol 2 writes bytes as a call of it."""
    if encoding not in ("latin1", b"latin1"):
        raise pickle.UnpicklingError(f"bytes in the encoding {encoding!r}")
    return text.encode("latin1")
