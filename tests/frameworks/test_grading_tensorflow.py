"""Grading networks and notebooks of TensorFlow's."""

import subprocess
import sys

import numpy as np
import pytest
from autograder.core.results import Status
from autograder.execution.job import CodeCell, Job, Runtime
from autograder.execution.worker import process_worker
from autograder.judging.networks import NetworkJudge
from cs231n.keras_models import CustomConvNet
from cs231n.model_io import save_model
from helpers import REPOSITORY

SMALL = [["Conv2D", 4, 3, {"strides": 4}], ["Flatten"], ["Dense", 10]]
EXPECTED = {
    "path": "custom_net.npz",
    "classes": ["CustomConvNet"],
    "at_least": {"synthetic": (0.0, 1.0)},
    "weights": (1, 1),
}
WHICH = "import sys\nprint('tensorflow' in sys.modules, 'keras' in sys.modules)"
JUDGE = f"""import sys
from pathlib import Path
from autograder.course.assignment import chosen
from autograder.course.key import load_key
from autograder.judging.networks import NetworkJudge
key = load_key(chosen(Path(sys.argv[1]), "tensorflow"), "TensorFlow")
print(*(verdict.status.value for verdict in NetworkJudge(key, 1)({EXPECTED}, Path(sys.argv[2]))))"""
COMPUTE = """
import keras, tensorflow as tf
x = tf.random.normal((8, 6, 6, 3))
layers = [keras.Input((6, 6, 3)), keras.layers.Conv2D(4, 3), keras.layers.Flatten(), keras.layers.Dense(2)]
model = keras.Sequential(layers)
model.compile("sgd", "mse")
model.fit(x, tf.zeros((8, 2)), verbose=0)
print(len(model.weights))
"""


@pytest.mark.parametrize(("frameworks", "loaded"), [((), "False False"), (("tensorflow",), "True True")])
def test_only_kernels_that_need_it_have_it_loaded(printed_by_a_forked_kernel, frameworks, loaded):
    """Do kernels of the other notebooks start without TensorFlow, and those of this one with it?"""
    assert printed_by_a_forked_kernel(WHICH, frameworks) == loaded


def test_kernels_compute_one_after_another():
    """Does a forked kernel compute, compiled functions included, and the next one as well?"""
    job = Job((CodeCell(COMPUTE),), Runtime.current(("tensorflow",)))
    for _ in range(2):
        (result,) = process_worker().execute(job)
        assert result.status is Status.DONE, result
    assert result.outputs[-1].text.strip() == "4"


def save(folder):
    save_model(folder / "custom_net.npz", CustomConvNet(SMALL), "synthetic", layers=SMALL)


def judged_in_a_new_process(folder):
    """The statuses of the verdicts on a network, by a process in which TensorFlow has computed nothing yet."""
    run = subprocess.run([sys.executable, "-c", JUDGE, REPOSITORY, folder], capture_output=True, text=True, check=True)
    return run.stdout.split()


def test_a_network_is_measured(tensorflow_key, tmp_path):
    """Is a network built from its list and measured on held-out images?"""
    save(tmp_path)
    low, high = NetworkJudge(tensorflow_key, 1)(EXPECTED, tmp_path)
    assert (low.status, high.status) == (Status.PASSED, Status.FAILED)
    assert "on the held-out images (synthetic)" in high.told


def test_the_first_network_of_a_process_is_measured(tmp_path):
    """Is memory for what TensorFlow starts with the first operation no part of what a network may take?"""
    save(tmp_path)
    assert judged_in_a_new_process(tmp_path) == ["passed", "failed"]


def test_a_network_that_asks_for_much_memory_is_only_wrong(tmp_path):
    """Is a network whose arguments ask for a terabyte a failed check, and not the judge's end?"""
    file = tmp_path / "custom_net.npz"
    save(tmp_path)
    with np.load(file) as found:
        arrays = dict(found)
    arrays["about"] = np.array(str(arrays["about"]).replace('["Dense", 10]', '["Dense", 1000000000]'))
    np.savez(file, **arrays)
    assert judged_in_a_new_process(tmp_path) == ["failed", "failed"]
