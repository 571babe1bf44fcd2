# Written with einsum and np.where, caches of other contents, and other helpers than the key's.

# %% affine_forward
def affine_forward(x, w, b):
    rows = np.reshape(x, (len(x), w.shape[0]))
    return np.einsum("nd,dm->nm", rows, w) + b[np.newaxis, :], {"rows": rows, "shape": x.shape, "w": w}

# %% affine_backward
def affine_backward(dout, cache):
    dx = np.einsum("nm,dm->nd", dout, cache["w"]).reshape(cache["shape"])
    dw = np.einsum("nd,nm->dm", cache["rows"], dout)
    db = np.einsum("nm->m", dout)
    return dx, dw, db

# %% relu_forward
def relu_forward(x):
    mask = x > 0
    return np.where(mask, x, x.dtype.type(0)), mask

# %% relu_backward
def relu_backward(dout, cache):
    return np.where(cache, dout, dout.dtype.type(0))

# %% affine_relu
def affine_relu_forward(x, w, b):
    a, fc_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(a)
    return out, (fc_cache, relu_cache, "both")


def affine_relu_backward(dout, cache):
    fc_cache, relu_cache, _ = cache
    return affine_backward(relu_backward(dout, relu_cache), fc_cache)

# %% two_layer_net
class TwoLayerNet:
    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.reg = reg
        self.params = {
            "W1": np.random.default_rng().normal(scale=weight_scale, size=(input_dim, hidden_dim)),
            "b1": np.zeros(hidden_dim),
            "W2": np.random.default_rng().normal(scale=weight_scale, size=(hidden_dim, num_classes)),
            "b2": np.zeros((num_classes,)),
        }

    def loss(self, X, y=None):
        p = self.params
        rows = X.reshape(len(X), -1)
        a = np.einsum("nd,dh->nh", rows, p["W1"]) + p["b1"]
        h = np.clip(a, 0, None)
        scores = np.einsum("nh,hc->nc", h, p["W2"]) + p["b2"]
        if y is None:
            return scores
        loss, ds = softmax_loss(scores, y)
        penalty = np.einsum("ij,ij->", p["W1"], p["W1"]) + np.einsum("ij,ij->", p["W2"], p["W2"])
        da = np.einsum("nc,hc->nh", ds, p["W2"]) * (a > 0)
        grads = {
            "b2": np.einsum("nc->c", ds),
            "W2": np.einsum("nh,nc->hc", h, ds) + self.reg * p["W2"],
            "b1": np.einsum("nh->h", da),
            "W1": np.einsum("nd,nh->dh", rows, da) + self.reg * p["W1"],
        }
        return loss + self.reg * penalty / 2, grads

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
            raise NotImplementedError("later")
        self.reg = reg
        self.weight_scale = weight_scale
        self.dtype = dtype
        self.num_layers = len(hidden_dims) + 1
        self.params = {}
        fan_in = [input_dim, *hidden_dims]
        fan_out = [*hidden_dims, num_classes]
        for i, (before, behind) in enumerate(zip(fan_in, fan_out), 1):
            (self.init_affine if i == self.num_layers else self.init_hidden)(i, before, behind)
        self.params = {name: array.astype(dtype) for name, array in self.params.items()}

    def init_affine(self, i, inputs, units):
        self.params |= {
            f"W{i}": np.random.default_rng().normal(0, self.weight_scale, (inputs, units)),
            f"b{i}": np.zeros(units),
        }

    def init_hidden(self, i, inputs, units):
        self.init_affine(i, inputs, units)

    def hidden_forward(self, i, x):
        rows = x.reshape(len(x), -1)
        a = np.einsum("nd,dm->nm", rows, self.params[f"W{i}"]) + self.params[f"b{i}"]
        out = (abs(a) + a) / 2
        return out, (x, out)

    def hidden_backward(self, i, dout, cache):
        x, out = cache
        da = np.where(out > 0, dout, 0)
        dx = np.einsum("nm,dm->nd", da, self.params[f"W{i}"]).reshape(x.shape)
        grads = {f"b{i}": np.einsum("nm->m", da), f"W{i}": np.einsum("nd,nm->dm", x.reshape(len(x), -1), da)}
        return dx, grads

    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        self.caches = {}
        out = X
        for i in range(1, self.num_layers):
            out, self.caches[i] = self.hidden_forward(i, out)
        W, b = self.params[f"W{self.num_layers}"], self.params[f"b{self.num_layers}"]
        out = out.reshape(len(out), -1)
        scores = np.einsum("nd,dm->nm", out, W) + b
        if y is None:
            return scores
        loss, ds = softmax_loss(scores, y)
        grads = {
            f"W{self.num_layers}": np.einsum("nd,nm->dm", out, ds),
            f"b{self.num_layers}": np.einsum("nm->m", ds),
        }
        dout = np.einsum("nm,dm->nd", ds, W)
        for i in reversed(range(1, self.num_layers)):
            dout, more = self.hidden_backward(i, dout, self.caches[i])
            grads = {**more, **grads}
        weights = [f"W{i}" for i in range(1, self.num_layers + 1)]
        loss = loss + self.reg / 2 * sum(np.einsum("ij,ij->", self.params[n], self.params[n]) for n in weights)
        return loss, {n: g + self.reg * self.params[n] if n in weights else g for n, g in grads.items()}

# %% sgd_momentum
def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    step = config["learning_rate"] * dw
    config["velocity"] = np.multiply(config["velocity"], config["momentum"]) - step
    return np.add(w, config["velocity"]), config

# %% rmsprop
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    rho, old = config["decay_rate"], config.pop("cache", 0)
    cache = dw * dw + rho * (old - dw * dw)
    scale = config["learning_rate"] / (cache**0.5 + config["epsilon"])
    return w - np.einsum("...,...->...", scale, dw), config | {"cache": cache}

# %% adam
def adam(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, **(config or {})}
    zeros = np.zeros_like(dw)
    b1, b2, t = config["beta1"], config["beta2"], config.get("t", 0) + 1
    m = config.get("m", zeros) + (1 - b1) * (dw - config.get("m", zeros))
    v = config.get("v", zeros) + (1 - b2) * (dw * dw - config.get("v", zeros))
    correct_1, correct_2 = 1 - b1**t, (1 - b2**t) ** 0.5
    # both sides of the fraction times the second correction: the form of the paper's section 2
    step = config["learning_rate"] * correct_2 / correct_1
    next_w = w - step * m / (np.sqrt(v) + config["epsilon"] * correct_2)
    return next_w, config | {"m": m, "v": v, "t": t}
