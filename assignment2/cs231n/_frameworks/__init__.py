"""What the rest of the package has to know of PyTorch and TensorFlow, without importing them: that takes seconds."""

from contextlib import contextmanager

from . import of_tensorflow, of_torch


def as_array(value):
    """Return a tensor's numbers as an array; anything else, and a tensor that NumPy has no dtype for, as it is."""
    return of_tensorflow.as_array(of_torch.as_array(value))


def as_model(network):
    """Return a network of PyTorch's or Keras' as a model of this workbook; others as they are.

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
    """Keep the random numbers of the frameworks that are loaded, and what is switched in them, as they are.

    seed: of their generators in here, None for the ones that they have
    """
    with of_torch.own_state(seed), of_tensorflow.own_state(seed):
        yield
