# The steps whose right values the cases do not compute themselves, without autograd and without PyTorch's convolutions:
# forward and backward pass by NumPy, and training by numerical gradients.

# %% three_layer_convnet
class NumpyNet(torch.autograd.Function):
    """conv (5 x 5, padding 2) - ReLU - conv (3 x 3, padding 1) - ReLU - affine, and back, by the formulas of the NumPy
    notebooks."""

    @staticmethod
    def forward(ctx, x, *params):
        if x.is_meta:  # has no entries
            return x.new_empty(len(x), params[-1].numel())
        x, conv_w1, conv_b1, conv_w2, conv_b2, fc_w, fc_b = (tensor.numpy() for tensor in (x, *params))
        first, ctx.first = conv_forward_fast(x, conv_w1, conv_b1, {"stride": 1, "pad": 2})
        second, ctx.second = conv_forward_fast(np.maximum(first, 0), conv_w2, conv_b2, {"stride": 1, "pad": 1})
        ctx.positive, ctx.fc_w = (first > 0, second > 0), fc_w
        ctx.rows = np.maximum(second, 0).reshape(len(x), -1)
        return torch.from_numpy(ctx.rows @ fc_w + fc_b)

    @staticmethod
    def backward(ctx, dout):
        dout = dout.numpy()
        first_positive, second_positive = ctx.positive
        dsecond = (dout @ ctx.fc_w.T).reshape(second_positive.shape) * second_positive
        dhidden, dconv_w2, dconv_b2 = conv_backward_fast(dsecond, ctx.second)
        dx, dconv_w1, dconv_b1 = conv_backward_fast(dhidden * first_positive, ctx.first)
        gradients = dx, dconv_w1, dconv_b1, dconv_w2, dconv_b2, ctx.rows.T @ dout, dout.sum(axis=0)
        return tuple(map(torch.from_numpy, gradients))


def three_layer_convnet(x, params):
    return NumpyNet.apply(x, *params)


# %% three_layer_module
class ThreeLayerConvNet(nn.Module):
    def __init__(self, in_channel=3, channel_1=32, channel_2=16, num_classes=10, size=32):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channel, channel_1, 5)
        self.conv2 = nn.Conv2d(channel_1, channel_2, 3)
        self.fc = nn.Linear(channel_2 * size * size, num_classes)
        for layer, fan_in in (self.conv1, 25 * in_channel), (self.conv2, 9 * channel_1), (self.fc, self.fc.in_features):
            layer.weight = nn.Parameter((2 / fan_in) ** 0.5 * torch.randn(*layer.weight.shape))
            layer.bias = nn.Parameter(torch.zeros(layer.bias.shape))

    def forward(self, x):
        weights = self.conv1.weight, self.conv1.bias, self.conv2.weight, self.conv2.bias, self.fc.weight.T, self.fc.bias
        return NumpyNet.apply(x, *weights)


# %% train_epoch
def mean_loss(model, x, y):
    with torch.no_grad():
        scores = model(x)
        return (scores.exp().sum(dim=1).log() - scores[range(len(y)), y]).mean().item()


def numerical_gradients(model, x, y, h=1e-5):
    averages = [buffer.clone() for buffer in model.buffers()]
    gradients = []
    for param in model.parameters():
        entries, gradient = param.data.view(-1), torch.zeros_like(param)
        for k, entry in enumerate(entries.tolist()):
            losses = []
            for changed in (entry + h, entry - h):
                entries[k] = changed
                losses.append(mean_loss(model, x, y))
            entries[k] = entry
            gradient.view(-1)[k] = (losses[0] - losses[1]) / (2 * h)
        gradients.append(gradient)
    for buffer, before in zip(model.buffers(), averages):  # each forward pass has moved batch normalization's
        buffer.copy_(before)
    return gradients


def train_epoch(model, optimizer, batches):
    model.train()
    losses = []
    for x, y in batches:
        losses.append(mean_loss(model, x.to(next(model.parameters()).device), y))
        for param, gradient in zip(model.parameters(), numerical_gradients(model, x, y)):
            param.grad = gradient
        optimizer.step()
    return losses
