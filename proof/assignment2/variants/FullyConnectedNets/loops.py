# Written with loops over examples, units and entries, the way the formulas read.

# %% affine_forward
def affine_forward(x, w, b):
    N, M = x.shape[0], w.shape[1]
    out = np.zeros((N, M), dtype=x.dtype)
    for n in range(N):
        row = x[n].ravel()
        for m in range(M):
            out[n, m] = np.dot(row, w[:, m]) + b[m]
    return out, (x, w, b)

# %% affine_backward
def affine_backward(dout, cache):
    x, w, b = cache
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    for n in range(x.shape[0]):
        row = np.zeros(w.shape[0], dtype=x.dtype)
        for m in range(w.shape[1]):
            row += dout[n, m] * w[:, m]
            dw[:, m] += dout[n, m] * x[n].ravel()
            db[m] += dout[n, m]
        dx[n] = row.reshape(x.shape[1:])
    return dx, dw, db

# %% relu_forward
def relu_forward(x):
    out = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        if x[index] > 0:
            out[index] = x[index]
    return out, x

# %% relu_backward
def relu_backward(dout, cache):
    dx = np.zeros_like(dout)
    for index in np.ndindex(*dout.shape):
        if cache[index] > 0:
            dx[index] = dout[index]
    return dx

# %% affine_relu
def affine_relu_forward(x, w, b):
    layers, out = [], x
    for forward, arguments in ((affine_forward, (w, b)), (relu_forward, ())):
        out, cache = forward(out, *arguments)
        layers.append(cache)
    return out, layers


def affine_relu_backward(dout, cache):
    for backward, layer in ((relu_backward, cache[1]), (affine_backward, cache[0])):
        dout = backward(dout, layer)
    return dout

# %% two_layer_net
class TwoLayerNet:
    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.reg = reg
        self.params = {}
        self.params["b2"] = np.array([0.0] * num_classes)
        self.params["b1"] = np.array([0.0] * hidden_dim)
        self.params["W2"] = np.array([np.random.normal(0, weight_scale, num_classes) for _ in range(hidden_dim)])
        self.params["W1"] = np.array([np.random.normal(0, weight_scale, hidden_dim) for _ in range(input_dim)])

    def loss(self, X, y=None):
        a, affine_1 = affine_forward(X, self.params["W1"], self.params["b1"])
        h, relu_1 = relu_forward(a)
        scores, affine_2 = affine_forward(h, self.params["W2"], self.params["b2"])
        if y is None:
            return scores
        loss, dscores = 0.0, np.zeros_like(scores)
        for n in range(len(scores)):
            of_one, d_of_one = softmax_loss(scores[n : n + 1], y[n : n + 1])
            loss += of_one / len(scores)
            dscores[n] = d_of_one[0] / len(scores)
        grads = {}
        dh, dW2, grads["b2"] = affine_backward(dscores, affine_2)
        dx, dW1, grads["b1"] = affine_backward(relu_backward(dh, relu_1), affine_1)
        for name, dW in (("W1", dW1), ("W2", dW2)):
            W = self.params[name]
            for entry in W.flat:
                loss += self.reg / 2 * entry**2
            grads[name] = dW + self.reg * W
        return loss, grads

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
        self.normalization = normalization
        self.reg = reg
        self.weight_scale = weight_scale
        self.dtype = dtype
        self.num_layers = len(hidden_dims) + 1
        self.params = {}
        sizes = [input_dim] + list(hidden_dims) + [num_classes]
        for i in range(1, len(sizes)):
            if i < len(sizes) - 1:
                self.init_hidden(i, sizes[i - 1], sizes[i])
            else:
                self.init_affine(i, sizes[i - 1], sizes[i])
        for name in self.params:
            self.params[name] = self.params[name].astype(dtype)

    def init_affine(self, i, inputs, units):
        self.params["b" + str(i)] = np.zeros((units,))
        self.params["W" + str(i)] = np.random.randn(inputs, units) * self.weight_scale

    def init_hidden(self, i, inputs, units):
        self.init_affine(i, inputs, units)

    def hidden_forward(self, i, x):
        a, affine_cache = affine_forward(x, self.params["W" + str(i)], self.params["b" + str(i)])
        out, relu_cache = relu_forward(a)
        return out, {"affine": affine_cache, "relu": relu_cache}

    def hidden_backward(self, i, dout, cache):
        da = relu_backward(dout, cache["relu"])
        dx, dW, db = affine_backward(da, cache["affine"])
        return dx, {"W" + str(i): dW, "b" + str(i): db}

    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        L = self.num_layers
        caches = []
        for i in range(1, L):
            X, cache = self.hidden_forward(i, X)
            caches.append(cache)
        scores, cache = affine_forward(X, self.params["W" + str(L)], self.params["b" + str(L)])
        if y is None:
            return scores
        loss, d = softmax_loss(scores, y)
        for i in range(1, L + 1):
            loss += 0.5 * self.reg * (self.params["W" + str(i)] ** 2).sum()
        grads = {}
        d, dW, grads["b" + str(L)] = affine_backward(d, cache)
        grads["W" + str(L)] = dW + self.reg * self.params["W" + str(L)]
        while caches:
            i = len(caches)
            d, of_layer = self.hidden_backward(i, d, caches.pop())
            for name in of_layer:
                grads[name] = of_layer[name]
                if name[0] == "W":
                    grads[name] = grads[name] + self.reg * self.params[name]
        return loss, grads

# %% sgd_momentum
def sgd_momentum(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity")
    if v is None:
        v = np.zeros(w.shape, w.dtype)
    next_w, next_v = np.empty_like(w), np.empty_like(w)
    for i in np.ndindex(*w.shape):
        next_v[i] = config["momentum"] * v[i] - config["learning_rate"] * dw[i]
        next_w[i] = w[i] + next_v[i]
    config["velocity"] = next_v
    return next_w, config

# %% rmsprop
def rmsprop(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("decay_rate", 0.99)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("cache", np.zeros_like(w))
    next_w, cache = np.empty_like(w), np.empty_like(w)
    for i in np.ndindex(*w.shape):
        cache[i] = config["decay_rate"] * config["cache"][i] + (1 - config["decay_rate"]) * dw[i] * dw[i]
        next_w[i] = w[i] - config["learning_rate"] / (cache[i] ** 0.5 + config["epsilon"]) * dw[i]
    config["cache"] = cache
    return next_w, config

# %% adam
def adam(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-3)
    config.setdefault("beta1", 0.9)
    config.setdefault("beta2", 0.999)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("m", np.zeros_like(w))
    config.setdefault("v", np.zeros_like(w))
    config.setdefault("t", 0)
    config["t"] += 1
    beta1, beta2, t = config["beta1"], config["beta2"], config["t"]
    next_w, m, v = np.empty_like(w), np.empty_like(w), np.empty_like(w)
    for i in np.ndindex(*w.shape):
        m[i] = beta1 * config["m"][i] + (1 - beta1) * dw[i]
        v[i] = beta2 * config["v"][i] + (1 - beta2) * dw[i] ** 2
        mt = m[i] / (1 - beta1**t)
        vt = v[i] / (1 - beta2**t)
        next_w[i] = w[i] - config["learning_rate"] * mt / (vt**0.5 + config["epsilon"])
    config["m"], config["v"] = m, v
    return next_w, config
