"""The solutions of FullyConnectedNets once more, by PyTorch in float64: where the reference values come from.

Gradients are autograd's and update rules are those of torch.optim, so nothing is shared with the key but the interface.
"""

# %% affine_forward
import numpy as np
import torch
import torch.nn.functional as F


def tensor(array, requires_grad=False):
    """A float64 copy of an array."""
    return torch.tensor(np.ascontiguousarray(array), dtype=torch.float64).requires_grad_(requires_grad)


def like(result, array):
    """A tensor as an array with the dtype of `array`."""
    return result.detach().numpy().astype(array.dtype)


def affine_forward(x, w, b):
    out = F.linear(tensor(x).flatten(start_dim=1), tensor(w).T, tensor(b))
    return like(out, x), (x, w, b)

# %% affine_backward
def affine_backward(dout, cache):
    inputs = [tensor(array, requires_grad=True) for array in cache]
    x, w, b = inputs
    gradients = torch.autograd.grad(F.linear(x.flatten(start_dim=1), w.T, b), inputs, tensor(dout))
    return tuple(like(gradient, array) for gradient, array in zip(gradients, cache))

# %% relu_forward
def relu_forward(x):
    return like(F.relu(tensor(x)), x), x

# %% relu_backward
def relu_backward(dout, cache):
    x = tensor(cache, requires_grad=True)
    (dx,) = torch.autograd.grad(F.relu(x), x, tensor(dout))
    return like(dx, dout)

# %% affine_relu
def affine_relu_forward(x, w, b):
    out = F.relu(F.linear(tensor(x).flatten(start_dim=1), tensor(w).T, tensor(b)))
    return like(out, x), (x, w, b)


def affine_relu_backward(dout, cache):
    inputs = [tensor(array, requires_grad=True) for array in cache]
    x, w, b = inputs
    gradients = torch.autograd.grad(F.relu(F.linear(x.flatten(start_dim=1), w.T, b)), inputs, tensor(dout))
    return tuple(like(gradient, array) for gradient, array in zip(gradients, cache))

# %% two_layer_net
class TwoLayerNet:
    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.reg = reg
        self.params = {}
        for i, shape in enumerate(((input_dim, hidden_dim), (hidden_dim, num_classes)), start=1):
            self.params[f"W{i}"] = np.random.normal(0.0, weight_scale, shape)
            self.params[f"b{i}"] = np.zeros(shape[1])

    def loss(self, X, y=None):
        p = {name: tensor(array, requires_grad=True) for name, array in self.params.items()}
        hidden = F.relu(tensor(X).flatten(start_dim=1) @ p["W1"] + p["b1"])
        scores = hidden @ p["W2"] + p["b2"]
        if y is None:
            return scores.detach().numpy()
        loss = F.cross_entropy(scores, torch.tensor(y))
        loss = loss + self.reg / 2 * (p["W1"].square().sum() + p["W2"].square().sum())
        loss.backward()
        return loss.item(), {name: parameter.grad.numpy() for name, parameter in p.items()}

