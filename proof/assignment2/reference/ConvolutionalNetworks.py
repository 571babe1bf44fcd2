"""The layers of ConvolutionalNetworks in PyTorch, float64, gradients by autograd: an independent reference."""

# %% conv_forward_naive
import torch


def tensor(a):
    """A float64 tensor of an array that remembers gradients."""
    return torch.tensor(np.array(a, dtype=np.float64), requires_grad=True)


def array(t, like):
    """An array of a tensor, with the dtype of `like`."""
    return t.detach().numpy().astype(like.dtype)


def gradients(function, arrays, dout):
    """Backward pass of a function of tensors, by autograd: the gradients of sum(out * dout)."""
    tensors = [tensor(a) for a in arrays]
    out = function(*tensors)
    found = torch.autograd.grad(out, tensors, torch.tensor(np.array(dout, dtype=np.float64)))
    return [array(g, a) for g, a in zip(found, arrays)]


def convolution(conv_param):
    """The convolution as a function of the tensors x, w, b."""
    options = {"stride": conv_param["stride"], "padding": conv_param["pad"]}
    return lambda x, w, b: torch.nn.functional.conv2d(x, w, b, **options)


def conv_forward_naive(x, w, b, conv_param):
    out = convolution(conv_param)(tensor(x), tensor(w), tensor(b))
    return array(out, x), (x, w, b, conv_param)
# %% conv_backward_naive
def conv_backward_naive(dout, cache):
    return gradients(convolution(cache[3]), cache[:3], dout)
# %% max_pool_forward_naive
def pooling(pool_param):
    """Max pooling as a function of the tensor x."""
    window = pool_param["pool_height"], pool_param["pool_width"]
    return lambda x: torch.nn.functional.max_pool2d(x, window, pool_param["stride"])


def max_pool_forward_naive(x, pool_param):
    return array(pooling(pool_param)(tensor(x)), x), (x, pool_param)
# %% max_pool_backward_naive
def max_pool_backward_naive(dout, cache):
    return gradients(pooling(cache[1]), [cache[0]], dout)[0]
# %% conv_relu
def conv_relu(conv_param, pool_param=None):
    """Convolution, ReLU and, with pool_param, max pooling as a function of the tensors x, w, b."""
    pool = pooling(pool_param) if pool_param else lambda x: x
    return lambda x, w, b: pool(torch.relu(convolution(conv_param)(x, w, b)))


def conv_relu_forward(x, w, b, conv_param):
    return array(conv_relu(conv_param)(tensor(x), tensor(w), tensor(b)), x), ((x, w, b), conv_param)


def conv_relu_backward(dout, cache, input_gradient=True):
    arrays, *params = cache
    dx, dw, db = gradients(conv_relu(*params), arrays, dout)
    return (dx if input_gradient else None), dw, db


def conv_relu_pool_forward(x, w, b, conv_param, pool_param):
    out = conv_relu(conv_param, pool_param)(tensor(x), tensor(w), tensor(b))
    return array(out, x), ((x, w, b), conv_param, pool_param)


conv_relu_pool_backward = conv_relu_backward
# %% three_layer_conv_net
class ThreeLayerConvNet:
    def __init__(self, input_dim=(3, 32, 32), num_filters=32, filter_size=7, hidden_dim=100, num_classes=10,
                 weight_scale=1e-3, reg=0.0, dtype=np.float32):
        self.reg, self.dtype = reg, dtype
        pad = (filter_size - 1) // 2
        self.features = torch.nn.Sequential(
            torch.nn.Conv2d(input_dim[0], num_filters, filter_size, padding=pad, dtype=torch.float64),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
            torch.nn.Flatten(),
        )
        width = self.features(torch.zeros(1, *input_dim, dtype=torch.float64)).shape[1]
        shapes = {
            "W1": (num_filters, input_dim[0], filter_size, filter_size), "b1": (num_filters,),
            "W2": (width, hidden_dim), "b2": (hidden_dim,), "W3": (hidden_dim, num_classes), "b3": (num_classes,),
        }  # fmt: skip
        generator = torch.Generator().manual_seed(int(np.random.randint(2**31)))
        self.params = {}
        for name, shape in shapes.items():
            scale = weight_scale if name.startswith("W") else 0.0
            values = scale * torch.randn(shape, generator=generator, dtype=torch.float64)
            self.params[name] = values.numpy().astype(dtype)

    def loss(self, X, y=None):
        tensors = {name: tensor(p) for name, p in self.params.items()}
        images = torch.tensor(np.array(X.astype(self.dtype), dtype=np.float64))
        convolution = {"0.weight": tensors["W1"], "0.bias": tensors["b1"]}
        features = torch.func.functional_call(self.features, convolution, (images,))
        hidden = torch.relu(features @ tensors["W2"] + tensors["b2"])
        scores = hidden @ tensors["W3"] + tensors["b3"]
        if y is None:
            return array(scores, self.params["W1"])
        loss = torch.nn.functional.cross_entropy(scores, torch.tensor(y))
        for name in ("W1", "W2", "W3"):
            loss = loss + self.reg / 2 * tensors[name].square().sum()
        loss.backward()
        return loss.item(), {name: array(p.grad, self.params[name]) for name, p in tensors.items()}
