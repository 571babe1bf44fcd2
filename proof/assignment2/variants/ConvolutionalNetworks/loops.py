"""Nothing but loops and sums, one number at a time, as in a textbook; the normalization as a graph of small steps."""

# %% conv_forward_naive
def pixel(x, n, c, row, column):
    """x[n, c, row, column], 0 outside of the image."""
    inside = 0 <= row < x.shape[2] and 0 <= column < x.shape[3]
    return x[n, c, row, column] if inside else 0.0


def conv_forward_naive(x, w, b, conv_param):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    s, p = conv_param["stride"], conv_param["pad"]
    out = np.empty((N, F, 1 + (H + 2 * p - HH) // s, 1 + (W + 2 * p - WW) // s), x.dtype)
    for n, f, i, j in np.ndindex(*out.shape):
        total = b[f]
        for c, u, v in np.ndindex(C, HH, WW):
            total += pixel(x, n, c, i * s + u - p, j * s + v - p) * w[f, c, u, v]
        out[n, f, i, j] = total
    return out, (x, w, b, conv_param)
# %% conv_backward_naive
def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param["stride"], conv_param["pad"]
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(b.shape)
    for n, f, i, j in np.ndindex(*dout.shape):
        db[f] += dout[n, f, i, j]
        for c, u, v in np.ndindex(*w.shape[1:]):
            row, column = i * s + u - p, j * s + v - p
            if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                dx[n, c, row, column] += dout[n, f, i, j] * w[f, c, u, v]
                dw[f, c, u, v] += dout[n, f, i, j] * x[n, c, row, column]
    return dx.astype(x.dtype), dw.astype(w.dtype), db.astype(b.dtype)
# %% max_pool_forward_naive
def max_pool_forward_naive(x, pool_param):
    N, C, H, W = x.shape
    PH, PW, s = (pool_param[k] for k in ("pool_height", "pool_width", "stride"))
    out = np.full((N, C, 1 + (H - PH) // s, 1 + (W - PW) // s), -np.inf, x.dtype)
    for n, c, i, j in np.ndindex(*out.shape):
        for u, v in np.ndindex(PH, PW):
            out[n, c, i, j] = max(out[n, c, i, j], x[n, c, i * s + u, j * s + v])
    return out, (x, pool_param)
# %% max_pool_backward_naive
def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    PH, PW, s = (pool_param[k] for k in ("pool_height", "pool_width", "stride"))
    dx = np.zeros(x.shape, dtype=x.dtype)
    for n, c, i, j in np.ndindex(*dout.shape):
        best, place = -np.inf, None
        for u in range(PH):
            for v in range(PW):
                if x[n, c, i * s + u, j * s + v] >= best:  # the last one of equal maxima
                    best, place = x[n, c, i * s + u, j * s + v], (i * s + u, j * s + v)
        dx[n, c, place[0], place[1]] += dout[n, c, i, j]
    return dx
# %% conv_relu
def conv_relu_forward(x, w, b, conv_param):
    a, conv_cache = conv_forward_naive(x, w, b, conv_param)
    out, relu_cache = relu_forward(a)
    return out, (relu_cache, conv_cache)


def conv_relu_backward(dout, cache, input_gradient=True):
    relu_cache, conv_cache = cache
    dx, dw, db = conv_backward_naive(relu_backward(dout, relu_cache), conv_cache)
    return (dx, dw, db) if input_gradient else (None, dw, db)


def conv_relu_pool_forward(x, w, b, conv_param, pool_param):
    a, cache = conv_relu_forward(x, w, b, conv_param)
    out, pool_cache = max_pool_forward_naive(a, pool_param)
    return out, (cache, pool_cache)


def conv_relu_pool_backward(dout, cache, input_gradient=True):
    cache, pool_cache = cache
    return conv_relu_backward(max_pool_backward_naive(dout, pool_cache), cache, input_gradient)
# %% three_layer_conv_net
class ThreeLayerConvNet:
    def __init__(self, input_dim=(3, 32, 32), num_filters=32, filter_size=7, hidden_dim=100, num_classes=10,
                 weight_scale=1e-3, reg=0.0, dtype=np.float32):
        C, H, W = input_dim
        self.reg = reg
        self.dtype = np.dtype(dtype)
        self.pad = (filter_size - 1) // 2
        random = np.random.default_rng()
        sizes = [(num_filters, C, filter_size, filter_size), (num_filters * (H // 2) * (W // 2), hidden_dim), (hidden_dim, num_classes)]
        self.params = {}
        for i, size in enumerate(sizes, start=1):
            self.params[f"W{i}"] = random.normal(0.0, weight_scale, size).astype(dtype)
            self.params[f"b{i}"] = np.zeros(num_filters if i == 1 else size[1], dtype=dtype)

    def loss(self, X, y=None):
        W1, b1, W2, b2, W3, b3 = (self.params[k] for k in "W1 b1 W2 b2 W3 b3".split())
        X = np.asarray(X, dtype=self.dtype)
        pool = {"pool_height": 2, "pool_width": 2, "stride": 2}
        a1, cache1 = conv_relu_pool_forward(X, W1, b1, {"stride": 1, "pad": self.pad}, pool)
        a2, cache2 = affine_relu_forward(a1, W2, b2)
        scores, cache3 = affine_forward(a2, W3, b3)
        if y is None:
            return scores
        data_loss, delta = softmax_loss(scores, y)
        delta, dW3, db3 = affine_backward(delta, cache3)
        delta, dW2, db2 = affine_relu_backward(delta, cache2)
        _, dW1, db1 = conv_relu_pool_backward(delta, cache1, input_gradient=False)
        norms = float(np.vdot(W1, W1) + np.vdot(W2, W2) + np.vdot(W3, W3))
        grads = dict(W1=dW1, b1=db1, W2=dW2, b2=db2, W3=dW3, b3=db3)
        for name in grads:
            if name[0] == "W":
                grads[name] = grads[name] + self.dtype.type(self.reg) * self.params[name]
        return float(data_loss) + 0.5 * self.reg * norms, grads
# %% spatial_batchnorm
def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    C = x.shape[1]
    columns = [x[:, c].ravel() for c in range(C)]
    out, cache = batchnorm_forward(np.stack(columns, axis=1), gamma, beta, bn_param)
    images = np.empty_like(x)
    for c in range(C):
        images[:, c] = out[:, c].reshape(x[:, c].shape)
    return images, cache


def spatial_batchnorm_backward(dout, cache):
    C = dout.shape[1]
    dtable, dgamma, dbeta = batchnorm_backward(np.stack([dout[:, c].ravel() for c in range(C)], axis=1), cache)
    dx = np.stack([dtable[:, c].reshape(dout[:, c].shape) for c in range(C)], axis=1)
    return dx, dgamma, dbeta
# %% conv_bn_relu
def conv_bn_relu_forward(x, w, b, gamma, beta, conv_param, bn_param):
    a, conv_cache = conv_forward_naive(x, w, b, conv_param)
    a, bn_cache = spatial_batchnorm_forward(a, gamma, beta, bn_param)
    out, relu_cache = relu_forward(a)
    return out, (conv_cache, bn_cache, relu_cache)


def conv_bn_relu_backward(dout, cache, input_gradient=True):
    conv_cache, bn_cache, relu_cache = cache
    da, dgamma, dbeta = spatial_batchnorm_backward(relu_backward(dout, relu_cache), bn_cache)
    dx, dw, db = conv_backward_naive(da, conv_cache)
    return dx if input_gradient else None, dw, db, dgamma, dbeta


def conv_bn_relu_pool_forward(x, w, b, gamma, beta, conv_param, bn_param, pool_param):
    a, cache = conv_bn_relu_forward(x, w, b, gamma, beta, conv_param, bn_param)
    out, pool_cache = max_pool_forward_naive(a, pool_param)
    return out, (cache, pool_cache)


def conv_bn_relu_pool_backward(dout, cache, input_gradient=True):
    return conv_bn_relu_backward(max_pool_backward_naive(dout, cache[1]), cache[0], input_gradient)
# %% spatial_groupnorm
def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    eps = gn_param.get("eps", 1e-5)
    size = x.shape[1] // G
    out, cache = np.empty_like(x), {"G": G, "gamma": gamma, "eps": eps, "parts": {}}
    for n in range(x.shape[0]):
        for g in range(G):
            channels = slice(g * size, (g + 1) * size)
            part = x[n, channels]
            centered = part - part.mean()
            root = np.sqrt((centered * centered).mean() + eps)
            out[n, channels] = gamma[0, channels] * (centered / root) + beta[0, channels]
            cache["parts"][n, g] = channels, centered, root
    return out, cache


def spatial_groupnorm_backward(dout, cache):
    gamma = cache["gamma"]
    dx, dgamma = np.empty_like(dout), np.zeros_like(gamma)
    for (n, g), (channels, centered, root) in cache["parts"].items():
        d = dout[n, channels]
        dgamma[0, channels] += (d * centered / root).sum(axis=(1, 2), keepdims=True)
        dnormalized = d * gamma[0, channels]
        droot = -(dnormalized * centered).sum() / root**2
        dvariance = droot / (2 * root)
        dcentered = dnormalized / root + 2 * centered / centered.size * dvariance
        dx[n, channels] = dcentered - dcentered.mean()
    return dx, dgamma, dout.sum(axis=(0, 2, 3), keepdims=True)
