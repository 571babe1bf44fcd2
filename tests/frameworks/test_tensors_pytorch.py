"""Tensors in checks, and networks of PyTorch's in files of weights."""

import numpy as np
import pytest
import torch
from cs231n.checks.cases import random_numbers
from cs231n.checks.session import Checks
from cs231n.checks.values import decode, encode
from cs231n.model_io import WeightsError, accuracy, load_model, save_model
from cs231n.torch_models import LayerNet, ModuleModel, image_tensor
from torch import nn

LAYERS = [
    ["Conv2d", 3, 4, 3, {"padding": 1, "stride": 4}],
    ["Residual", [["BatchNorm2d", 4], ["ReLU"]]],
    ["Flatten"],
    ["Dropout", 0.5],
    ["Linear", 256, 10],
]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.int64, torch.bool])
def test_a_tensor_is_sent_as_an_array(dtype):
    """Do dtype, shape and numbers arrive, of tensors in another order in memory too?"""
    tensor = torch.arange(6).reshape(2, 3).to(dtype).T
    sent = decode(encode(tensor))
    assert sent.dtype == tensor.numpy().dtype
    np.testing.assert_array_equal(sent, tensor.numpy())


def test_a_tensor_that_requires_gradients_is_sent():
    """Are parameters and results of a computation sent, views and negations included?"""
    leaf = torch.ones(2, 2, requires_grad=True)
    for tensor in (leaf, leaf * 2, nn.Parameter(leaf.detach()), torch._neg_view(leaf)):
        np.testing.assert_array_equal(decode(encode(tensor)), tensor.detach().resolve_neg().numpy())


@pytest.mark.parametrize("tensor", [torch.zeros(2, dtype=torch.bfloat16), torch.zeros(2, device="meta")])
def test_a_tensor_without_numbers_for_numpy_is_none(tensor):
    """Is it said what was sent, where NumPy has no such dtype and where there are no numbers?"""
    assert decode(encode(tensor)) == "a Tensor"


def test_a_tensor_that_was_modified_is_noticed():
    """Is an argument that a solution changes in place a failed check, one that requires gradients too?"""
    checks = Checks("step", {}, "check")
    same, changed = torch.zeros(2, requires_grad=True), torch.zeros(2)

    @checks.case("case")
    def _(random):
        checks.unchanged(same=same)
        checks.unchanged(changed=changed)
        changed.add_(1)

    assert [bool(line.message) for line in checks.lines] == [False, True]


def test_cases_draw_the_same_numbers_and_leave_none_behind():
    """Does a case's generator depend on nothing else, and is PyTorch afterwards as it was, switches included?"""
    torch.manual_seed(1)
    drawn = []
    for _ in range(2):
        with random_numbers("step", "case"):
            drawn.append(torch.rand(3))
            torch.set_grad_enabled(False)
            torch.set_default_dtype(torch.float64)
        torch.rand(1)
    assert torch.equal(*drawn)
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() is torch.float32
    torch.manual_seed(1)
    first = torch.rand(3)
    assert not torch.equal(first, drawn[0])


def test_a_network_comes_back_from_its_file(tmp_path):
    """Are scores the same afterwards, averages of batch normalization included, and is chance where it was?"""
    torch.manual_seed(1)
    network = LayerNet(layers=LAYERS)
    network(torch.randn(20, 3, 32, 32))  # moves the averages
    state = torch.get_rng_state()
    save_model(tmp_path / "net.npz", network, "synthetic", layers=LAYERS)
    again = load_model(tmp_path / "net.npz", LayerNet)
    assert torch.equal(state, torch.get_rng_state())
    X, y = np.random.RandomState(1).randn(50, 3, 32, 32).astype(np.float32), np.arange(50) % 10
    network.eval()
    with torch.no_grad():
        right = network(image_tensor(X))
    assert again.training
    np.testing.assert_allclose(ModuleModel(again).loss(X), right.numpy(), rtol=1e-6)
    assert accuracy(again, X, y) == np.mean(right.argmax(dim=1).numpy() == y)


def test_arguments_of_another_network_are_refused(tmp_path):
    """Is a file not written that could not be read?"""
    with pytest.raises(WeightsError, match="are not those of LayerNet"):
        save_model(tmp_path / "net.npz", LayerNet(LAYERS), "synthetic", layers=LAYERS[:3])


def test_only_known_layers():
    """Can a list of layers build nothing but layers?"""
    with pytest.raises(ValueError, match="there is no layer 'Module'"):
        LayerNet([["Module"]])
