"""Windows as the columns of a matrix (im2col), made by hand; layer normalization's functions for the groups."""

# %% conv_forward_naive
def to_columns(x, HH, WW, stride, pad):
    """The windows of x as columns: (C * HH * WW, N * OH * OW), and OH, OW."""
    N, C, H, W = x.shape
    OH, OW = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), dtype=x.dtype)
    padded[:, :, pad : pad + H, pad : pad + W] = x
    columns = np.empty((C, HH, WW, N, OH, OW), dtype=x.dtype)
    for u in range(HH):
        for v in range(WW):
            part = padded[:, :, u : u + stride * (OH - 1) + 1 : stride, v : v + stride * (OW - 1) + 1 : stride]
            columns[:, u, v] = part.transpose(1, 0, 2, 3)
    return columns.reshape(C * HH * WW, -1), OH, OW


def conv_forward_naive(x, w, b, conv_param):
    F, C, HH, WW = w.shape
    columns, OH, OW = to_columns(x, HH, WW, conv_param["stride"], conv_param["pad"])
    out = w.reshape(F, -1) @ columns + b.reshape(-1, 1)
    out = out.reshape(F, len(x), OH, OW).transpose(1, 0, 2, 3)
    return out, (x, w, b, conv_param, columns)
# %% conv_backward_naive
def conv_backward_naive(dout, cache):
    x, w, b, conv_param, columns = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    (N, C, H, W), (F, _, HH, WW), (OH, OW) = x.shape, w.shape, dout.shape[2:]
    rows = dout.transpose(1, 0, 2, 3).reshape(F, -1)
    dcolumns = (w.reshape(F, -1).T @ rows).reshape(C, HH, WW, N, OH, OW)
    dx = np.zeros_like(x)
    for u in range(HH):
        for v in range(WW):
            for i in range(OH):
                for j in range(OW):
                    r, c = i * stride + u - pad, j * stride + v - pad
                    if 0 <= r < H and 0 <= c < W:
                        dx[:, :, r, c] += dcolumns[:, u, v, :, i, j].T
    return dx, (rows @ columns.T).reshape(w.shape), rows.sum(axis=1)
# %% max_pool_forward_naive
def max_pool_forward_naive(x, pool_param):
    PH, PW, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    N, C, H, W = x.shape
    OH, OW = (H - PH) // stride + 1, (W - PW) // stride + 1
    taps = [
        x[:, :, u : u + stride * (OH - 1) + 1 : stride, v : v + stride * (OW - 1) + 1 : stride]
        for u in range(PH)
        for v in range(PW)
    ]
    taps = np.stack(taps)
    return taps.max(axis=0), (x, pool_param, taps.argmax(axis=0))
# %% max_pool_backward_naive
def max_pool_backward_naive(dout, cache):
    x, pool_param, winners = cache
    stride = pool_param["stride"]
    n, c, i, j = np.indices(dout.shape)
    dx = np.zeros_like(x)
    u, v = np.divmod(winners, pool_param["pool_width"])
    np.add.at(dx, (n, c, i * stride + u, j * stride + v), dout)
    return dx
# %% conv_relu
def conv_relu_forward(x, w, b, conv_param):
    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    out, a = relu_forward(a)
    return out, [a, conv_cache]


def conv_relu_backward(dout, cache, input_gradient=True):
    relu_cache, conv_cache = cache
    if input_gradient:
        return conv_backward_fast(relu_backward(dout, relu_cache), conv_cache)
    _, dw, db = conv_backward_fast(relu_backward(dout, relu_cache), conv_cache)
    return None, dw, db


def conv_relu_pool_forward(x, w, b, conv_param, pool_param):
    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    a, relu_cache = relu_forward(a)
    out, pool_cache = max_pool_forward_fast(a, pool_param)
    return out, {"conv": conv_cache, "relu": relu_cache, "pool": pool_cache}


def conv_relu_pool_backward(dout, cache, input_gradient=True):
    d = max_pool_backward_fast(dout, cache["pool"])
    d = relu_backward(d, cache["relu"])
    return conv_backward_fast(d, cache["conv"], input_gradient)
