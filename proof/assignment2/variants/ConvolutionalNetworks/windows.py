"""All windows at once: sliding_window_view and einsum; the gradient of the input as a convolution of its own."""

# %% conv_forward_naive
from numpy.lib.stride_tricks import sliding_window_view


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    windows = sliding_window_view(padded, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    out = np.einsum("ncijuv,fcuv->nfij", windows, w) + b[:, None, None]
    return out, (windows, x.shape, w, conv_param)
# %% conv_backward_naive
def conv_backward_naive(dout, cache):
    windows, (N, C, H, W), w, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    dw = np.einsum("nfij,ncijuv->fcuv", dout, windows)
    spread = np.einsum("nfij,fcuv->ncuvij", dout, w)
    dx = np.zeros((N, C, H + 2 * pad, W + 2 * pad), dout.dtype)
    OH, OW = dout.shape[2:]
    for u in range(w.shape[2]):
        for v in range(w.shape[3]):
            dx[:, :, u : u + OH * stride : stride, v : v + OW * stride : stride][:, :, :OH, :OW] += spread[:, :, u, v]
    rows, columns = slice(pad, pad + H), slice(pad, pad + W)
    return dx[:, :, rows, columns], dw, dout.sum(axis=(0, 2, 3))
# %% max_pool_forward_naive
def max_pool_forward_naive(x, pool_param):
    size, stride = (pool_param["pool_height"], pool_param["pool_width"]), pool_param["stride"]
    windows = sliding_window_view(x, size, axis=(2, 3))[:, :, ::stride, ::stride]
    out = windows.max(axis=(4, 5))
    return out, (windows, out, x.shape, stride)
# %% max_pool_backward_naive
def max_pool_backward_naive(dout, cache):
    windows, out, shape, stride = cache
    hit = windows == out[..., None, None]
    share = dout[..., None, None] * (hit / hit.sum(axis=(4, 5), keepdims=True)).astype(dout.dtype)
    dx = np.zeros(shape, dout.dtype)
    places = sliding_window_view(dx, windows.shape[4:], axis=(2, 3), writeable=True)[:, :, ::stride, ::stride]
    for u in range(windows.shape[4]):
        for v in range(windows.shape[5]):
            places[..., u, v] += share[..., u, v]
    return dx
# %% conv_relu
def conv_relu_forward(x, w, b, conv_param):
    a, cache = conv_forward_fast(x, w, b, conv_param)
    return np.maximum(a, 0), (a > 0, cache)


def conv_relu_backward(dout, cache, input_gradient=True):
    mask, conv_cache = cache
    return conv_backward_fast(np.where(mask, dout, 0), conv_cache, input_gradient=input_gradient)


def conv_relu_pool_forward(x, w, b, conv_param, pool_param):
    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    pooled, pool_cache = max_pool_forward_fast(a, pool_param)
    return np.maximum(pooled, 0), (conv_cache, pool_cache, pooled > 0)


def conv_relu_pool_backward(dout, cache, input_gradient=True):
    conv_cache, pool_cache, mask = cache
    return conv_backward_fast(max_pool_backward_fast(mask * dout, pool_cache), conv_cache, input_gradient)
# %% three_layer_conv_net
class ThreeLayerConvNet:
    def __init__(self, input_dim=(3, 32, 32), num_filters=32, filter_size=7, hidden_dim=100, num_classes=10,
                 weight_scale=1e-3, reg=0.0, dtype=np.float32):
        self.reg, self.dtype, self.weight_scale = reg, dtype, weight_scale
        self.conv_param = dict(stride=1, pad=filter_size // 2)
        self.pool_param = dict(pool_height=2, pool_width=2, stride=2)
        C, H, W = input_dim
        flat = num_filters * (H // 2) * (W // 2)
        self.params = {"b1": np.zeros(num_filters, dtype), "b2": np.zeros(hidden_dim, dtype), "b3": np.zeros(num_classes, dtype)}
        self.params["W3"] = self.gaussian(hidden_dim, num_classes)
        self.params["W2"] = self.gaussian(flat, hidden_dim)
        self.params["W1"] = self.gaussian(num_filters, C, filter_size, filter_size)

    def gaussian(self, *shape):
        return np.random.normal(0, self.weight_scale, shape).astype(self.dtype)

    def loss(self, X, y=None):
        p, X = self.params, X.astype(self.dtype)
        a, c1 = conv_relu_pool_forward(X, p["W1"], p["b1"], self.conv_param, self.pool_param)
        a, c2 = affine_relu_forward(a.reshape(len(a), -1), p["W2"], p["b2"])
        scores, c3 = affine_forward(a, p["W3"], p["b3"])
        if y is None:
            return scores
        loss, d = softmax_loss(scores, y)
        loss += self.reg / 2 * sum(np.sum(p[k] ** 2) for k in ("W1", "W2", "W3"))
        d, dW3, db3 = affine_backward(d, c3)
        d, dW2, db2 = affine_relu_backward(d, c2)
        d = d.reshape(len(X), len(p["b1"]), X.shape[2] // 2, X.shape[3] // 2)
        d, dW1, db1 = conv_relu_pool_backward(d, c1)
        grads = {"W1": dW1 + self.reg * p["W1"], "W2": dW2 + self.reg * p["W2"], "W3": dW3 + self.reg * p["W3"]}
        return loss, {**grads, "b1": db1, "b2": db2, "b3": db3}
# %% spatial_batchnorm
def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    table = np.swapaxes(x, 0, 1).reshape(C, -1).T
    out, cache = batchnorm_forward(table, gamma, beta, bn_param)
    return np.swapaxes(out.T.reshape(C, N, H, W), 0, 1), cache


def spatial_batchnorm_backward(dout, cache):
    N, C, H, W = dout.shape
    dx, dgamma, dbeta = batchnorm_backward(np.swapaxes(dout, 0, 1).reshape(C, -1).T, cache)
    return np.swapaxes(dx.T.reshape(C, N, H, W), 0, 1), dgamma, dbeta
# %% conv_bn_relu
def conv_bn_relu_forward(x, w, b, gamma, beta, conv_param, bn_param):
    conv, conv_cache = conv_forward_fast(x, w, b, conv_param)
    normalized, bn_cache = spatial_batchnorm_forward(conv, gamma, beta, bn_param)
    return normalized * (normalized > 0), (conv_cache, bn_cache, normalized)


def conv_bn_relu_backward(dout, cache, input_gradient=True):
    conv_cache, bn_cache, normalized = cache
    d, dgamma, dbeta = spatial_batchnorm_backward(np.where(normalized > 0, dout, 0), bn_cache)
    return *conv_backward_fast(d, conv_cache, input_gradient), dgamma, dbeta


def conv_bn_relu_pool_forward(x, w, b, gamma, beta, conv_param, bn_param, pool_param):
    out, cache = conv_bn_relu_forward(x, w, b, gamma, beta, conv_param, bn_param)
    pooled, pool_cache = max_pool_forward_fast(out, pool_param)
    return pooled, [pool_cache, cache]


def conv_bn_relu_pool_backward(dout, cache, input_gradient=True):
    return conv_bn_relu_backward(max_pool_backward_fast(dout, cache[0]), cache[1], input_gradient)
# %% spatial_groupnorm
def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    eps = gn_param.get("eps", 1e-5)
    N, C, H, W = x.shape
    grouped = x.reshape(N, G, C // G, H, W)
    mean = np.mean(grouped, axis=(2, 3, 4), keepdims=True)
    centered = grouped - mean
    inverse = (np.mean(centered**2, axis=(2, 3, 4), keepdims=True) + eps) ** -0.5
    x_hat = (centered * inverse).reshape(N, C, H, W)
    return x_hat * gamma + beta, {"x_hat": x_hat, "inverse": inverse, "gamma": gamma, "G": G}


def spatial_groupnorm_backward(dout, cache):
    x_hat, gamma, G = cache["x_hat"], cache["gamma"], cache["G"]
    N, C, H, W = dout.shape
    m = C // G * H * W
    d = (gamma * dout).reshape(N, G, C // G, H, W)
    grouped = x_hat.reshape(d.shape)
    first = d.sum(axis=(2, 3, 4), keepdims=True)
    second = (d * grouped).sum(axis=(2, 3, 4), keepdims=True)
    dx = cache["inverse"] / m * (m * d - first - grouped * second)
    dgamma, dbeta = (np.einsum("nchw->c", a)[None, :, None, None] for a in (dout * x_hat, dout))
    return dx.reshape(dout.shape), dgamma, dbeta
