# Written as many students do: reshape by the product of the sizes, np.dot, names put together with str, caches as dicts.

# %% affine_forward
def affine_forward(x, w, b):
    N = x.shape[0]
    D = np.prod(x.shape[1:])
    x2 = np.reshape(x, (N, D))
    out = np.dot(x2, w)
    out += b
    cache = {"x": x, "w": w, "b": b}
    return out, cache

# %% affine_backward
def affine_backward(dout, cache):
    x, w = cache["x"], cache["w"]
    N = x.shape[0]
    D = np.prod(x.shape[1:])
    dx = np.dot(dout, np.transpose(w))
    dx = np.reshape(dx, x.shape)
    dw = np.dot(np.reshape(x, (N, D)).T, dout)
    db = np.sum(dout.T, axis=1)
    return dx, dw, db

# %% relu_forward
def relu_forward(x):
    out = x.copy()
    out[out <= 0] = 0
    cache = {"positive": (x > 0).astype(int)}
    return out, cache

# %% relu_backward
def relu_backward(dout, cache):
    dx = np.array(dout)
    dx[cache["positive"] == 0] = 0
    return dx

# %% affine_relu
def affine_relu_forward(x, w, b):
    a, fc_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(a)
    return out, {"fc": fc_cache, "relu": relu_cache}


def affine_relu_backward(dout, cache):
    return affine_backward(relu_backward(dout, cache["relu"]), cache["fc"])

# %% two_layer_net
class TwoLayerNet(object):
    def __init__(
        self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0
    ):
        self.params = {}
        self.reg = reg
        self.D, self.M, self.C = input_dim, hidden_dim, num_classes
        self.params["W1"] = np.random.normal(0, weight_scale, size=(self.D, self.M))
        self.params["W2"] = np.random.normal(0, weight_scale, size=(self.M, self.C))
        self.params["b1"] = np.zeros((self.M,))
        self.params["b2"] = np.zeros((self.C,))

    def loss(self, X, y=None):
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        rows = X.reshape(X.shape[0], self.D)
        a1, cache_a1 = affine_forward(rows, W1, b1)
        h1, cache_h1 = relu_forward(a1)
        scores, cache_scores = affine_forward(h1, W2, b2)
        if y is None:
            return scores
        loss, grads = 0, {}
        data_loss, dscores = softmax_loss(scores, y)
        reg_loss = 0.5 * self.reg * np.sum(W1**2)
        reg_loss += 0.5 * self.reg * np.sum(W2**2)
        loss = data_loss + reg_loss
        dh1, dW2, db2 = affine_backward(dscores, cache_scores)
        da1 = relu_backward(dh1, cache_h1)
        dX1, dW1, db1 = affine_backward(da1, cache_a1)
        dW1 += self.reg * W1
        dW2 += self.reg * W2
        grads["W1"], grads["b1"] = dW1, db1
        grads["W2"], grads["b2"] = dW2, db2
        return loss, grads

# %% fully_connected_net
class FullyConnectedNet(object):
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
        self.use_dropout = dropout_keep_ratio != 1
        self.reg = reg
        self.weight_scale = weight_scale
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        self.params = {}
        dims = np.hstack((input_dim, hidden_dims, num_classes)).astype(int)
        for i in range(self.num_layers):
            if i == self.num_layers - 1:
                self.init_affine(i + 1, dims[i], dims[i + 1])
            else:
                self.init_hidden(i + 1, dims[i], dims[i + 1])
        for k, v in self.params.items():
            self.params[k] = v.astype(dtype)

    def init_affine(self, i, inputs, units):
        self.params["W" + str(i)] = np.random.normal(0, self.weight_scale, size=(inputs, units))
        self.params["b" + str(i)] = np.zeros(units)

    def init_hidden(self, i, inputs, units):
        self.init_affine(i, inputs, units)

    def hidden_forward(self, i, x):
        W, b = self.params["W" + str(i)], self.params["b" + str(i)]
        a, fc_cache = affine_forward(x, W, b)
        h, relu_cache = relu_forward(a)
        return h, (fc_cache, relu_cache)

    def hidden_backward(self, i, dout, cache):
        fc_cache, relu_cache = cache
        grads = {}
        da = relu_backward(dout, relu_cache)
        dx, grads["W" + str(i)], grads["b" + str(i)] = affine_backward(da, fc_cache)
        return dx, grads

    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        mode = "test" if y is None else "train"
        h, cache = {0: X}, {}
        for i in range(self.num_layers - 1):
            h[i + 1], cache[i + 1] = self.hidden_forward(i + 1, h[i])
        L = str(self.num_layers)
        W, b = self.params["W" + L], self.params["b" + L]
        scores, cache[self.num_layers] = affine_forward(h[self.num_layers - 1], W, b)
        if mode == "test":
            return scores
        loss, grads = 0.0, {}
        loss, dscores = softmax_loss(scores, y)
        for w in [self.params["W" + str(i + 1)] for i in range(self.num_layers)]:
            loss += 0.5 * self.reg * np.sum(np.square(w))
        dh = {}
        dh[self.num_layers - 1], dW, db = affine_backward(dscores, cache[self.num_layers])
        grads["W" + L], grads["b" + L] = dW + self.reg * self.params["W" + L], db
        for i in range(self.num_layers - 1)[::-1]:
            dh[i], layer = self.hidden_backward(i + 1, dh[i + 1], cache[i + 1])
            layer["W" + str(i + 1)] += self.reg * self.params["W" + str(i + 1)]
            grads.update(layer)
        return loss, grads

# %% sgd_momentum
def sgd_momentum(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))
    next_w = None
    v = -config["learning_rate"] * dw + v * config["momentum"]
    next_w = v + w
    config["velocity"] = v
    return next_w, config

# %% rmsprop
def rmsprop(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("decay_rate", 0.99)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("cache", np.zeros_like(w))
    next_w = None
    config["cache"] = config["decay_rate"] * config["cache"] + (1 - config["decay_rate"]) * (dw**2)
    next_w = w + -config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"])
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
    next_w = None
    config["t"] = config["t"] + 1
    config["m"] = config["beta1"] * config["m"] + (1 - config["beta1"]) * dw
    mt = config["m"] / (1 - config["beta1"] ** config["t"])
    config["v"] = config["beta2"] * config["v"] + (1 - config["beta2"]) * (dw**2)
    vt = config["v"] / (1 - config["beta2"] ** config["t"])
    next_w = w + -config["learning_rate"] * mt / (np.sqrt(vt) + config["epsilon"])
    return next_w, config
