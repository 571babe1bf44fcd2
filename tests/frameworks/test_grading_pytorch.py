"""Grading networks and notebooks of PyTorch's."""

import numpy as np
import pytest
from autograder.core.results import Status
from autograder.judging.networks import NetworkJudge
from cs231n.model_io import save_model
from cs231n.torch_models import LayerNet

SMALL = [["Conv2d", 3, 4, 3, {"stride": 4}], ["Flatten"], ["Linear", 256, 10]]
EXPECTED = {"path": "own_net.npz", "classes": ["LayerNet"], "at_least": {"synthetic": (0.0, 1.0)}, "weights": (1, 1)}
WHICH = "import sys\nprint('torch' in sys.modules, 'torch._dynamo' in sys.modules)"


@pytest.mark.parametrize(("frameworks", "loaded"), [((), "False False"), (("torch",), "True True")])
def test_only_kernels_that_need_it_have_it_loaded(printed_by_a_forked_kernel, frameworks, loaded):
    """Do kernels of the other notebooks start without PyTorch, and those of this one with it?"""
    assert printed_by_a_forked_kernel(WHICH, frameworks) == loaded


def judged(key, folder, layers, network=None):
    save_model(folder / "own_net.npz", network or LayerNet(layers), "synthetic", layers=layers)
    return NetworkJudge(key, 1)(EXPECTED, folder)


def test_a_network_is_measured(pytorch_key, tmp_path):
    """Is a network built from its list and measured on held-out images?"""
    low, high = judged(pytorch_key, tmp_path, SMALL)
    assert (low.status, high.status) == (Status.PASSED, Status.FAILED)
    assert "on the held-out images (synthetic)" in high.told


def test_a_network_that_asks_for_much_memory_is_only_wrong(pytorch_key, tmp_path):
    """Is a network whose arguments ask for a terabyte a failed check, and not the judge's end?"""
    file = tmp_path / "own_net.npz"
    save_model(file, LayerNet(SMALL), "synthetic", layers=SMALL)
    with np.load(file) as found:
        arrays = dict(found)
    arrays["about"] = np.array(str(arrays["about"]).replace("256", "256000000000"))
    np.savez(file, **arrays)
    assert {verdict.status for verdict in NetworkJudge(pytorch_key, 1)(EXPECTED, tmp_path)} == {Status.FAILED}
