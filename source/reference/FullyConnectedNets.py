# %% affine_forward
import torch
import numpy as np


def tensor(a):
    """A float64 tensor of an array that remembers gradients."""
    return torch.tensor(np.array(a, dtype=np.float64), requires_grad=True)


def array(t, like):
    """An array of a tensor, with the dtype of `like`."""
    return t.detach().numpy().astype(like.dtype)


def affine(x, w, b):
    return torch.nn.functional.linear(x.flatten(start_dim=1), w.T, b)


def gradients(function, arrays, dout):
    """Backward pass of a function of tensors, by autograd: the gradients of sum(out * dout)."""
    tensors = [tensor(a) for a in arrays]
    out = function(*tensors)
    found = torch.autograd.grad(out, tensors, torch.tensor(np.array(dout, dtype=np.float64)))
    return [array(g, a) for g, a in zip(found, arrays)]


def affine_forward(x, w, b):
    return array(affine(tensor(x), tensor(w), tensor(b)), x), (x, w, b)
# %% affine_backward
def affine_backward(dout, cache):
    return gradients(affine, cache, dout)
# %% relu_forward
def relu_forward(x):
    return array(torch.relu(tensor(x)), x), x
# %% relu_backward
def relu_backward(dout, cache):
    return gradients(torch.relu, [cache], dout)[0]
# %% affine_relu
def affine_relu_forward(x, w, b):
    return array(torch.relu(affine(tensor(x), tensor(w), tensor(b))), x), (x, w, b)


def affine_relu_backward(dout, cache):
    return gradients(lambda x, w, b: torch.relu(affine(x, w, b)), cache, dout)
# %% two_layer_net
def loss_and_gradients(model, params, X, y, reg, scores_of):
    """Softmax loss with L2 regularisation of the matrices W, by torch's own cross entropy and autograd."""
    tensors = {name: tensor(p) for name, p in params.items()}
    scores = scores_of(torch.tensor(np.array(X, dtype=np.float64)), tensors)
    if y is None:
        return array(scores, next(iter(params.values())))
    loss = torch.nn.functional.cross_entropy(scores, torch.tensor(y))
    for name, p in tensors.items():
        if name.startswith("W"):
            loss = loss + reg / 2 * p.square().sum()
    loss.backward()
    return loss.item(), {name: array(p.grad, params[name]) for name, p in tensors.items()}


class TwoLayerNet:
    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.reg = reg
        self.params = {
            "W1": np.random.normal(0, weight_scale, (input_dim, hidden_dim)),
            "b1": np.zeros(hidden_dim),
            "W2": np.random.normal(0, weight_scale, (hidden_dim, num_classes)),
            "b2": np.zeros(num_classes),
        }

    def loss(self, X, y=None):
        def scores_of(x, p):
            return affine(torch.relu(affine(x, p["W1"], p["b1"])), p["W2"], p["b2"])

        return loss_and_gradients(self, self.params, X, y, self.reg, scores_of)
