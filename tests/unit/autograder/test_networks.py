"""Judging networks: what is the student's fault, and what is the grader's trouble."""

import itertools
import os
import resource

import numpy as np
import pytest
from autograder.core.results import Status
from autograder.course.catalogue import KnownMistakes
from autograder.course.held_out import CIFAR10_FILE
from autograder.judging import networks
from autograder.judging.expected import Expected
from autograder.judging.judge import CheckJudge
from cs231n import cifar10_files, data_utils, model_io
from helpers import toy

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
    with pytest.raises(networks.DataSetMissing, match=r"was trained on CIFAR-10.*CS231N_DATA_DIR"):
        judge(MESSAGE, tmp_path)


def test_damaged_data_set_is_not_the_students_fault(judge, tmp_path, monkeypatch):
    """Are batch files that cannot be read the grader's error too?"""
    hand_in(tmp_path, "cifar-10")
    (tmp_path / cifar10_files.TEST_FILES[0]).write_bytes(b"no batch")
    monkeypatch.setattr(data_utils, "find_cifar10", lambda folder=None: tmp_path)
    monkeypatch.setenv("CS231N_DATA_DIR", str(tmp_path))
    with pytest.raises(networks.DataSetMissing, match="cannot be read"):
        judge(MESSAGE, tmp_path)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: None, "was not handed in"),
        (lambda folder: (folder / "net.npz").write_bytes(b"no weights"), "damaged"),
        (lambda folder: hand_in(folder, "mnist"), "was trained on 'mnist'"),
        (lambda folder: hand_in(folder, "synthetic", Other()), "contains a network of class Other, expected Net"),
        (lambda folder: os.mkfifo(folder / "net.npz"), "not a file"),
        (lambda folder: os.symlink("/dev/zero", folder / "net.npz"), "is a link"),
        (lambda folder: (folder / "net.npz").mkdir(), "not a file"),
        (lambda folder: os.truncate(os.open(folder / "net.npz", os.O_CREAT | os.O_WRONLY), 10 * 2**30), "10240 MB"),
    ],
    ids=["missing", "damaged", "other data", "other class", "pipe", "device", "folder", "sparse"],
)
def test_file_that_cannot_be_used_fails_with_the_reason(judge, tmp_path, make, said):
    """Is whatever is wrong with the file itself a failed check that says so, and no reason to look for images?"""
    make(tmp_path)
    found = judge(MESSAGE, tmp_path)
    assert [verdict.status for verdict in found] == [Status.FAILED, Status.FAILED]
    assert said in found[0].message


def test_message_that_quotes_a_file_can_be_written(judge, tmp_path, monkeypatch):
    """Is what a file says short and without what breaks a notebook or a terminal, where a message quotes it?"""
    monkeypatch.setattr(model_io, "_fitting_model", lambda *_: None)
    model_io.save_model(tmp_path / "net.npz", Net(), trained_on="synthetic", **{"\ud800\x1b[31m" + "a" * 1000: 1})
    checks = CheckJudge(
        Expected({"test_net": {"accuracy": MESSAGE}}, {}, {"test_net": set()}), judge, KnownMistakes({}, {})
    )
    message = checks.cell(toy.cell("tests", "test_net", ""), tmp_path)[0].message
    assert "unexpected keyword argument 'aaa" in message
    assert len(message.encode()) <= 500


def test_accuracy_decides(judge, tmp_path, monkeypatch):
    """Does each threshold that is reached pass, under a name that does not depend on the outcome?"""
    hand_in(tmp_path, "synthetic")
    images = np.zeros((10, 3, 32, 32), np.float32), np.array([0] * 5 + [1] * 5)
    monkeypatch.setattr(networks, "held_out_images", lambda data, seed: images)
    found = judge(MESSAGE, tmp_path)
    assert [(v.check, v.status) for v in found] == [("1. accuracy", "passed"), ("2. accuracy", "failed")]
    assert found[1].message == "50.0% on the held-out images (synthetic), at least 60% required"


@pytest.fixture
def own_images(judge, tmp_path, monkeypatch):
    """Images of the course's own, three of class 0, where CIFAR-10 is there as well."""
    monkeypatch.setattr(data_utils, "find_cifar10", lambda folder=None: tmp_path)
    monkeypatch.setattr(data_utils, "network_input", lambda images, source: images.astype(np.float32))
    monkeypatch.setattr(data_utils, "held_out_data", lambda source, seed: (np.zeros((1, 3, 32, 32)), np.ones(1)))
    labels = np.array([0, 0, 0, 1])
    np.savez(judge.course / CIFAR10_FILE, X=np.zeros((4, 32, 32, 3), np.uint8), y=labels)