# %% spatial_batchnorm
def batch_norm(bn_param):
    """Spatial batch normalization as a function of the tensors x, gamma, beta, without updating running averages."""
    train, eps = bn_param["mode"] == "train", bn_param.get("eps", 1e-5)
    averages = [None if train else torch.tensor(bn_param[name]) for name in ("running_mean", "running_var")]
    return lambda x, gamma, beta: torch.nn.functional.batch_norm(x, *averages, gamma, beta, training=train, eps=eps)


def update_running_averages(x, bn_param):
    """PyTorch divides the running variance by n - 1, the course by n: torch.var_mean with correction=0."""
    momentum, C = bn_param.get("momentum", 0.9), x.shape[1]
    var, mean = torch.var_mean(tensor(x), dim=(0, 2, 3), correction=0)
    for name, sample in {"running_mean": mean, "running_var": var}.items():
        old = bn_param.get(name, np.zeros(C, x.dtype))
        bn_param[name] = momentum * old + (1 - momentum) * array(sample, x)


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    out = batch_norm(bn_param)(tensor(x), tensor(gamma), tensor(beta))
    cache = (x, gamma, beta), dict(bn_param)
    if bn_param["mode"] == "train":
        update_running_averages(x, bn_param)
    return array(out, x), cache


def spatial_batchnorm_backward(dout, cache):
    arrays, bn_param = cache
    return gradients(batch_norm(bn_param), arrays, dout)
# %% conv_bn_relu
def conv_bn_relu(conv_param, bn_param, pool_param=None):
    """Convolution, batch norm, ReLU and, with pool_param, pooling as a function of the tensors x, w, b, gamma, beta."""
    pool = pooling(pool_param) if pool_param else lambda x: x

    def function(x, w, b, gamma, beta):
        return pool(torch.relu(batch_norm(bn_param)(convolution(conv_param)(x, w, b), gamma, beta)))

    return function


def conv_bn_relu_pool_forward(x, w, b, gamma, beta, conv_param, bn_param, pool_param):
    arrays = x, w, b, gamma, beta
    out = conv_bn_relu(conv_param, bn_param, pool_param)(*map(tensor, arrays))
    cache = arrays, conv_param, dict(bn_param), pool_param
    if bn_param["mode"] == "train":
        update_running_averages(array(convolution(conv_param)(tensor(x), tensor(w), tensor(b)), x), bn_param)
    return array(out, x), cache


def conv_bn_relu_pool_backward(dout, cache, input_gradient=True):
    arrays, *params = cache
    dx, *others = gradients(conv_bn_relu(*params), arrays, dout)
    return (dx if input_gradient else None), *others


def conv_bn_relu_forward(x, w, b, gamma, beta, conv_param, bn_param):
    return conv_bn_relu_pool_forward(x, w, b, gamma, beta, conv_param, bn_param, None)


conv_bn_relu_backward = conv_bn_relu_pool_backward
# %% spatial_groupnorm
def group_norm(G, eps):
    """Group normalization as a function of the tensors x, gamma, beta."""
    return lambda x, gamma, beta: torch.nn.functional.group_norm(x, G, gamma.flatten(), beta.flatten(), eps)


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    eps = gn_param.get("eps", 1e-5)
    return array(group_norm(G, eps)(tensor(x), tensor(gamma), tensor(beta)), x), ((x, gamma, beta), G, eps)


def spatial_groupnorm_backward(dout, cache):
    arrays, G, eps = cache
    return gradients(group_norm(G, eps), arrays, dout)
