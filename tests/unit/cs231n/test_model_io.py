"""Files of weights: what is saved comes back, and no file does harm."""

import io
import json
import sys
import zipfile
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from cs231n import model_io
from cs231n.model_io import WeightsError, accuracy, load_model, read_weights, save_model


class Net:
    """A model as the workbook's are: parameters, and running averages if it normalizes."""

    def __init__(self, hidden_dims, num_classes=3, dtype=np.float32, normalization=None, seed=None):
        self.dtype = dtype
        sizes = [4, *hidden_dims, num_classes]
        self.params = {
            f"W{n}": np.random.randn(a, b).astype(dtype) for n, (a, b) in enumerate(pairwise(sizes), start=1)
        }
        self.bn_params = [{"mode": "train"} for _ in hidden_dims] if normalization else []

    def loss(self, X, y=None):
        assert X.dtype == self.dtype
        return X @ self.params["W1"]


class Other(Net):
    pass


@pytest.fixture
def saved(tmp_path):
    """A model, and the file that it was saved in."""
    model = Net([5, 2])
    save_model(tmp_path / "net.npz", model, trained_on="synthetic", hidden_dims=[5, 2])
    return model, tmp_path / "net.npz"


def rewritten(path, changes):
    """The file with members changed: an array, the bytes of a member, or None to remove it."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name, value in changes.items():
        if isinstance(value, np.ndarray):
            buffer = io.BytesIO()
            np.save(buffer, value, allow_pickle=True)
            value = buffer.getvalue()
        members[f"{name}.npy"] = value
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in members.items():
            if value is not None:
                archive.writestr(name, value)


def npy(shape="(2,)", descr="'<f8'", data=b"\0" * 16):
    """The bytes of a .npy member with any header."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode("latin1")
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_round_trip(tmp_path, dtype):
    """Do parameters, their dtype and memory order of any kind, arguments and running averages come back?"""
    model = Net((5, np.int64(2)), dtype=dtype, normalization="batchnorm")
    model.params["W2"] = np.asfortranarray(model.params["W2"])
    model.bn_params[1]["running_mean"] = np.array([1.0, 2.0])
    arguments = {"hidden_dims": (5, np.int64(2)), "dtype": dtype, "normalization": "batchnorm", "seed": None}
    save_model(tmp_path / "net.npz", model, trained_on="cifar-10", **arguments)
    weights = read_weights(tmp_path / "net.npz")
    arguments["hidden_dims"] = [5, 2]
    assert (weights.class_name, weights.constructor, weights.trained_on) == ("Net", arguments, "cifar-10")
    loaded = load_model(tmp_path / "net.npz", Other, Net)
    assert type(loaded) is Net
    assert loaded.dtype is dtype
    assert set(loaded.params) == {"W1", "W2", "W3"}
    for name, w in model.params.items():
        np.testing.assert_array_equal(loaded.params[name], w, strict=True)
        loaded.params[name] += 1  # it can be trained on
    assert "running_mean" not in loaded.bn_params[0]
    np.testing.assert_array_equal(loaded.bn_params[1]["running_mean"], [1.0, 2.0])
    with np.load(tmp_path / "net.npz", allow_pickle=False) as file:
        assert json.loads(str(file["about"]))["class"] == "Net"


def test_saving_names_the_data_used_last(tmp_path, monkeypatch):
    """Is the default of trained_on what get_CIFAR10_data gave last?"""
    data_utils = SimpleNamespace(active_source=lambda: "synthetic")
    monkeypatch.setitem(sys.modules, "cs231n.data_utils", data_utils)
    save_model(tmp_path / "net.npz", Net([]), hidden_dims=[])
    assert read_weights(tmp_path / "net.npz").trained_on == "synthetic"


