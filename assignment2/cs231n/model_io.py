"""Save and load a model's weights, with everything that is needed to build the model again.

The file is an .npz without pickles: `params/<name>` for each parameter, `statistics/<layer>/<name>` for the running
averages of normalization (model.bn_params), and `about`, a string of JSON: the class, the arguments of its constructor
and the data that it was trained on. np.load reads it.

`read_weights` trusts nothing in a file: it executes nothing, and takes little more memory than MAX_BYTES. `load_model`
calls the constructor with the arguments in the file, which may build a very large model. So load a file that you do not
trust in a process with limited memory and time.
"""

import json
import math
import os
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ._frameworks import as_model, own_state

MAX_BYTES = 256 * 2**20  # of all arrays in a file together; a CIFAR-10 network of this workbook has some megabytes
MAX_PARAMETERS = 20_000_000  # of a network that is graded
MAX_MEMBERS = 1000
MAX_DIRECTORY = 2**20  # bytes of the list of members at the end of a file
MAX_ABOUT = 2**16


class WeightsError(ValueError):
    """A file of weights cannot be used, or a model does not fit its constructor's arguments."""


class Weights(NamedTuple):
    """The content of a file of weights: params is a dict of arrays, trained_on "cifar-10", "synthetic" or None."""

    class_name: str
    constructor: dict
    params: dict
    trained_on: str | None

    @property
    def size(self) -> int:
        """The number of parameters, including averages that are saved as parameters."""
        return sum(w.size for w in self.params.values())


def save_model(path: str | Path, model, trained_on: str | None = None, **constructor) -> None:
    """Save a model's parameters, together with the arguments that its constructor was called with.

        save_model("best_fc.npz", model, hidden_dims=[100, 100], dropout_keep_ratio=0.8)

    path: the .npz file, replaced if it exists.
    model: has `params`, a dict of arrays, which are saved as they are. Or it is a PyTorch or Keras network: its
        state is saved, with the averages of batch normalization.
    trained_on: the data, by default those that get_CIFAR10_data returned last.
    constructor: the arguments: numbers, strings, lists, dicts of these, None and NumPy dtypes.
    Raises WeightsError if type(model)(**constructor) has other parameters or shapes than model.
    """
    path, cls, model = Path(path), type(model), as_model(model)
    if trained_on is None:
        from cs231n.data_utils import active_source

        trained_on = active_source()
    params = {name: np.asarray(w) for name, w in model.params.items()}
    for name, w in params.items():
        _require_numbers(f"parameter {name}", w.dtype)
    about = {
        "class": cls.__name__,
        "constructor": {name: _to_json(name, value) for name, value in constructor.items()},
        "trained_on": trained_on,
    }
    _fitting_model(cls, constructor, params)
    members = {f"params/{name}": w for name, w in params.items()}
    members |= {f"statistics/{key}": value for key, value in _statistics(model).items()}
    part = path.with_name(path.name + ".part")  # so that an interrupted save leaves the old file whole
    try:
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, about=np.array(json.dumps(about)), **members)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def load_model(path: str | Path, *classes: type):
    """Build the model that a file of `save_model` describes, with the saved parameters.

    classes: the classes that the model may have; the file names one of them.
    Raises FileNotFoundError, or WeightsError if the file is damaged, names another class, or its arrays do not fit the
    model that its arguments build.
    """
    weights, statistics = _read(Path(path))
    known = {each.__name__: each for each in classes}
    if weights.class_name not in known:
        raise WeightsError(f"{path} holds a {weights.class_name}, but one of {', '.join(known)} is expected")
    try:
        model = _fitting_model(known[weights.class_name], weights.constructor, weights.params)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error
    as_model(model).params = dict(weights.params)
    for layer, entry in enumerate(getattr(model, "bn_params", [])):
        entry.update({key[1]: value for key, value in statistics.items() if key[0] == str(layer)})
    return model


def read_weights(path: str | Path, max_bytes: int | None = None) -> Weights:
    """Read a file of `save_model` without building the model: Weights(class_name, constructor, params, trained_on).

    max_bytes: of all arrays together. Raises FileNotFoundError, or WeightsError if the file is damaged, too large or
    holds anything but arrays of numbers.
    """
    return _read(Path(path), max_bytes)[0]


def accuracy(model, X: np.ndarray, y: np.ndarray, batch_size: int = 100) -> float:
    """Return the fraction of images that a model classifies correctly.

    model: loss(X) returns the scores (N, C); images are cast to its dtype, if it has one. Or a PyTorch or
        Keras network.
    X: (N, ...). y: (N,).
    batch_size: images that go through the model at a time.
    """
    model = as_model(model)
    dtype = getattr(model, "dtype", None)
    correct = 0
    for first in range(0, len(y), batch_size):
        batch = X[first : first + batch_size]
        scores = model.loss(batch if dtype is None else batch.astype(dtype, copy=False))
        correct += int(np.sum(np.argmax(scores, axis=1) == y[first : first + batch_size]))
    return correct / len(y)


def _fitting_model(cls, constructor, params):
    """Return cls(**constructor); raises WeightsError unless its parameters have the names and shapes of params."""
    signature = f"{cls.__name__}({', '.join(f'{name}={value!r}' for name, value in constructor.items())})"
    state = np.random.get_state()  # initializing weights must not shift the random numbers of what comes next
    try:
        with own_state():
            model = cls(**constructor)
    except Exception as error:
        raise WeightsError(f"{signature} raises {type(error).__name__}: {error}") from error
    finally:
        np.random.set_state(state)
    expected = {name: np.shape(w) for name, w in as_model(model).params.items()}
    actual = {name: w.shape for name, w in params.items()}
    different = [
        f"{name} is {actual.get(name, 'missing')} instead of {expected.get(name, 'missing')}"
        for name in sorted(expected | actual)
        if expected.get(name) != actual.get(name)
    ]
    if different:
        raise WeightsError(
            f"the parameters are not those of {signature}: {'; '.join(different)}. "
            "Give the arguments that the model was made with, by name"
        )
    return model


