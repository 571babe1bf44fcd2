# Step by step, with plain tensor arithmetic and explicit gradients.

# %% autograd
def affine_relu(x, w, b):
    N = len(x)
    rows = x.contiguous().view(N, w.shape[0])
    out = torch.matmul(rows, w)
    out = out + b.expand(N, -1)
    return torch.maximum(out, torch.zeros_like(out))


def affine_relu_gradients(x, w, b, dout):
    x = x.clone().detach()
    w = w.clone().detach()
    b = b.clone().detach()
    for tensor in (x, w, b):
        tensor.requires_grad = True
    affine_relu(x, w, b).backward(dout)
    return x.grad, w.grad, b.grad

# %% conv_function
class ConvFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b, stride, pad):
        conv_param = {"pad": pad, "stride": stride}
        out, cache = conv_forward_fast(x.data.numpy(), w.data.numpy(), b.data.numpy(), conv_param)
        ctx.cache, ctx.dtype = cache, x.dtype
        return torch.tensor(out, dtype=x.dtype)

    @staticmethod
    def backward(ctx, dout):
        gradients = conv_backward_fast(np.array(dout.tolist(), ctx.cache[0].dtype), ctx.cache)
        dx, dw, db = (torch.tensor(gradient, dtype=ctx.dtype) for gradient in gradients)
        return dx, dw, db, None, None

# %% dropout
def dropout(x, keep, training):
    if training and keep < 1:
        mask = torch.bernoulli(torch.full_like(x, keep))
        return x * mask / keep
    return x.clone()

# %% three_layer_convnet
def three_layer_convnet(x, params):
    first = torch.conv2d(F.pad(x, (2, 2, 2, 2)), params[0]) + params[1][:, None, None]
    first = first * (first > 0)
    second = torch.conv2d(F.pad(first, (1, 1, 1, 1)), params[2]) + params[3][:, None, None]
    second = second * (second > 0)
    return torch.einsum("nd,dc->nc", second.reshape(len(x), -1), params[4]) + params[5]

# %% initialize
def kaiming_normal(*shape):
    if len(shape) == 2:
        D, _ = shape
        fan_in = D
    else:
        _, C, HH, WW = shape
        fan_in = C * HH * WW
    return torch.normal(0.0, (2 / fan_in) ** 0.5, shape).requires_grad_(True)


def convnet_params(in_channel, channel_1, channel_2, height, width, num_classes):
    conv_w1 = kaiming_normal(channel_1, in_channel, 5, 5)
    conv_b1 = torch.zeros(channel_1)
    conv_w2 = kaiming_normal(channel_2, channel_1, 3, 3)
    conv_b2 = torch.zeros(channel_2)
    fc_w = kaiming_normal(channel_2 * height * width, num_classes)
    fc_b = torch.zeros(num_classes)
    for bias in (conv_b1, conv_b2, fc_b):
        bias.requires_grad = True
    return [conv_w1, conv_b1, conv_w2, conv_b2, fc_w, fc_b]

# %% train_step
def train_step(network, params, x, y, learning_rate):
    scores = network(x, params)
    loss = torch.mean(torch.logsumexp(scores, dim=1) - scores[torch.arange(len(y)), y])
    loss.backward()
    for param in params:
        param.data.add_(-learning_rate * param.grad)
        param.grad.zero_()
    return loss.item()

# %% three_layer_module
class ThreeLayerConvNet(nn.Module):
    def __init__(self, in_channel=3, channel_1=32, channel_2=16, num_classes=10, size=32):
        super().__init__()
        inputs = channel_2 * size * size
        self.conv1 = nn.Conv2d(in_channel, channel_1, (5, 5), padding=(2, 2))
        self.conv2 = nn.Conv2d(channel_1, channel_2, (3, 3), padding=(1, 1))
        self.fc = nn.Linear(inputs, num_classes)
        with torch.no_grad():
            self.conv1.weight.normal_(0, (2 / (25 * in_channel)) ** 0.5)
            self.conv2.weight.normal_(0, (2 / (9 * channel_1)) ** 0.5)
            self.fc.weight.normal_(0, (2 / inputs) ** 0.5)
            for layer in (self.conv1, self.conv2, self.fc):
                layer.bias.zero_()

    def forward(self, x):
        x = self.conv1(x)
        x = x.clamp(min=0)
        x = self.conv2(x)
        x = x.clamp(min=0)
        x = x.reshape(x.size(0), -1)
        return self.fc(x)

# %% evaluate
def evaluate(model, X, y, batch_size=200):
    device = next(iter(model.parameters())).device
    before = model.training
    model.eval()
    try:
        correct, start = 0, 0
        while start < len(X):
            with torch.inference_mode():
                guess = torch.argmax(model(X[start : start + batch_size].to(device)), 1).cpu()
            correct += int((guess == y[start : start + batch_size].cpu()).sum())
            start += batch_size
        return correct / len(y)
    finally:
        model.train(before)

# %% train_epoch
def train_epoch(model, optimizer, batches):
    losses = []
    for x, y in batches:
        model.train()
        parameter = next(model.parameters())
        optimizer.zero_grad(set_to_none=False)
        scores = model(x.to(parameter.device))
        loss = F.nll_loss(scores.log_softmax(dim=1), y.to(parameter.device))
        loss.backward()
        optimizer.step()
        losses += [loss.detach().item()]
    return losses

# %% sequential
class SequentialConvNet(nn.Sequential):
    def __init__(self, in_channel=3, channel_1=32, channel_2=16, num_classes=10, size=32):
        super().__init__()
        layers = [
            nn.Conv2d(in_channel, channel_1, kernel_size=(5, 5), padding=(2, 2)),
            nn.ReLU(),
            nn.Conv2d(channel_1, channel_2, kernel_size=(3, 3), padding=(1, 1)),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(channel_2 * size * size, num_classes),
        ]
        for number, layer in enumerate(layers):
            self.add_module(str(number), layer)

# %% nesterov
class _Nesterov(torch.optim.Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for param in group["params"]:
                state = self.state[param]
                state["v"] = 0.9 * state.get("v", 0) + param.grad
                param -= group["lr"] * (param.grad + 0.9 * state["v"])


def nesterov(model, learning_rate):
    return _Nesterov(model.parameters(), learning_rate)