def test_saving_the_same_twice_gives_the_same_file(saved, tmp_path):
    """Is the file a function of the model, and the stream of random numbers not touched by saving and loading?"""
    model, path = saved
    np.random.seed(5)
    expected = np.random.RandomState(5).rand()
    save_model(tmp_path / "again.npz", model, trained_on="synthetic", hidden_dims=[5, 2])
    load_model(path, Net)
    assert np.random.rand() == expected
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["again.npz", "net.npz"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"hidden_dims": [5]}, r"W2 is \(5, 2\) instead of \(5, 3\); W3 is \(2, 3\) instead of missing"),
        ({"hidden_dims": [5, 3]}, r"parameters are not those of Net\(hidden_dims=\[5, 3\]\): W2 is"),
        ({}, r"Net\(\) raises TypeError: .*'hidden_dims'"),
        ({"hidden_dims": [5, 2], "normalization": len}, "the argument normalization=.* cannot be saved"),
    ],
)
def test_arguments_that_do_not_fit(tmp_path, arguments, text):
    """Is saving refused, with the reason, when the model cannot be built again, and no file left?"""
    with pytest.raises(WeightsError, match=text):
        save_model(tmp_path / "net.npz", Net([5, 2]), trained_on="synthetic", **arguments)
    assert list(tmp_path.iterdir()) == []


def test_class_that_is_not_expected(saved):
    """Does loading say which class the file holds and which was expected?"""
    with pytest.raises(WeightsError, match=r"net.npz holds a Net, but one of Other is expected"):
        load_model(saved[1], Other)


def test_weights_that_do_not_fit(saved):
    """Does loading say which parameter does not fit?"""
    rewritten(saved[1], {"params/W2": np.zeros((5, 9))})
    with pytest.raises(
        WeightsError, match=r"net.npz: the parameters are not those of Net.*W2 is \(5, 9\) instead of \(5, 2\)"
    ):
        load_model(saved[1], Net)


def test_no_file(tmp_path):
    """Does a missing file say so, and what to do?"""
    with pytest.raises(FileNotFoundError, match=r"no file of weights .*net.npz: run the cell that saves the model"):
        read_weights(tmp_path / "net.npz")


def test_pickles_are_refused(saved, tmp_path):
    """Is an array of objects refused without being unpickled?"""

    class Touch:
        def __reduce__(self):
            return (open, (str(tmp_path / "executed"), "w"))

    rewritten(saved[1], {"params/W1": np.array([Touch()], dtype=object)})
    with pytest.raises(WeightsError, match=r"params/W1 has the dtype object"):
        read_weights(saved[1])
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("member", "text"),
    [
        (npy(shape="(2, 1000000000000)"), "declares the shape"),
        (npy(shape="(9999999999, 9999999999, 9999999999)"), "declares the shape"),
        (npy(shape="(-1,)"), "declares the shape"),
        (npy(shape="(-1, -2)"), "declares the shape"),
        (npy(shape="(1,)"), "declares the shape"),
        (npy(shape="(2.5,)"), "damaged"),
        (npy(descr="'|O'"), "dtype object"),
        (npy(descr="'<U2'"), "dtype <U2"),
        (npy(descr="'<c16'"), "dtype complex128"),
        (npy(descr="[('a', '<f8')]"), "dtype"),
        (npy(descr="'<M8[s]'"), "dtype"),
        (npy(shape="(" * 5000), "damaged"),
        (b"\x93NUMPY\x09\x00" + b"\0" * 100, "damaged|version"),
        (b"", "damaged"),
        (b"not an array", "damaged"),
    ],
)
def test_member_that_is_no_array_of_numbers(saved, member, text):
    """Does each kind of malformed member give a WeightsError that names the file?"""
    rewritten(saved[1], {"params/W1": member})
    with pytest.raises(WeightsError, match=text) as error:
        read_weights(saved[1])
    assert str(saved[1]) in str(error.value)