def _statistics(model):
    """Return the running averages of a model's normalization layers: "<layer>/<name>" -> array."""
    return {
        f"{layer}/{name}": value
        for layer, entry in enumerate(getattr(model, "bn_params", []))
        for name, value in entry.items()
        if isinstance(value, np.ndarray) and value.dtype.kind == "f"
    }


def _to_json(name, value):
    """Return a constructor's argument as JSON; a NumPy dtype becomes {"dtype": "float32"}."""
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return {"dtype": np.dtype(value).name}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return [_to_json(name, each) for each in value]
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return value.tolist()
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _to_json(name, each) for key, each in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise WeightsError(f"the argument {name}={value!r} cannot be saved: only numbers, strings, lists, dicts and dtypes")


def _from_json(value):
    if isinstance(value, list):
        return [_from_json(each) for each in value]
    if isinstance(value, dict):
        if set(value) == {"dtype"}:
            dtype = np.dtype(str(value["dtype"]))
            _require_numbers("the argument", dtype)
            return dtype.type
        return {key: _from_json(each) for key, each in value.items()}
    return value


# --- reading a file that may be anything -------------------------------------------------------------------------


def _read(path, max_bytes=None):
    """Return (Weights, statistics by (layer, name)) of a file; raises WeightsError for whatever is wrong with it."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file of weights {path}: run the cell that saves the model")
    try:
        arrays = _read_arrays(path, max_bytes or MAX_BYTES)
        about = json.loads(str(arrays.pop("about")))
        weights = _weights(about, arrays)
    except WeightsError as error:
        raise WeightsError(f"{path} cannot be used: {error}") from error
    except Exception as error:  # a file from anywhere can break zipfile, zlib, json and NumPy in many ways
        raise WeightsError(
            f"{path} is damaged or was not written by save_model ({type(error).__name__}: {error}): "
            "save the model again"
        ) from error
    parts = {tuple(key.split("/")[1:]): value for key, value in arrays.items() if key.startswith("statistics/")}
    return weights, parts


def _weights(about, arrays):
    class_name, constructor, trained_on = about["class"], about["constructor"], about["trained_on"]
    if not isinstance(class_name, str) or not isinstance(constructor, dict):
        raise WeightsError("its class or its constructor's arguments are not what save_model writes")
    if not isinstance(trained_on, str | None):
        raise WeightsError("the name of the data it was trained on is not a string")
    params = {key.removeprefix("params/"): value for key, value in arrays.items() if key.startswith("params/")}
    for name, w in params.items():
        _require_numbers(f"parameter {name}", w.dtype)
    return Weights(class_name, _from_json(constructor), params, trained_on)


def _read_arrays(path, max_bytes):
    """Return all arrays of an .npz. Sizes are compared with the limits before any content is read."""
    arrays = {}
    with path.open("rb") as file:
        _require_short_directory(file)
        archive = zipfile.ZipFile(file)
        members = archive.infolist()
        if len(members) > MAX_MEMBERS:
            raise WeightsError(f"it has {len(members)} members, more than {MAX_MEMBERS}")
        total = sum(member.file_size for member in members)
        if total > max_bytes:
            raise WeightsError(f"it declares {total / 2**20:.0f} MB, more than {max_bytes / 2**20:.0f} MB")
        for member in members:
            name = member.filename.removesuffix(".npy")
            if name in arrays:
                raise WeightsError(f"{name} is in it twice")
            with archive.open(member) as content:
                arrays[name] = _read_array(name, content, member.file_size)
    return arrays


def _require_short_directory(file):
    """Raise WeightsError if the list of members, which zipfile reads as a whole, is long.

    An .npz that NumPy wrote ends with a record of 22 bytes, without another record before it that could contradict it.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 42))
    end = file.read()
    if end[-22:-18] != b"PK\5\6" or end[:4] == b"PK\6\7":
        raise WeightsError("it is damaged: it does not end as an .npz file does")
    if int.from_bytes(end[-10:-6], "little") > MAX_DIRECTORY:
        raise WeightsError(f"it has more than {MAX_MEMBERS} members")


def _read_array(name, file, size):
    """Return the array in a member of `size` declared bytes, in NumPy's .npy format; never an object array."""
    version = np.lib.format.read_magic(file)
    if version != (1, 0):  # the headers of later ones may declare a length of gigabytes
        raise WeightsError(f"{name} has the .npy version {version}")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    if name == "about":
        if dtype.kind != "U" or shape != () or size > MAX_ABOUT:
            raise WeightsError("its description is not a short string")
    else:
        _require_numbers(name, dtype)
    length = math.prod(shape) * dtype.itemsize  # Python's integers: this cannot overflow
    if min(shape, default=0) < 0 or file.tell() + length != size:
        raise WeightsError(f"{name} declares the shape {shape} of {dtype}, which does not fit its {size} bytes")
    data = np.frombuffer(
        file.read(length), dtype=dtype, count=math.prod(shape)
    )  # at the end, zipfile compares the checksum
    array = data.reshape(shape[::-1]).T if fortran_order else data.reshape(shape)
    return array.astype(dtype.newbyteorder("="), order="K")  # a copy that can be written to


def _require_numbers(what, dtype):
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise WeightsError(f"{what} has the dtype {dtype}: only arrays of real numbers can be used")
