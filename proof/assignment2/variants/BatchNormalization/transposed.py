"""Layer normalization by the code of batch normalization on the transposed array; arrays come out Fortran-ordered."""

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
        sample_mean, sample_var = np.mean(x, axis=0), np.var(x, axis=0)
        inv_std = (sample_var + eps) ** -0.5
        x_hat = np.asfortranarray((x - sample_mean) * inv_std)
        out = beta + x_hat * gamma
        bn_param.update(
            running_mean=running_mean * momentum + sample_mean * (1 - momentum),
            running_var=running_var * momentum + sample_var * (1 - momentum),
        )
        cache = x_hat, inv_std, gamma
    elif mode == "test":
        scale = gamma / np.sqrt(running_var + eps)
        out = np.asfortranarray(scale * x + (beta - scale * running_mean))
    else:
        raise ValueError(mode)
    return out, cache

# %% batchnorm_backward
def batchnorm_backward(dout, cache):
    x_hat, inv_std, gamma = cache
    N = len(x_hat)
    dgamma, dbeta = np.sum(x_hat * dout, 0), np.sum(dout, 0)
    dx_hat = gamma * dout
    dinv_std_times_std = np.sum(dx_hat * x_hat, 0)  # d/d(inv_std) * inv_std
    dcentered = dx_hat * inv_std - x_hat * inv_std * dinv_std_times_std / N
    dx = np.asfortranarray(dcentered - np.mean(dcentered, 0))
    return dx, dgamma, dbeta

# %% batchnorm_backward_alt
def batchnorm_backward_alt(dout, cache):
    x_hat, inv_std, gamma = cache
    dgamma = np.einsum("nd,nd->d", x_hat, dout)
    dbeta = np.einsum("nd->d", dout)
    dx = np.asfortranarray(dout - dbeta / len(dout) - x_hat * (dgamma / len(dout)))
    dx *= gamma * inv_std
    return dx, dgamma, dbeta

# %% affine_bn_relu
def affine_bn_relu_forward(x, w, b, gamma, beta, bn_param):
    a, fc_cache = affine_forward(x, w, b)
    bn, bn_cache = batchnorm_forward(a, gamma, beta, bn_param)
    return np.where(bn > 0, bn, 0).astype(x.dtype), (fc_cache, bn_cache, bn > 0)


def affine_bn_relu_backward(dout, cache):
    fc_cache, bn_cache, positive = cache
    da, dgamma, dbeta = batchnorm_backward(dout * positive, bn_cache)
    dx, dw, db = affine_backward(da, fc_cache)
    return dx, dw, db, dgamma, dbeta

# %% layernorm_forward
def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    D = x.shape[1]
    ones, zeros = np.ones(len(x), x.dtype), np.zeros(len(x), x.dtype)
    normed, cache = batchnorm_forward(x.T, ones, zeros, {"mode": "train", "eps": eps})
    assert normed.shape[0] == D
    return normed.T * gamma + beta, (normed.T, cache, gamma)

# %% layernorm_backward
def layernorm_backward(dout, cache):
    x_hat, bn_cache, gamma = cache
    dx = batchnorm_backward_alt((dout * gamma).T, bn_cache)[0].T
    return dx, (dout * x_hat).sum(0), dout.sum(0)

# %% affine_ln_relu
def affine_ln_relu_forward(x, w, b, gamma, beta, ln_param):
    a, fc_cache = affine_forward(x, w, b)
    ln, ln_cache = layernorm_forward(a, gamma, beta, ln_param)
    return ln * (ln > 0), (fc_cache, ln_cache, ln > 0)


def affine_ln_relu_backward(dout, cache):
    fc_cache, ln_cache, positive = cache
    da, dgamma, dbeta = layernorm_backward(np.where(positive, dout, 0).astype(dout.dtype), ln_cache)
    dx, dw, db = affine_backward(da, fc_cache)
    return dx, dw, db, dgamma, dbeta

# %% fully_connected_net_bn
class FullyConnectedNet(PlainNet):
    """Without `sandwich`, and with its own way of keeping the mode."""

    normalizations = (None, "batchnorm", "layernorm")

    def __init__(self, hidden_dims, *args, **settings):
        self.bn_params = []
        super().__init__(hidden_dims, *args, **settings)
        if self.normalization is not None:
            self.bn_params = [{"mode": "train"} for _ in range(self.num_layers - 1)]

    def init_hidden(self, i, inputs, units):
        if self.normalization is not None:
            self.params.update({f"gamma{i}": np.ones((units,)), f"beta{i}": np.zeros((units,))})
        super().init_hidden(i, inputs, units)

    def loss(self, X, y=None):
        self.mode = "train" if y is not None else "test"
        return super().loss(X, y)

    def hidden_forward(self, i, x):
        p, bn_param = self.params, self.bn_params[i - 1] if self.bn_params else None
        if self.normalization == "batchnorm":
            bn_param.update(mode=self.mode)
            return affine_bn_relu_forward(x, p[f"W{i}"], p[f"b{i}"], p[f"gamma{i}"], p[f"beta{i}"], bn_param)
        if self.normalization == "layernorm":
            return affine_ln_relu_forward(x, p[f"W{i}"], p[f"b{i}"], p[f"gamma{i}"], p[f"beta{i}"], bn_param)
        return super().hidden_forward(i, x)

    def hidden_backward(self, i, dout, cache):
        if self.normalization is None:
            return super().hidden_backward(i, dout, cache)
        if self.normalization == "batchnorm":
            dx, dw, db, dgamma, dbeta = affine_bn_relu_backward(dout, cache)
        else:
            dx, dw, db, dgamma, dbeta = affine_ln_relu_backward(dout, cache)
        return dx, {f"W{i}": dw, f"b{i}": db, f"gamma{i}": dgamma, f"beta{i}": dbeta}