# %% fully_connected_net
class FullyConnectedNet:
    normalizations = (None,)
    can_drop_out = False

    def __init__(
        self,
        hidden_dims,
        input_dim=3 * 32 * 32,
        num_classes=10,
        dropout_keep_ratio=1,
        normalization=None,
        reg=0.0,
        weight_scale=1e-2,
        dtype=np.float32,
        seed=None,
    ):
        if normalization not in self.normalizations or (dropout_keep_ratio != 1 and not self.can_drop_out):
            raise NotImplementedError("a later notebook adds it")
        self.reg = reg
        self.weight_scale = weight_scale
        self.dtype = dtype
        self.num_layers = len(hidden_dims) + 1
        self.params = {}
        sizes = [input_dim, *hidden_dims]
        for i in range(1, self.num_layers):
            self.init_hidden(i, sizes[i - 1], sizes[i])
        self.init_affine(self.num_layers, sizes[-1], num_classes)
        self.params = {name: array.astype(dtype) for name, array in self.params.items()}

    def init_affine(self, i, inputs, units):
        self.params[f"W{i}"] = np.random.normal(0.0, self.weight_scale, (inputs, units))
        self.params[f"b{i}"] = np.zeros(units)

    def init_hidden(self, i, inputs, units):
        self.init_affine(i, inputs, units)

    def hidden_forward(self, i, x):
        inputs = x, self.params[f"W{i}"], self.params[f"b{i}"]
        x, w, b = [tensor(array, requires_grad=True) for array in inputs]
        out = F.relu(F.linear(x.flatten(start_dim=1), w.T, b))
        return like(out, inputs[0]), (out, (x, w, b), inputs)

    def hidden_backward(self, i, dout, cache):
        out, tensors, inputs = cache
        gradients = torch.autograd.grad(out, tensors, tensor(dout), retain_graph=True)
        dx, dw, db = (like(gradient, array) for gradient, array in zip(gradients, inputs))
        return dx, {f"W{i}": dw, f"b{i}": db}

    def loss(self, X, y=None):
        out, last = X.astype(self.dtype), self.num_layers
        caches = []
        for i in range(1, last):
            out, cache = self.hidden_forward(i, out)
            caches.append(cache)
        weights = {name: tensor(array, requires_grad=True) for name, array in self.params.items()}
        hidden = tensor(out, requires_grad=True)
        scores = hidden.flatten(start_dim=1) @ weights[f"W{last}"] + weights[f"b{last}"]
        if y is None:
            return like(scores, out)
        loss = F.cross_entropy(scores, torch.tensor(y))
        for i in range(1, last + 1):
            loss = loss + self.reg / 2 * weights[f"W{i}"].square().sum()
        loss.backward()
        # What autograd cannot see is the way through the hidden layers, which subclasses may extend.
        grads, dout = {}, hidden.grad.numpy()
        for i in reversed(range(1, last)):
            dout, of_layer = self.hidden_backward(i, dout, caches[i - 1])
            grads |= of_layer
        for name, weight in weights.items():
            if weight.grad is not None:
                grads[name] = grads.get(name, 0.0) + weight.grad.numpy()
        return loss.item(), {name: np.asarray(grad).astype(self.dtype) for name, grad in grads.items()}

# %% sgd_momentum
def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9} | (config or {})
    parameter = tensor(w, requires_grad=True)
    parameter.grad = tensor(dw)
    rule = torch.optim.SGD([parameter], lr=config["learning_rate"], momentum=config["momentum"])
    if "velocity" in config:  # PyTorch's velocity has the other sign and no learning rate in it
        rule.state[parameter]["momentum_buffer"] = -tensor(config["velocity"]) / config["learning_rate"]
    rule.step()
    config["velocity"] = like(parameter - tensor(w), w)
    return like(parameter, w), config

# %% rmsprop
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8} | (config or {})
    parameter = tensor(w, requires_grad=True)
    parameter.grad = tensor(dw)
    rule = torch.optim.RMSprop(
        [parameter], lr=config["learning_rate"], alpha=config["decay_rate"], eps=config["epsilon"]
    )
    if "cache" in config:
        rule.state[parameter] = {"step": torch.tensor(1.0), "square_avg": tensor(config["cache"])}
    rule.step()
    config["cache"] = like(rule.state[parameter]["square_avg"], w)
    return like(parameter, w), config

# %% adam
def adam(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "t": 0} | (config or {})
    parameter = tensor(w, requires_grad=True)
    parameter.grad = tensor(dw)
    betas = config["beta1"], config["beta2"]
    rule = torch.optim.Adam([parameter], lr=config["learning_rate"], betas=betas, eps=config["epsilon"])
    if "m" in config:
        step = torch.tensor(float(config["t"]), dtype=torch.float64)
        rule.state[parameter] = {"step": step, "exp_avg": tensor(config["m"]), "exp_avg_sq": tensor(config["v"])}
    rule.step()
    state = rule.state[parameter]
    config |= {"m": like(state["exp_avg"], w), "v": like(state["exp_avg_sq"], w), "t": int(state["step"])}
    return like(parameter, w), config
