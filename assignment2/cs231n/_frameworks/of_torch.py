"""Tensors, networks and the state of PyTorch, if it is loaded."""

from contextlib import contextmanager

from .loading import loaded


def as_array(value):
    """Return the numbers of a tensor as an array. Return anything else unchanged, and a tensor whose dtype NumPy does
    not have."""
    torch = loaded("torch")
    if torch is None or not isinstance(value, torch.Tensor):
        return value
    try:
        return value.detach().cpu().resolve_neg().resolve_conj().numpy()
    except (NotImplementedError, RuntimeError, TypeError):  # on the device "meta", sparse, bfloat16
        return value


def is_module(value):
    """Return whether a value is a PyTorch network."""
    torch = loaded("torch")
    return torch is not None and isinstance(value, torch.nn.Module)


@contextmanager
def own_state(seed=None):
    """Restore PyTorch's global generator and the global switches after the block, if PyTorch is loaded.

    seed: where the generator starts inside the block, None to continue from its state
    """
    torch = loaded("torch")
    if torch is None:
        yield
        return
    recording, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    with torch.random.fork_rng():
        if seed is not None:
            torch.manual_seed(seed)
        try:
            yield
        finally:
            torch.set_grad_enabled(recording)
            torch.set_default_dtype(dtype)