# %% three_layer_conv_net
class ThreeLayerConvNet(object):
    def __init__(self, input_dim=(3, 32, 32), num_filters=32, filter_size=7, hidden_dim=100, num_classes=10,
                 weight_scale=1e-3, reg=0.0, dtype=np.float32):
        self.params = {}
        self.reg = reg
        self.dtype = dtype
        self.filter_size = filter_size
        C, H, W = input_dim
        self.params["W1"] = np.random.normal(scale=weight_scale, size=(num_filters, C, filter_size, filter_size))
        self.params["b1"] = np.zeros(num_filters)
        self.params["W2"] = np.random.normal(scale=weight_scale, size=(int(H / 2) * int(W / 2) * num_filters, hidden_dim))
        self.params["b2"] = np.zeros(hidden_dim)
        self.params["W3"] = np.random.normal(scale=weight_scale, size=(hidden_dim, num_classes))
        self.params["b3"] = np.zeros(num_classes)
        for k, v in self.params.items():
            self.params[k] = v.astype(dtype)

    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        W3, b3 = self.params["W3"], self.params["b3"]
        conv_param = {"stride": 1, "pad": (W1.shape[2] - 1) // 2}
        conv, conv_cache = conv_forward_fast(X, W1, b1, conv_param)
        conv_out, relu1 = relu_forward(conv)
        pooled, pool_cache = max_pool_forward_fast(conv_out, {"pool_height": 2, "pool_width": 2, "stride": 2})
        fc, fc_cache = affine_forward(pooled, W2, b2)
        hidden, relu2 = relu_forward(fc)
        scores, scores_cache = affine_forward(hidden, W3, b3)
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        loss = loss + 0.5 * self.reg * (np.sum(W1**2) + np.sum(W2**2) + np.sum(W3**2))
        grads = {}
        dh, grads["W3"], grads["b3"] = affine_backward(dscores, scores_cache)
        dh, grads["W2"], grads["b2"] = affine_backward(relu_backward(dh, relu2), fc_cache)
        dh = relu_backward(max_pool_backward_fast(dh, pool_cache), relu1)
        dX, grads["W1"], grads["b1"] = conv_backward_fast(dh, conv_cache)
        for k in ["W1", "W2", "W3"]:
            grads[k] = grads[k] + self.reg * self.params[k]
        return loss, grads
# %% spatial_batchnorm
def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    moved = np.moveaxis(x, 1, -1)
    out, cache = batchnorm_forward(moved.reshape(-1, x.shape[1]), gamma, beta, bn_param)
    return np.moveaxis(out.reshape(moved.shape), -1, 1).copy(), (cache, moved.shape)


def spatial_batchnorm_backward(dout, cache):
    cache, shape = cache
    dx, dgamma, dbeta = batchnorm_backward_alt(np.moveaxis(dout, 1, -1).reshape(-1, shape[-1]), cache)
    return np.moveaxis(dx.reshape(shape), -1, 1), dgamma, dbeta
# %% conv_bn_relu
def conv_bn_relu_forward(x, w, b, gamma, beta, conv_param, bn_param):
    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    an, bn_cache = spatial_batchnorm_forward(a, gamma, beta, bn_param)
    out, relu_cache = relu_forward(an)
    return out, (conv_cache, bn_cache, relu_cache)


def conv_bn_relu_backward(dout, cache, input_gradient=True):
    conv_cache, bn_cache, relu_cache = cache
    dan = relu_backward(dout, relu_cache)
    da, dgamma, dbeta = spatial_batchnorm_backward(dan, bn_cache)
    dx, dw, db = conv_backward_fast(da, conv_cache, input_gradient=input_gradient)
    return dx, dw, db, dgamma, dbeta


def conv_bn_relu_pool_forward(x, w, b, gamma, beta, conv_param, bn_param, pool_param):
    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    an, bn_cache = spatial_batchnorm_forward(a, gamma, beta, bn_param)
    r, relu_cache = relu_forward(an)
    out, pool_cache = max_pool_forward_fast(r, pool_param)
    return out, (conv_cache, bn_cache, relu_cache, pool_cache)


def conv_bn_relu_pool_backward(dout, cache, input_gradient=True):
    *others, pool_cache = cache
    return conv_bn_relu_backward(max_pool_backward_fast(dout, pool_cache), others, input_gradient)
# %% spatial_groupnorm
def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    eps = gn_param.get("eps", 1e-5)
    shape = x.shape
    table = x.reshape(shape[0] * G, -1).T
    mean, var = np.mean(table, axis=0), np.var(table, axis=0)
    x_hat = (table - mean) / np.sqrt(var + eps)
    out = x_hat.T.reshape(shape) * gamma + beta
    return out, (x_hat, var, eps, gamma, G)


def spatial_groupnorm_backward(dout, cache):
    x_hat, var, eps, gamma, G = cache
    N, C, H, W = dout.shape
    images = x_hat.T.reshape(dout.shape)
    dbeta = dout.sum(axis=(0, 2, 3)).reshape(1, C, 1, 1)
    dgamma = (dout * images).sum(axis=(0, 2, 3)).reshape(1, C, 1, 1)
    dx_hat = (dout * gamma).reshape(N * G, -1).T
    m = x_hat.shape[0]
    dx = (dx_hat - np.sum(dx_hat, axis=0) / m - x_hat * np.sum(dx_hat * x_hat, axis=0) / m) / np.sqrt(var + eps)
    return dx.T.reshape(dout.shape), dgamma, dbeta