# %% fully_connected_net
class FullyConnectedNet:
    def __init__(self, hidden_dims, input_dim=3 * 32 * 32, num_classes=10, dropout_keep_ratio=1, normalization=None,
                 reg=0.0, weight_scale=1e-2, dtype=np.float32, seed=None):
        self.reg, self.layers = reg, len(hidden_dims) + 1
        if seed is not None:
            np.random.seed(seed)
        dims = [input_dim, *hidden_dims, num_classes]
        self.params = {}
        for i, (fan_in, fan_out) in enumerate(zip(dims, dims[1:]), start=1):
            self.params[f"W{i}"] = np.random.normal(0, weight_scale, (fan_in, fan_out)).astype(dtype)
            self.params[f"b{i}"] = np.zeros(fan_out, dtype)

    def hidden_forward(self, i, x):
        return affine_relu_forward(x, self.params[f"W{i}"], self.params[f"b{i}"])

    def hidden_backward(self, i, dout, cache):
        dx, dw, db = affine_relu_backward(dout, cache)
        return dx, {f"W{i}": dw, f"b{i}": db}

    def loss(self, X, y=None):
        hooked = type(self).hidden_forward is not FullyConnectedNet.hidden_forward
        return self._by_hooks(X, y) if hooked else self._by_autograd(X, y)

    def _by_autograd(self, X, y):
        def scores_of(x, p):
            for i in range(1, self.layers):
                x = torch.relu(affine(x, p[f"W{i}"], p[f"b{i}"]))
            return affine(x, p[f"W{self.layers}"], p[f"b{self.layers}"])

        return loss_and_gradients(self, self.params, X, y, self.reg, scores_of)

    def _by_hooks(self, X, y):
        """A subclass changed the hidden layers: go through its methods, layer by layer (without regularisation)."""
        out, caches, L = X, {}, self.layers
        for i in range(1, L):
            out, caches[i] = self.hidden_forward(i, out)
        scores, cache = affine_forward(out, self.params[f"W{L}"], self.params[f"b{L}"])
        if y is None:
            return scores
        s = tensor(scores)
        loss = torch.nn.functional.cross_entropy(s, torch.tensor(y))
        loss.backward()
        dout, dw, db = affine_backward(s.grad.numpy(), cache)
        grads = {f"W{L}": dw, f"b{L}": db}
        for i in reversed(range(1, L)):
            dout, more = self.hidden_backward(i, dout, caches[i])
            grads.update(more)
        return loss.item(), grads
# %% sgd_momentum
def torch_steps(optimizer, w, dw, state):
    """One step of a torch optimiser whose state is set by hand; returns the new parameter and its state."""
    p = tensor(w)
    rule = optimizer([p])
    rule.state[p] = {name: torch.tensor(np.array(value, dtype=np.float64)) for name, value in state.items()}
    p.grad = torch.tensor(np.array(dw, dtype=np.float64))
    rule.step()
    return array(p, w), {name: value.numpy() for name, value in rule.state[p].items()}


def sgd_momentum(w, dw, config=None):
    # torch keeps v' = momentum v' + dw and steps by -lr v'; CS231n's velocity is -lr v'
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})} if config is None else config
    config.setdefault("momentum", 0.9)
    lr = config["learning_rate"]
    state = {"momentum_buffer": -config.get("velocity", np.zeros_like(w)) / lr}
    next_w, state = torch_steps(lambda p: torch.optim.SGD(p, lr=lr, momentum=config["momentum"]), w, dw, state)
    config["velocity"] = (-lr * state["momentum_buffer"]).astype(w.dtype)
    return next_w, config
# %% rmsprop
def rmsprop(w, dw, config=None):
    config = {} if config is None else config
    for name, value in {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, "cache": np.zeros_like(w)}.items():
        config.setdefault(name, value)

    def rule(p):
        return torch.optim.RMSprop(p, lr=config["learning_rate"], alpha=config["decay_rate"], eps=config["epsilon"])

    next_w, state = torch_steps(rule, w, dw, {"step": 0.0, "square_avg": config["cache"]})
    config["cache"] = state["square_avg"].astype(w.dtype)
    return next_w, config
# %% adam
def adam(w, dw, config=None):
    config = {} if config is None else config
    zeros = np.zeros_like(w)
    for name, value in {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "m": zeros, "v": zeros, "t": 0}.items():
        config.setdefault(name, value)

    def rule(p):
        return torch.optim.Adam(p, lr=config["learning_rate"], betas=(config["beta1"], config["beta2"]), eps=config["epsilon"])

    next_w, state = torch_steps(rule, w, dw, {"step": float(config["t"]), "exp_avg": config["m"], "exp_avg_sq": config["v"]})
    config["m"], config["v"] = state["exp_avg"].astype(w.dtype), state["exp_avg_sq"].astype(w.dtype)
    config["t"] += 1
    return next_w, config
