"""Judging networks: what is the student's fault, and what is the grader's trouble."""

import numpy as np
import pytest
from autograder.core.results import Status
from autograder.judging import networks
from autograder.judging.expected import Expected
from cs231n import cifar10_files, data_utils, model_io

MESSAGE = {
    "check": "accuracy", "kind": "model", "path": "net.npz", "weights": [1, 2], "classes": ["Net"],
    "at_least": {"cifar-10": [0.4, 0.6], "synthetic": [0.4, 0.6]},
}  # fmt: skip


class Other:
    """Not the class that is asked for."""

    def __init__(self):
        self.params = {"W1": np.zeros(3)}


class Net:
    """Answers class 0 to every image."""

    def __init__(self):
        self.params = {"W1": np.zeros((3, 4))}

    def loss(self, X, y=None):
        return np.zeros((len(X), 10))


@pytest.fixture
def judge(toy_key, monkeypatch):
    """A judge whose key has the class Net; CIFAR-10 is not there and must not be fetched."""
    monkeypatch.setattr(networks, "key_class", lambda key, name: Net)
    monkeypatch.setattr(data_utils, "find_cifar10", lambda folder=None: None)
    monkeypatch.setattr(cifar10_files, "download", lambda folder: pytest.fail("a download was started"))
    return networks.NetworkJudge(toy_key, 1)


def hand_in(folder, trained_on, net=None):
    net = net or Net()
    model_io.save_model(folder / "net.npz", net, trained_on=trained_on)


def test_missing_data_set_is_not_the_students_fault(judge, tmp_path):
    """Where the images that a network was trained on are not there, is that the grader's error, without a download?"""
    hand_in(tmp_path, "cifar-10")
    with pytest.raises(networks.DataSetMissing, match="CS231N_DATA_DIR"):
        judge(MESSAGE, tmp_path)
    with pytest.raises(networks.DataSetMissing, match="was trained on CIFAR-10"):
        networks.require_data(Expected({"test": {"accuracy": MESSAGE}}, {}), tmp_path, seed=1)


def test_damaged_data_set_is_not_the_students_fault(judge, tmp_path, monkeypatch):
    """Are batch files that cannot be read the grader's error too?"""
    hand_in(tmp_path, "cifar-10")
    (tmp_path / cifar10_files.TEST_FILES[0]).write_bytes(b"no batch")
    monkeypatch.setattr(data_utils, "find_cifar10", lambda folder=None: tmp_path)
    monkeypatch.setenv("CS231N_DATA_DIR", str(tmp_path))
    with pytest.raises(networks.DataSetMissing, match="cannot be read"):
        judge(MESSAGE, tmp_path)
    with pytest.raises(networks.DataSetMissing, match="cannot be read"):
        networks.require_data(Expected({"test": {"accuracy": MESSAGE}}, {}), tmp_path, seed=1)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: None, "was not handed in"),
        (lambda folder: (folder / "net.npz").write_bytes(b"no weights"), "damaged"),
        (lambda folder: hand_in(folder, "mnist"), "was trained on 'mnist'"),
        (lambda folder: hand_in(folder, "synthetic", Other()), "holds a Other, expected Net"),
    ],
    ids=["missing", "damaged", "other data", "other class"],
)
def test_file_that_cannot_be_used_fails_with_the_reason(judge, tmp_path, make, said):
    """Is whatever is wrong with the file itself a failed check that says so, and no reason to look for images?"""
    make(tmp_path)
    networks.require_data(Expected({"test": {"accuracy": MESSAGE}}, {}), tmp_path, seed=1)
    found = judge(MESSAGE, tmp_path)
    assert [verdict.status for verdict in found] == [Status.FAILED, Status.FAILED]
    assert said in found[0].message


def test_accuracy_decides(judge, tmp_path, monkeypatch):
    """Does each threshold that is reached pass, under a name that does not depend on the outcome?"""
    hand_in(tmp_path, "synthetic")
    images = np.zeros((10, 3, 32, 32), np.float32), np.array([0] * 5 + [1] * 5)
    monkeypatch.setattr(networks, "held_out_images", lambda data, seed: images)
    found = judge(MESSAGE, tmp_path)
    assert [(v.check, v.status) for v in found] == [("1. accuracy", "passed"), ("2. accuracy", "failed")]
    assert found[1].message == "50.0% on the held-out images (synthetic), at least 60% asked for"
