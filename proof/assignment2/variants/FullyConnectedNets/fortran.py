# Fortran-ordered results, work in place on own copies, caches that hold transposed or precomputed arrays.

# %% affine_forward
def affine_forward(x, w, b):
    columns = np.asfortranarray(x.reshape(x.shape[0], -1)).T  # (D, N)
    out = (w.T.dot(columns) + b.reshape(-1, 1)).T
    return np.asfortranarray(out), (columns, x.shape, w.copy(order="F"))

# %% affine_backward
def affine_backward(dout, cache):
    columns, shape, w = cache
    dx = np.asfortranarray(w.dot(dout.T).T.reshape(shape))
    dw = np.asfortranarray(columns.dot(dout))
    db = np.ones(len(dout), dout.dtype).dot(dout)
    return dx, dw, db

# %% relu_forward
def relu_forward(x):
    out = np.array(x, order="F", copy=True)
    out[out < 0] = 0
    return out, out

# %% relu_backward
def relu_backward(dout, cache):
    dx = np.array(dout, order="F", copy=True)
    dx[cache <= 0] = 0
    return dx

# %% affine_relu
def affine_relu_forward(x, w, b):
    out, cache = affine_forward(x, w, b)
    np.maximum(out, 0, out=out)
    return out, (cache, out)


def affine_relu_backward(dout, cache):
    cache, out = cache
    return affine_backward(np.asfortranarray(dout * np.sign(out)), cache)

# %% two_layer_net
class TwoLayerNet:
    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.reg = reg
        self.params = {}
        for i, (inputs, units) in enumerate([(input_dim, hidden_dim), (hidden_dim, num_classes)]):
            W = np.random.randn(units, inputs).T
            W *= weight_scale
            self.params["W%d" % (i + 1)] = W
            self.params["b%d" % (i + 1)] = np.zeros(units)

    def loss(self, X, y=None):
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        h, first = affine_relu_forward(X, W1, b1)
        scores, second = affine_forward(h, W2, b2)
        if y is None:
            return scores
        data_loss, ds = softmax_loss(scores, y)
        reg_loss = self.reg * 0.5 * (np.linalg.norm(W1) ** 2 + np.linalg.norm(W2) ** 2)
        dh, dW2, db2 = affine_backward(ds, second)
        dx, dW1, db1 = affine_relu_backward(dh, first)
        dW1 = np.asfortranarray(dW1 + self.reg * W1)
        dW2 = np.asfortranarray(dW2 + self.reg * W2)
        return float(data_loss + reg_loss), dict(W1=dW1, b1=db1, W2=dW2, b2=db2)

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
        units = num_classes
        for i in range(self.num_layers, 0, -1):  # from the output to the input
            inputs = hidden_dims[i - 2] if i > 1 else input_dim
            if i == self.num_layers:
                self.init_affine(i, inputs, units)
            else:
                self.init_hidden(i, inputs, units)
            units = inputs
        for name, array in self.params.items():
            self.params[name] = np.asfortranarray(array, dtype=dtype)

    def init_affine(self, i, inputs, units):
        self.params["W%d" % i] = np.random.normal(loc=0.0, scale=self.weight_scale, size=(inputs, units))
        self.params["b%d" % i] = np.zeros(units)

    def init_hidden(self, i, inputs, units):
        self.init_affine(i, inputs, units)

    def hidden_forward(self, i, x):
        return affine_relu_forward(x, self.params["W%d" % i], self.params["b%d" % i])

    def hidden_backward(self, i, dout, cache):
        gradients = affine_relu_backward(dout, cache)
        return gradients[0], dict(zip(("W%d" % i, "b%d" % i), gradients[1:]))

    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        scores, stack = self._forward(X)
        if y is None:
            return scores
        loss, dout = softmax_loss(scores, y)
        L, grads = self.num_layers, {}
        dout, grads["W%d" % L], grads["b%d" % L] = affine_backward(dout, stack.pop())
        self._backward(dout, stack, grads)
        squares = 0.0
        for name in self.params:
            if name.startswith("W"):
                squares += np.square(self.params[name]).sum()
                grads[name] = np.asfortranarray(grads[name] + self.reg * self.params[name])
        loss += 0.5 * self.reg * squares
        return loss, grads

    def _forward(self, out):
        stack = []
        for i in range(self.num_layers - 1):
            out, cache = self.hidden_forward(i + 1, out)
            stack.append(cache)
        out, cache = affine_forward(out, self.params["W%d" % self.num_layers], self.params["b%d" % self.num_layers])
        return out, stack + [cache]

    def _backward(self, dout, stack, grads):
        if stack:
            dout, more = self.hidden_backward(len(stack), dout, stack[-1])
            grads.update(more)
            self._backward(dout, stack[:-1], grads)

# %% sgd_momentum
def sgd_momentum(w, dw, config=None):
    if config is None:
        config = dict()
    lr = config.setdefault("learning_rate", 1e-2)
    mu = config.setdefault("momentum", 0.9)
    v = config.setdefault("velocity", np.zeros_like(w, order="F"))
    v *= mu
    v -= lr * dw
    next_w = w.copy(order="F")
    next_w += v
    return next_w, config

# %% rmsprop
def rmsprop(w, dw, config=None):
    if config is None:
        config = dict()
    lr = config.setdefault("learning_rate", 1e-2)
    rho = config.setdefault("decay_rate", 0.99)
    eps = config.setdefault("epsilon", 1e-8)
    cache = config.setdefault("cache", np.zeros_like(w, order="F"))
    cache *= rho
    cache += (1 - rho) * np.square(dw)
    root = np.sqrt(cache)
    root += eps
    return np.asfortranarray(w - lr * (dw / root)), config

# %% adam
def adam(w, dw, config=None):
    if config is None:
        config = dict()
    lr = config.setdefault("learning_rate", 1e-3)
    beta1 = config.setdefault("beta1", 0.9)
    beta2 = config.setdefault("beta2", 0.999)
    eps = config.setdefault("epsilon", 1e-8)
    m = config.setdefault("m", np.zeros_like(w, order="F"))
    v = config.setdefault("v", np.zeros_like(w, order="F"))
    config["t"] = t = config.setdefault("t", 0) + 1
    m *= beta1
    m += (1 - beta1) * dw
    v *= beta2
    v += (1 - beta2) * np.power(dw, 2)
    unbias = m / (1 - pow(beta1, t))
    unbias /= np.sqrt(v / (1 - pow(beta2, t))) + eps
    return np.asfortranarray(w - lr * unbias), config
