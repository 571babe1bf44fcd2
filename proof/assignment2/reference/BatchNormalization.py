"""The solutions of BatchNormalization once more, by PyTorch in float64: where the reference values come from.

Forward passes are PyTorch's own normalization functions and gradients are autograd's, so nothing is shared with the key
but the interface. CS231n averages the biased variance, which PyTorch's layer does not: hence `torch.var_mean` for that.
"""

# %% batchnorm_forward
import numpy as np
import torch
import torch.nn.functional as F


def tensor(array, requires_grad=False):
    """A float64 copy of an array."""
    return torch.tensor(np.ascontiguousarray(array), dtype=torch.float64).requires_grad_(requires_grad)


def like(result, array):
    """A tensor as an array with the dtype of `array`."""
    return result.detach().numpy().astype(array.dtype)


def gradients(function, arrays, dout):
    """The gradients of sum(function(*arrays) * dout) with respect to each of the arrays."""
    tensors = [tensor(array, requires_grad=True) for array in arrays]
    found = torch.autograd.grad(function(*tensors), tensors, tensor(dout))
    return tuple(like(gradient, array) for gradient, array in zip(found, arrays))


def batch_norm(x, gamma, beta, eps):
    return F.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)


def averaged(bn_param, name, sample, x):
    """The running average after one more sample."""
    momentum = bn_param.get("momentum", 0.9)
    before = tensor(bn_param.get(name, np.zeros(x.shape[1])))
    return like(torch.lerp(sample, before, momentum), x)


def batchnorm_forward(x, gamma, beta, bn_param):
    eps = bn_param.get("eps", 1e-5)
    if bn_param["mode"] == "train":
        var, mean = torch.var_mean(tensor(x), dim=0, unbiased=False)
        bn_param["running_mean"] = averaged(bn_param, "running_mean", mean, x)
        bn_param["running_var"] = averaged(bn_param, "running_var", var, x)
        return like(batch_norm(tensor(x), tensor(gamma), tensor(beta), eps), x), (x, gamma, beta, eps)
    zeros = np.zeros(x.shape[1])
    mean, var = (tensor(bn_param.get(name, zeros)) for name in ("running_mean", "running_var"))
    return like(F.batch_norm(tensor(x), mean, var, tensor(gamma), tensor(beta), eps=eps), x), None

# %% batchnorm_backward
def batchnorm_backward(dout, cache):
    *arrays, eps = cache
    return gradients(lambda x, gamma, beta: batch_norm(x, gamma, beta, eps), arrays, dout)

# %% batchnorm_backward_alt
def batchnorm_backward_alt(dout, cache):
    *arrays, eps = cache
    return gradients(lambda *arrays: batch_norm(*arrays, eps), arrays, dout)

# %% affine_bn_relu
def affine(x, w, b):
    return F.linear(x.flatten(start_dim=1), w.T, b)


def affine_bn_relu_forward(x, w, b, gamma, beta, bn_param):
    a = like(affine(tensor(x), tensor(w), tensor(b)), x)
    out, _ = batchnorm_forward(a, gamma, beta, bn_param)
    return np.maximum(out, 0), ((x, w, b, gamma, beta), bn_param.get("eps", 1e-5))


def affine_bn_relu_backward(dout, cache):
    arrays, eps = cache
    return gradients(lambda x, w, b, gamma, beta: F.relu(batch_norm(affine(x, w, b), gamma, beta, eps)), arrays, dout)

# %% fully_connected_net_bn
class FullyConnectedNet:
    def __init__(self, hidden_dims, input_dim=3 * 32 * 32, num_classes=10, dropout_keep_ratio=1, normalization=None,
                 reg=0.0, weight_scale=1e-2, dtype=np.float32, seed=None):
        self.normalization, self.reg, self.dtype = normalization, reg, dtype
        self.params, self.bn_params = {}, []
        sizes = [input_dim, *hidden_dims, num_classes]
        self.num_layers = len(sizes) - 1
        for i, (inputs, units) in enumerate(zip(sizes, sizes[1:]), start=1):
            self.params[f"W{i}"] = np.random.normal(0.0, weight_scale, (inputs, units)).astype(dtype)
            self.params[f"b{i}"] = np.zeros(units, dtype)
        for i, units in enumerate(hidden_dims if normalization else [], start=1):
            self.params[f"gamma{i}"], self.params[f"beta{i}"] = np.ones(units, dtype), np.zeros(units, dtype)
            self.bn_params.append({})

    def normalized(self, i, a, p, training):
        """Hidden layer i behind its affine part. a: tensor (N, H_i)."""
        if self.normalization is None:
            return a
        param, gamma, beta = self.bn_params[i - 1], p[f"gamma{i}"], p[f"beta{i}"]
        eps = param.get("eps", 1e-5)
        if self.normalization == "layernorm":
            return F.layer_norm(a, a.shape[1:], gamma, beta, eps)
        like_a = np.empty((1, a.shape[1]), self.dtype)
        if training:
            var, mean = torch.var_mean(a.detach(), dim=0, unbiased=False)
            param["running_mean"] = averaged(param, "running_mean", mean, like_a)
            param["running_var"] = averaged(param, "running_var", var, like_a)
            return batch_norm(a, gamma, beta, eps)
        mean, var = tensor(param["running_mean"]), tensor(param["running_var"])
        return F.batch_norm(a, mean, var, gamma, beta, eps=eps)

    def loss(self, X, y=None):
        p = {name: tensor(array, requires_grad=True) for name, array in self.params.items()}
        out = tensor(X)
        for i in range(1, self.num_layers):
            a = affine(out, p[f"W{i}"], p[f"b{i}"])
            out = F.relu(self.normalized(i, a, p, training=y is not None))
        scores = affine(out, p[f"W{self.num_layers}"], p[f"b{self.num_layers}"])
        if y is None:
            return scores.detach().numpy().astype(self.dtype)
        loss = F.cross_entropy(scores, torch.tensor(y))
        for i in range(1, self.num_layers + 1):
            loss = loss + self.reg / 2 * p[f"W{i}"].square().sum()
        loss.backward()
        return loss.item(), {name: parameter.grad.numpy().astype(self.dtype) for name, parameter in p.items()}

# %% layernorm_forward
def layer_norm(x, gamma, beta, eps):
    return F.layer_norm(x, x.shape[1:], gamma, beta, eps)


def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    return like(layer_norm(tensor(x), tensor(gamma), tensor(beta), eps), x), (x, gamma, beta, eps)

# %% layernorm_backward
def layernorm_backward(dout, cache):
    *arrays, eps = cache
    return gradients(lambda x, gamma, beta: layer_norm(x, gamma, beta, eps), arrays, dout)

# %% affine_ln_relu
def affine_ln_relu_forward(x, w, b, gamma, beta, ln_param):
    eps, arrays = ln_param.get("eps", 1e-5), (x, w, b, gamma, beta)
    tensors = [tensor(array) for array in arrays]
    out = F.relu(layer_norm(affine(*tensors[:3]), *tensors[3:], eps))
    return like(out, x), (arrays, eps)


def affine_ln_relu_backward(dout, cache):
    arrays, eps = cache
    return gradients(lambda x, w, b, gamma, beta: F.relu(layer_norm(affine(x, w, b), gamma, beta, eps)), arrays, dout)
