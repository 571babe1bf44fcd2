"""Written feature by feature and example by example, as a first attempt often is."""

# %% batchnorm_forward
def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))
    out, cache = np.empty_like(x), None
    if mode == "train":
        means, variances = np.zeros(D, x.dtype), np.zeros(D, x.dtype)
        for j in range(D):
            column = x[:, j]
            means[j] = sum(column) / N
            variances[j] = sum((column - means[j]) ** 2) / N
            out[:, j] = gamma[j] * (column - means[j]) / (variances[j] + eps) ** 0.5 + beta[j]
        running_mean = momentum * running_mean + (1 - momentum) * means
        running_var = momentum * running_var + (1 - momentum) * variances
        cache = {"x": x, "means": means, "variances": variances, "gamma": gamma, "eps": eps}
    elif mode == "test":
        for n in range(N):
            out[n] = gamma * (x[n] - running_mean) / np.sqrt(running_var + eps) + beta
    else:
        raise ValueError(mode)
    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, cache

# %% batchnorm_backward
def batchnorm_backward(dout, cache):
    x, gamma, eps = cache["x"], cache["gamma"], cache["eps"]
    N, D = x.shape
    dx, dgamma, dbeta = np.zeros_like(x), np.zeros_like(gamma), np.zeros_like(gamma)
    for j in range(D):
        centered = x[:, j] - cache["means"][j]
        inverse = 1 / np.sqrt(cache["variances"][j] + eps)
        dmean = dvar = 0.0
        for n in range(N):
            dbeta[j] += dout[n, j]
            dgamma[j] += dout[n, j] * centered[n] * inverse
            dvar += dout[n, j] * gamma[j] * centered[n] * -0.5 * inverse**3
            dmean += -dout[n, j] * gamma[j] * inverse
        dmean += dvar * np.mean(-2 * centered)
        for n in range(N):
            dx[n, j] = dout[n, j] * gamma[j] * inverse + dvar * 2 * centered[n] / N + dmean / N
    return dx, dgamma, dbeta

# %% batchnorm_backward_alt
def batchnorm_backward_alt(dout, cache):
    N, D = dout.shape
    dx, dgamma, dbeta = np.zeros_like(dout), np.zeros(D, dout.dtype), np.zeros(D, dout.dtype)
    for j in range(D):
        s = np.sqrt(cache["variances"][j] + cache["eps"])
        x_hat = (cache["x"][:, j] - cache["means"][j]) / s
        dbeta[j], dgamma[j] = dout[:, j].sum(), dout[:, j] @ x_hat
        dx[:, j] = cache["gamma"][j] / (N * s) * (N * dout[:, j] - dbeta[j] - x_hat * dgamma[j])
    return dx, dgamma, dbeta

# %% affine_bn_relu
def affine_bn_relu_forward(x, w, b, gamma, beta, bn_param):
    cache = []
    out, kept = affine_forward(x, w, b)
    cache.append(kept)
    out, kept = batchnorm_forward(out, gamma, beta, bn_param)
    cache.append(kept)
    out, kept = relu_forward(out)
    cache.append(kept)
    return out, cache


def affine_bn_relu_backward(dout, cache):
    dout = relu_backward(dout, cache[2])
    dout, dgamma, dbeta = batchnorm_backward(dout, cache[1])
    return *affine_backward(dout, cache[0]), dgamma, dbeta

# %% layernorm_forward
def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    out, rows = np.empty_like(x), []
    for n, row in enumerate(x):
        mean, s = np.mean(row), np.sqrt(np.var(row) + eps)
        rows.append((mean, s))
        out[n] = gamma * ((row - mean) / s) + beta
    return out, (x, rows, gamma)

# %% layernorm_backward
def layernorm_backward(dout, cache):
    x, rows, gamma = cache
    dx, dgamma, dbeta = np.zeros_like(x), np.zeros_like(gamma), np.zeros_like(gamma)
    for n, (mean, s) in enumerate(rows):
        x_hat = (x[n] - mean) / s
        g = dout[n] * gamma
        dx[n] = (g - g.mean() - x_hat * (g * x_hat).mean()) / s
        dgamma += dout[n] * x_hat
        dbeta += dout[n]
    return dx, dgamma, dbeta

# %% affine_ln_relu
def affine_ln_relu_forward(x, w, b, gamma, beta, ln_param):
    cache = []
    out, kept = affine_forward(x, w, b)
    cache.append(kept)
    out, kept = layernorm_forward(out, gamma, beta, ln_param)
    cache.append(kept)
    out, kept = relu_forward(out)
    cache.append(kept)
    return out, cache


def affine_ln_relu_backward(dout, cache):
    dout = relu_backward(dout, cache[2])
    dout, dgamma, dbeta = layernorm_backward(dout, cache[1])
    return *affine_backward(dout, cache[0]), dgamma, dbeta

# %% fully_connected_net_bn
class FullyConnectedNet(PlainNet):
    normalizations = (None, "batchnorm", "layernorm")

    def __init__(self, hidden_dims, *args, **settings):
        self.bn_params = []
        super().__init__(hidden_dims, *args, **settings)

    def init_hidden(self, i, inputs, units):
        super().init_hidden(i, inputs, units)
        if self.normalization is not None:
            for name, value in (("beta", 0.0), ("gamma", 1.0)):
                self.params[name + str(i)] = np.full(units, value)
            self.bn_params += [dict()]

    def loss(self, X, y=None):
        if y is None:
            self.mode = "test"
        else:
            self.mode = "train"
        for bn_param in self.bn_params:
            bn_param["mode"] = self.mode
        return super().loss(X, y)

    def sandwich(self):
        if self.normalization == "batchnorm":
            return affine_bn_relu_forward, affine_bn_relu_backward
        return affine_ln_relu_forward, affine_ln_relu_backward

    def hidden_forward(self, i, x):
        if self.normalization is None:
            return super().hidden_forward(i, x)
        forward, _ = self.sandwich()
        W, b = self.params[f"W{i}"], self.params[f"b{i}"]
        gamma, beta = self.params[f"gamma{i}"], self.params[f"beta{i}"]
        return forward(x, W, b, gamma, beta, self.bn_params[i - 1])

    def hidden_backward(self, i, dout, cache):
        if self.normalization is None:
            return super().hidden_backward(i, dout, cache)
        dx, *found = self.sandwich()[1](dout, cache)
        return dx, {f"{name}{i}": gradient for name, gradient in zip(("W", "b", "gamma", "beta"), found)}
