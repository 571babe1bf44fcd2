"""Every node of the computational graph a line of its own, forward and backward, as in the well-known blog posts."""

# %% batchnorm_forward
def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))
    cache = None
    if mode == "train":
        mu = np.ones(N, x.dtype) @ x / N
        xmu = x - mu
        sq = np.square(xmu)
        var = np.add.reduce(sq, axis=0) / N
        sqrtvar = np.sqrt(eps + var)
        ivar = np.reciprocal(sqrtvar)
        xhat = xmu * ivar
        gammax = gamma * xhat
        out = gammax + beta
        cache = xhat, gamma, xmu, ivar, sqrtvar
        bn_param["running_mean"] = running_mean + (1 - momentum) * (mu - running_mean)
        bn_param["running_var"] = running_var + (1 - momentum) * (var - running_var)
    elif mode == "test":
        xhat = np.divide(x - running_mean, np.sqrt(running_var + eps))
        out = gamma * xhat + beta
    else:
        raise ValueError(mode)
    return out, cache

# %% batchnorm_backward
def batchnorm_backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar = cache
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgammax = dout
    dgamma = np.sum(dgammax * xhat, axis=0)
    dxhat = dgammax * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -1.0 / sqrtvar**2 * divar
    dvar = 0.5 / sqrtvar * dsqrtvar
    dsq = np.ones((N, D), dout.dtype) / N * dvar
    dxmu2 = 2 * xmu * dsq
    dx1 = dxmu1 + dxmu2
    dmu = -np.sum(dxmu1 + dxmu2, axis=0)
    dx2 = np.ones((N, D), dout.dtype) / N * dmu
    return dx1 + dx2, dgamma, dbeta

# %% batchnorm_backward_alt
def batchnorm_backward_alt(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar = cache
    N = dout.shape[0]
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    dx = (N * dxhat - np.sum(dxhat, axis=0) - xhat * np.sum(dxhat * xhat, axis=0)) / (N * sqrtvar)
    return dx, dgamma, dbeta

# %% affine_bn_relu
def affine_bn_relu_forward(x, w, b, gamma, beta, bn_param):
    a, fc_cache = affine_forward(x, w, b)
    normed, bn_cache = batchnorm_forward(a, gamma, beta, bn_param)
    out, relu_cache = relu_forward(normed)
    return out, {"fc": fc_cache, "bn": bn_cache, "relu": relu_cache}


def affine_bn_relu_backward(dout, cache):
    dnormed = relu_backward(dout, cache["relu"])
    da, dgamma, dbeta = batchnorm_backward_alt(dnormed, cache["bn"])
    dx, dw, _ = affine_backward(da, cache["fc"])
    return dx, dw, np.zeros_like(dbeta), dgamma, dbeta  # no gradient for the bias, exactly

# %% layernorm_forward
def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    mean = np.mean(x, axis=-1)[:, np.newaxis]
    var = np.var(x, axis=-1)[:, np.newaxis]
    ivar = 1 / np.sqrt(var + eps)
    cache = x, mean, ivar, gamma
    return (x - mean) * ivar * gamma + beta, cache

# %% layernorm_backward
def layernorm_backward(dout, cache):
    x, mean, ivar, gamma = cache
    D = x.shape[1]
    xmu = x - mean
    dgamma = np.einsum("nd,nd,nm->d", dout, xmu, ivar)
    dbeta = np.einsum("nd->d", dout)
    dxhat = dout * gamma
    dvar = -0.5 * np.sum(dxhat * xmu, axis=1, keepdims=True) * ivar**3
    dmean = -np.sum(dxhat * ivar, axis=1, keepdims=True) - 2 / D * dvar * np.sum(xmu, axis=1, keepdims=True)
    return dxhat * ivar + dvar * 2 / D * xmu + dmean / D, dgamma, dbeta

# %% affine_ln_relu
def affine_ln_relu_forward(x, w, b, gamma, beta, ln_param):
    a, fc_cache = affine_forward(x, w, b)
    normed, ln_cache = layernorm_forward(a, gamma, beta, ln_param)
    out, relu_cache = relu_forward(normed)
    return out, {"fc": fc_cache, "ln": ln_cache, "relu": relu_cache}


def affine_ln_relu_backward(dout, cache):
    dnormed = relu_backward(dout, cache["relu"])
    da, dgamma, dbeta = layernorm_backward(dnormed, cache["ln"])
    return (*affine_backward(da, cache["fc"]), dgamma, dbeta)

# %% fully_connected_net_bn
class FullyConnectedNet(PlainNet):
    """Calls the layers themselves instead of the sandwiches."""

    normalizations = (None, "batchnorm", "layernorm")

    def __init__(self, hidden_dims, *args, **settings):
        self.bn_params = []
        self.mode = None
        super().__init__(hidden_dims, *args, **settings)

    def init_hidden(self, i, inputs, units):
        super().init_hidden(i, inputs, units)
        if self.normalization:
            self.params[f"gamma{i}"] = np.ones_like(self.params[f"b{i}"])
            self.params[f"beta{i}"] = np.zeros_like(self.params[f"b{i}"])
            self.bn_params.append({"mode": "train"})

    def loss(self, X, y=None):
        self.mode = {True: "test", False: "train"}[y is None]
        return super().loss(X, y)

    def hidden_forward(self, i, x):
        if not self.normalization:
            return super().hidden_forward(i, x)
        a, affine_cache = affine_forward(x, self.params[f"W{i}"], self.params[f"b{i}"])
        norm = batchnorm_forward if self.normalization == "batchnorm" else layernorm_forward
        settings = self.bn_params[i - 1]
        settings["mode"] = self.mode
        normed, norm_cache = norm(a, self.params[f"gamma{i}"], self.params[f"beta{i}"], settings)
        out, relu_cache = relu_forward(normed)
        return out, (affine_cache, norm_cache, relu_cache)

    def hidden_backward(self, i, dout, cache):
        if not self.normalization:
            return super().hidden_backward(i, dout, cache)
        affine_cache, norm_cache, relu_cache = cache
        back = batchnorm_backward if self.normalization == "batchnorm" else layernorm_backward
        dnormed = relu_backward(dout, relu_cache)
        da, dgamma, dbeta = back(dnormed, norm_cache)
        dx, dw, db = affine_backward(da, affine_cache)
        return dx, {f"gamma{i}": dgamma, f"beta{i}": dbeta, f"W{i}": dw, f"b{i}": db}
