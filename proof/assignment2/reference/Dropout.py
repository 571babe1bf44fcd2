"""The solutions of Dropout once more, by PyTorch in float64: where the reference values come from.

Masks are random and compared by their properties; what is recorded is all that does not depend on them.
"""

# %% dropout_forward
import numpy as np
import torch
import torch.nn.functional as F


def tensor(array, requires_grad=False):
    """A float64 copy of an array."""
    return torch.tensor(np.ascontiguousarray(array), dtype=torch.float64).requires_grad_(requires_grad)


def generator(seed):
    """A generator of random numbers that follows NumPy's where there is no seed."""
    return torch.Generator().manual_seed(int(np.random.randint(2**31)) if seed is None else seed)


def dropout_forward(x, dropout_param):
    if dropout_param["mode"] == "test":
        return x, (dropout_param, None)
    keep = torch.full(x.shape, dropout_param["p"], dtype=torch.float64)
    mask = torch.bernoulli(keep, generator=generator(dropout_param.get("seed"))) / keep
    return (tensor(x) * mask).numpy().astype(x.dtype), (dropout_param, mask)

# %% dropout_backward
def dropout_backward(dout, cache):
    _, mask = cache
    if mask is None:
        return dout
    x = torch.zeros(dout.shape, dtype=torch.float64, requires_grad=True)
    (dx,) = torch.autograd.grad(x * mask, x, tensor(dout))
    return dx.numpy().astype(dout.dtype)

# %% fully_connected_net_dropout
class FullyConnectedNet:
    def __init__(self, hidden_dims, input_dim=3 * 32 * 32, num_classes=10, dropout_keep_ratio=1, normalization=None,
                 reg=0.0, weight_scale=1e-2, dtype=np.float32, seed=None):
        self.normalization, self.reg, self.dtype, self.seed = normalization, reg, dtype, seed
        self.keep_ratio = dropout_keep_ratio
        self.params, self.bn_params, self.mode = {}, [], "train"
        sizes = [input_dim, *hidden_dims, num_classes]
        self.num_layers = len(sizes) - 1
        for i, (inputs, units) in enumerate(zip(sizes, sizes[1:]), start=1):
            self.params[f"W{i}"] = np.random.normal(0.0, weight_scale, (inputs, units)).astype(dtype)
            self.params[f"b{i}"] = np.zeros(units, dtype)
        for i, units in enumerate(hidden_dims if normalization else [], start=1):
            self.params[f"gamma{i}"], self.params[f"beta{i}"] = np.ones(units, dtype), np.zeros(units, dtype)
            self.bn_params.append({})

    def hidden(self, i, x, p):
        """Hidden layer i. x: tensor (N, ...); p: the parameters as tensors."""
        a = F.linear(x.flatten(start_dim=1), p[f"W{i}"].T, p[f"b{i}"])
        if self.normalization == "layernorm":
            a = F.layer_norm(a, a.shape[1:], p[f"gamma{i}"], p[f"beta{i}"])
        if self.normalization == "batchnorm":
            average = self.bn_params[i - 1]
            mean = tensor(average.get("running_mean", np.zeros(a.shape[1])))
            var = tensor(average.get("running_var", np.zeros(a.shape[1])))
            train = self.mode == "train"
            mean, var = (None, None) if train else (mean, var)
            a = F.batch_norm(a, mean, var, p[f"gamma{i}"], p[f"beta{i}"], training=train)
        a = F.relu(a)
        if self.keep_ratio == 1 or self.mode == "test":
            return a
        keep = torch.full(a.shape, self.keep_ratio, dtype=torch.float64)
        return a * torch.bernoulli(keep, generator=generator(self.seed)) / keep

    def tensors(self):
        return {name: tensor(array, requires_grad=True) for name, array in self.params.items()}

    def hidden_forward(self, i, x):
        inputs, p = tensor(x, requires_grad=True), self.tensors()
        out = self.hidden(i, inputs, p)
        return out.detach().numpy(), (out, inputs, p)

    def hidden_backward(self, i, dout, cache):
        out, inputs, p = cache
        own = [name for name in p if name in (f"W{i}", f"b{i}", f"gamma{i}", f"beta{i}")]
        dx, *found = torch.autograd.grad(out, [inputs, *(p[name] for name in own)], tensor(dout))
        return dx.numpy(), {name: gradient.numpy() for name, gradient in zip(own, found)}

    def loss(self, X, y=None):
        self.mode = "test" if y is None else "train"
        p, out = self.tensors(), tensor(X)
        for i in range(1, self.num_layers):
            out = self.hidden(i, out, p)
        scores = F.linear(out.flatten(start_dim=1), p[f"W{self.num_layers}"].T, p[f"b{self.num_layers}"])
        if y is None:
            return scores.detach().numpy().astype(self.dtype)
        loss = F.cross_entropy(scores, torch.tensor(y))
        for i in range(1, self.num_layers + 1):
            loss = loss + self.reg / 2 * p[f"W{i}"].square().sum()
        loss.backward()
        return loss.item(), {name: parameter.grad.numpy().astype(self.dtype) for name, parameter in p.items()}
