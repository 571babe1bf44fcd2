"""Files of weights that were handed in, whatever they hold."""

import io
import resource
import zipfile
from unittest import mock

import nbformat
import numpy as np
import pytest
from autograder.core.annotations import note_verdicts
from autograder.core.results import Status
from autograder.course.catalogue import KnownMistakes
from autograder.course.key import load_key
from autograder.judging import networks, table
from autograder.judging.expected import Expected
from autograder.judging.judge import CheckJudge
from cs231n import data_utils
from helpers import odd, toy
from helpers.courses import WORKBOOK
from helpers.notebooks import written_and_read
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

SEED = -1  # of held-out images that no other test asks for
MESSAGE = {
    "check": "accuracy", "kind": "model", "path": "net.npz", "weights": [1, 2],
    "classes": ["TwoLayerNet", "FullyConnectedNet"], "at_least": {"cifar-10": [0.4, 0.6], "synthetic": [0.4, 0.6]},
}  # fmt: skip
EXPECTED = Expected({"test_net": {"accuracy": MESSAGE}}, {}, {"test_net": set()})
FAILED = [(Status.FAILED, weight) for weight in MESSAGE["weights"]]
IMAGES = np.zeros((4, 3, 32, 32), np.float32), np.arange(4)
ABOUT = {"class": "TwoLayerNet", "constructor": {"hidden_dim": 2}, "trained_on": "synthetic"}
SHAPES = {"W1": (3072, 2), "b1": (2,), "W2": (2, 10), "b2": (10,)}  # of both classes, with one hidden layer of two

# -- descriptions

names_of_dtypes = st.sampled_from(["float32", "float16", "int8", "bool", ",", "V9999999", "O"])
arguments = {
    "hidden_dims": st.lists(st.integers(-1, 50) | odd.leaves, max_size=4) | odd.values,
    "input_dim": st.sampled_from([3072, 1, 0, -1, 10**6, 2**70]) | odd.values,
    "hidden_dim": st.sampled_from([2, 0, 2.0, 10**7]) | odd.values,
    "num_classes": st.sampled_from([10, 3, 10**9]) | odd.values,
    "dropout_keep_ratio": odd.numbers,
    "normalization": st.sampled_from(["batchnorm", "layernorm", None]) | odd.values,
    "weight_scale": odd.leaves,
    "reg": odd.values,
    "dtype": names_of_dtypes.map(lambda name: {"dtype": name}) | odd.values,
    "seed": odd.values,
}
harmless = {name: arguments[name] for name in ("dropout_keep_ratio", "reg", "dtype", "seed")}
calls_that_fit = st.fixed_dictionaries({"hidden_dims": st.just([2])}, optional=harmless)
calls = calls_that_fit | st.fixed_dictionaries({}, optional=arguments) | st.dictionaries(odd.texts, odd.values)
descriptions = st.fixed_dictionaries(
    {
        "class": st.sampled_from(MESSAGE["classes"]),
        "constructor": calls,
        "trained_on": st.sampled_from([*["synthetic"] * 9, "cifar-10"]),
    }
)

# -- members of the archive

dtypes = st.one_of(
    arrays.floating_dtypes(), arrays.integer_dtypes(), arrays.complex_number_dtypes(), arrays.datetime64_dtypes()
)
small = arrays.arrays(dtypes, arrays.array_shapes(min_dims=0, max_dims=3, max_side=5))
fitting = st.builds(
    lambda shape, value, dtype: np.full(shape, value).astype(dtype),
    st.sampled_from(sorted(SHAPES.values())),
    st.sampled_from([0.0, 1e300, np.nan, -np.inf]),
    st.sampled_from(["f2", "f4", ">f8", "i8", "?", "u1"]),
)
headers = st.fixed_dictionaries(
    {
        "descr": st.sampled_from(["<f8", "|O", "<f99", "<U8", ">f4", [("a", "<f8")]]) | odd.leaves,
        "fortran_order": st.booleans() | odd.leaves,
        "shape": st.lists(odd.numbers, max_size=3).map(tuple) | odd.leaves,
    }
).map(repr)
# zipfile writes neither halves of surrogate pairs nor what follows a zero
file_names = odd.texts.map(lambda name: name.replace("\0", "0").encode("utf-8", "replace").decode())


def member_of(array):
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()


def member_with(header, data):
    header = header.encode("latin-1", "replace")[:60_000] + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


members = (small | fitting).map(member_of) | st.builds(member_with, headers | odd.texts, odd.blobs) | odd.blobs


MAX_NAME = 10_000  # characters: zip holds at most 65,535 bytes


def archive(parts, compression=zipfile.ZIP_STORED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as file:
        for name, member in parts.items():
            file.writestr(name[:MAX_NAME] + ".npy", member)
    return content.getvalue()


def right_parts(about=ABOUT):
    parts = {f"params/{name}": member_of(np.zeros(shape, np.float32)) for name, shape in SHAPES.items()}
    return {"about": member_of(np.array(odd.written(about).decode())), **parts}


@st.composite
def files(draw):
    """Draw a file of weights that is right but for a few of its members or its bytes."""
    parts = right_parts()
    parts |= draw(st.dictionaries(st.sampled_from(sorted(parts)) | file_names, members, max_size=2))
    content = archive(parts, draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])))
    return odd.damage_bytes(draw, content) if draw(st.booleans()) else content


# -- judging them


@pytest.fixture(scope="session")
def judge():
    """The judge of the first notebook's networks, with a few images, and without CIFAR-10."""
    with (
        mock.patch.object(data_utils, "find_cifar10", return_value=None),
        mock.patch.object(data_utils, "held_out_data", return_value=IMAGES),
    ):
        key = load_key(WORKBOOK, "FullyConnectedNets")
        yield CheckJudge(EXPECTED, networks.NetworkJudge(key, SEED), KnownMistakes({}, {}))


def verdicts_on(content, judge, folder):
    """Judge a file as grading does; None if the grader lacks the images that it asks for."""
    (folder / "net.npz").write_bytes(content)
    cell = toy.cell("tests", "test_net", "")
    memory = resource.getrlimit(resource.RLIMIT_AS)
    try:
        verdicts = judge.cell(cell, folder)
    except networks.DataSetMissing:
        return None
    finally:
        assert resource.getrlimit(resource.RLIMIT_AS) == memory
    cell.outputs = [table.output(verdicts, 0)]
    note_verdicts(cell, verdicts)
    written_and_read(nbformat.v4.new_notebook(cells=[cell]))
    return verdicts


def failed(verdicts):
    return [(verdict.status, verdict.weight) for verdict in verdicts] == FAILED


def test_right_file_is_measured(judge, folder):
    """Is the file measured that is damaged below, so that there is something to damage?"""
    verdicts = verdicts_on(archive(right_parts()), judge, folder)
    assert verdicts[0].message.startswith("25.0% on the held-out images (synthetic)")


@given(content=files() | odd.blobs)
def test_any_file_of_weights(judge, folder, content):
    """Does every file get a failed verdict for each threshold?"""
    assert failed(verdicts_on(content, judge, folder))


@given(about=descriptions | odd.damaged(ABOUT) | odd.values)
def test_any_description(judge, folder, about):
    """Does a network fail whatever it says about itself, unless the grader lacks the images that it asks for?"""
    verdicts = verdicts_on(archive(right_parts(about)), judge, folder)
    assert failed(verdicts) if verdicts is not None else about["trained_on"] == "cifar-10"
