"""What the rest of the package needs of PyTorch and TensorFlow, without importing them, which takes seconds."""

from contextlib import contextmanager

from . import of_tensorflow, of_torch


def as_array(value):
    """Return the numbers of a tensor as an array. Return anything else unchanged, and a tensor whose dtype NumPy does
    not have."""
    return of_tensorflow.as_array(of_torch.as_array(value))


def as_model(network):
    """Return a PyTorch or Keras network as a model of this workbook; return other models unchanged.

    See `torch_models.ModuleModel` and `keras_models.KerasModel`.
    """
    if of_torch.is_module(network):
        from cs231n.torch_models import ModuleModel

        return ModuleModel(network)
    if of_tensorflow.is_network(network):
        from cs231n.keras_models import KerasModel

        return KerasModel(network)
    return network


@contextmanager
def own_state(seed=None):
    """Restore the random generators and the global switches of the loaded frameworks after the block.

    seed: where the generators start inside the block, None to continue from their states
    """
    with of_torch.own_state(seed), of_tensorflow.own_state(seed):
        yield