def test_absurd_size_is_refused_before_reading(saved, monkeypatch):
    """Is a compressed file that would unpack to more than the limit refused before a member is opened?"""
    rewritten(saved[1], {"params/W1": np.zeros(2 * 2**20)})
    monkeypatch.setattr(model_io, "MAX_BYTES", 2**20)
    monkeypatch.setattr(model_io, "_read_array", None)
    with pytest.raises(WeightsError, match="declares 16 MB, more than 1 MB"):
        read_weights(saved[1])


def test_member_that_is_in_it_twice(saved):
    """Is a file refused that two readers could understand differently?"""
    with zipfile.ZipFile(saved[1], "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("params/W1.npy", archive.read("params/W1.npy"))
    with pytest.raises(WeightsError, match="params/W1 is in it twice"):
        read_weights(saved[1])


def test_list_of_members_is_not_read_where_it_is_long(saved, monkeypatch):
    """Is a file with tens of thousands of members refused before zipfile makes an object of each?"""
    rewritten(saved[1], {f"params/W{n}": b"" for n in range(20_000)})
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(WeightsError, match="more than 1000 members"):
        read_weights(saved[1])


def test_end_that_two_readers_could_understand_differently(saved):
    """Is a file refused whose end says that the list of members is described elsewhere, or has a comment behind it?"""
    content = saved[1].read_bytes()
    for end in (b"PK\6\7" + b"\0" * 16 + content[-22:], content[-22:-2] + b"\1\0x"):
        saved[1].write_bytes(content[:-22] + end)
        with pytest.raises(WeightsError, match="does not end as"):
            read_weights(saved[1])


def test_too_many_members(saved):
    """Is a file of very many members refused?"""
    rewritten(saved[1], {f"params/W{n}": b"" for n in range(model_io.MAX_MEMBERS)})
    with pytest.raises(WeightsError, match="members, more than 1000"):
        read_weights(saved[1])


@pytest.mark.parametrize(
    "about",
    [
        None,
        np.array("{"),
        np.array("[]"),
        np.array("[" * 100_000),
        np.array("x" * 100_000),
        np.array(5),
        np.array('{"class": "Net", "constructor": {}}'),
        np.array('{"class": ["Net"], "constructor": {}, "trained_on": null}'),
        np.array('{"class": "Net", "constructor": [], "trained_on": null}'),
        np.array('{"class": "Net", "constructor": {}, "trained_on": {}}'),
        np.array('{"class": "Net", "constructor": {"dtype": {"dtype": "object"}}, "trained_on": null}'),
        np.array('{"class": "Net", "constructor": {"dtype": {"dtype": "nonsense"}}, "trained_on": null}'),
    ],
)
def test_description_that_is_malformed(saved, about):
    """Does each kind of malformed description give a WeightsError?"""
    rewritten(saved[1], {"about": about})
    with pytest.raises(WeightsError):
        read_weights(saved[1])


@pytest.mark.parametrize("compressed", [False, True])
def test_damaged_files(saved, compressed):
    """Does a file that is cut off anywhere, or in which a byte has changed, never give anything but its own values?"""
    model, path = saved
    if compressed:
        rewritten(path, {})
    whole = path.read_bytes()
    for end in range(0, len(whole), 97):
        path.write_bytes(whole[:end])
        with pytest.raises(WeightsError):
            read_weights(path)
    for place in range(0, len(whole), 41):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :])
        try:
            weights = read_weights(path)
        except WeightsError:
            continue
        for name in set(weights.params) & set(model.params):
            np.testing.assert_array_equal(weights.params[name], model.params[name])


def test_accuracy_casts_the_images():
    """Is it the fraction of right answers over all batches, the images cast to the model's dtype?"""
    model = Net([])
    model.params["W1"] = np.eye(4, 3, dtype=np.float32)
    X = np.eye(4)[[0, 1, 2, 0, 1]]
    assert accuracy(model, X, np.array([0, 1, 2, 1, 1]), batch_size=2) == 4 / 5
