"""What the rest of the package has to know about PyTorch, without importing it, which takes seconds."""

import sys
from contextlib import contextmanager


def loaded_torch():
    """Return the module torch where somebody has imported it, else None; what stands in for it where it is withheld has
    no version."""
    torch = sys.modules.get("torch")
    return torch if hasattr(torch, "__version__") else None


def as_array(value):
    """Return a tensor's numbers as an array; anything else, and a tensor that NumPy has no dtype for, as it is."""
    torch = loaded_torch()
    if torch is None or not isinstance(value, torch.Tensor):
        return value
    try:
        return value.detach().cpu().resolve_neg().resolve_conj().numpy()
    except (NotImplementedError, RuntimeError, TypeError):  # on the device "meta", sparse, bfloat16
        return value


def is_module(value):
    """Tell whether a value is a PyTorch network."""
    torch = loaded_torch()
    return torch is not None and isinstance(value, torch.nn.Module)


@contextmanager
def own_torch_state(seed=None):
    """Put PyTorch's global generator, and what is switched for the whole process, back as it was; where PyTorch is
    loaded. seed: of the generator in here, None for the one that it has"""
    torch = loaded_torch()
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
