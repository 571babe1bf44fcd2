"""Imported by fork servers whose kernels need PyTorch: loads it, with all that it puts off until the first optimizer.

That takes longer than PyTorch itself. Nothing goes backward here: autograd's threads would not survive a fork.
"""

import torch

torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