@pytest.mark.parametrize(("trained_on", "reached"), [("cifar-10", "75.0%"), ("synthetic", "0.0%")])
def test_images_of_the_course_stand_in_for_cifar10(judge, own_images, tmp_path, trained_on, reached):
    """Is a network measured on the course's own images where it was trained on CIFAR-10, and only there?"""
    hand_in(tmp_path, trained_on)
    assert judge(MESSAGE, tmp_path)[0].message.startswith(f"{reached} on the held-out images ({trained_on})")


def test_other_images_are_another_measure(judge, own_images, tmp_path):
    """Is a network measured again when the course's images have changed?"""
    hand_in(tmp_path, "cifar-10")
    assert judge(MESSAGE, tmp_path)[0].message.startswith("75.0%")
    np.savez(judge.course / CIFAR10_FILE, X=np.zeros((2, 32, 32, 3), np.uint8), y=np.array([0, 0]))
    os.utime(judge.course / CIFAR10_FILE, ns=(0, 0))
    assert judge(MESSAGE, tmp_path)[0].message.startswith("100.0%")


class Layers:
    """As wide as its arguments say."""

    def __init__(self, **sizes):
        before, after = sizes["before"], sizes["after"]
        self.params = {"W1": np.zeros((before, after)) + 1}

    def loss(self, X, y=None):
        return np.ones((len(X), 10)) * np.ones((self.params["W1"].size, 10**6)).sum()


@pytest.mark.parametrize("names", [("before", "one", "after"), ("one", "before", "after"), ("after", "before", "one")])
def test_memory_of_a_network_is_limited_in_any_order(judge, tmp_path, monkeypatch, names):
    """Does a small file that asks for gigabytes fail without them, whatever the order of its arguments?"""
    monkeypatch.setattr(networks, "key_class", lambda key, name: Layers)
    sizes = {"before": 20_000, "one": 1, "after": 20_000}
    arguments = {name: sizes[name] for name in names}
    monkeypatch.setattr(model_io, "_fitting_model", lambda *_: None)
    small = Net()
    small.__class__ = type("Net", (Net,), {})
    model_io.save_model(tmp_path / "net.npz", small, trained_on="synthetic", **arguments)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = judge(MESSAGE, tmp_path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**18  # KiB: not the 3 GB
    assert found[0].status is Status.FAILED
    assert "Unable to allocate" in found[0].message


def test_memory_of_measuring_is_limited(judge, tmp_path, monkeypatch):
    """Does a network whose scores would take gigabytes fail, and is the limit lifted afterwards?"""
    monkeypatch.setattr(networks, "key_class", lambda key, name: Layers)
    net = Layers(before=20, after=20)
    net.__class__ = type("Net", (Layers,), {})
    model_io.save_model(tmp_path / "net.npz", net, trained_on="synthetic", before=20, after=20)
    images = np.zeros((10, 3, 32, 32), np.float32), np.zeros(10, int)
    monkeypatch.setattr(networks, "held_out_images", lambda data, seed: images)
    before = resource.getrlimit(resource.RLIMIT_AS)
    found = judge(MESSAGE, tmp_path)
    assert "Unable to allocate" in found[0].message
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_a_slow_network_costs_only_its_own_points(judge, tmp_path, monkeypatch):
    """Is a network that takes too long a failed check that says so, and not the end of the whole submission?"""
    monkeypatch.setattr(networks, "MEASURING_SECONDS", 0.05)
    monkeypatch.setattr(model_io, "accuracy", lambda *_: next(n for n in itertools.count() if n < 0))
    hand_in(tmp_path, "synthetic")
    found = judge(MESSAGE, tmp_path)
    assert {each.status for each in found} == {Status.FAILED}
    assert found[0].told == "net.npz: takes more than 0.05 s of one core for 2,000 images"


def test_too_many_parameters(judge, tmp_path, monkeypatch):
    """Is a file with more parameters than anybody needs refused?"""
    monkeypatch.setattr(networks, "MAX_PARAMETERS", 11)
    hand_in(tmp_path, "synthetic")
    assert "declares" in judge(MESSAGE, tmp_path)[0].message  # 12 of 8 bytes, and the description
