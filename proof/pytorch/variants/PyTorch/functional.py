# By other functions of PyTorch's, and by its function transforms.

# %% autograd
def affine_relu(x, w, b):
    return torch.clamp_min(torch.addmm(b, torch.flatten(x, 1), w), 0)


def affine_relu_gradients(x, w, b, dout):
    arguments = [tensor.detach() for tensor in (x, w, b)]
    _, backward = torch.func.vjp(affine_relu, *arguments)
    return backward(dout)

# %% conv_function
class ConvFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b, stride, pad):
        ctx.save_for_backward(x, w, b)
        ctx.conv_param = {"stride": stride, "pad": pad}
        arrays = [np.asarray(tensor.detach()) for tensor in (x, w, b)]
        return torch.as_tensor(conv_forward_fast(*arrays, ctx.conv_param)[0])

    @staticmethod
    def backward(ctx, dout):
        arrays = [np.asarray(tensor.detach()) for tensor in ctx.saved_tensors]
        _, cache = conv_forward_fast(*arrays, ctx.conv_param)
        gradients = conv_backward_fast(np.asarray(dout.detach()), cache)
        return *map(torch.as_tensor, gradients), None, None

# %% dropout
def dropout(x, keep, training):
    if not training:
        return x
    return torch.where(torch.rand_like(x) < keep, x / keep, 0)

# %% three_layer_convnet
def three_layer_convnet(x, params):
    for w, b, pad in ((params[0], params[1], 2), (params[2], params[3], 1)):
        x = F.conv2d(x, w, b, padding=pad).clamp(min=0)
    return F.linear(x.flatten(1), params[4].T, params[5])

# %% initialize
def kaiming_normal(*shape):
    weights = torch.empty(shape)
    fan_in = shape[0] if weights.ndim == 2 else weights[0].numel()
    torch.nn.init.normal_(weights, std=float(np.sqrt(2 / fan_in)))
    weights.requires_grad = True
    return weights


def convnet_params(in_channel, channel_1, channel_2, height, width, num_classes):
    params = []
    for shape in ((channel_1, in_channel, 5, 5), (channel_2, channel_1, 3, 3), (channel_2 * height * width, num_classes)):
        params.append(kaiming_normal(*shape))
        params.append(torch.zeros(shape[1] if len(shape) == 2 else shape[0]).requires_grad_())
    return params

# %% train_step
def train_step(network, params, x, y, learning_rate):
    loss = F.nll_loss(F.log_softmax(network(x, params), dim=1), y)
    gradients = torch.autograd.grad(loss, params)
    with torch.no_grad():
        for param, gradient in zip(params, gradients):
            param.sub_(gradient, alpha=learning_rate)
    return float(loss)

# %% three_layer_module
class ThreeLayerConvNet(nn.Module):
    def __init__(self, in_channel=3, channel_1=32, channel_2=16, num_classes=10, size=32):
        super().__init__()
        self.conv1 = self._started(nn.Conv2d(in_channel, channel_1, kernel_size=5, padding="same"))
        self.conv2 = self._started(nn.Conv2d(channel_1, channel_2, kernel_size=3, padding="same"))
        self.fc = self._started(nn.Linear(channel_2 * size**2, num_classes))

    @staticmethod
    def _started(layer):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.constant_(layer.bias, 0)
        return layer

    def forward(self, x):
        for conv in (self.conv1, self.conv2):
            x = torch.relu(conv(x))
        return self.fc(torch.flatten(x, 1))

# %% evaluate
@torch.no_grad()
def evaluate(model, X, y, batch_size=200):
    mode = model.training
    model.train(False)
    device = next(model.parameters()).device
    right = [
        model(x.to(device)).max(dim=1).indices == labels.to(device)
        for x, labels in zip(X.split(batch_size), y.split(batch_size))
    ]
    model.train(mode)
    return torch.cat(right).double().mean().item()

# %% train_epoch
def train_epoch(model, optimizer, batches):
    model.train()
    criterion = nn.CrossEntropyLoss()
    device = next(model.parameters()).device

    def step(x, y):
        model.zero_grad()
        loss = criterion(model(x.to(device)), y.to(device))
        loss.backward()
        optimizer.step()
        return float(loss)

    return [step(*batch) for batch in batches]

# %% sequential
class SequentialConvNet(nn.Sequential):
    def __init__(self, in_channel=3, channel_1=32, channel_2=16, num_classes=10, size=32):
        first, second = nn.Conv2d(in_channel, channel_1, 5, 1, 2), nn.Conv2d(channel_1, channel_2, 3, 1, 1)
        last = nn.Linear(channel_2 * size**2, num_classes)
        super().__init__(first, nn.ReLU(inplace=True), second, nn.ReLU(inplace=True), nn.Flatten(1), last)

# %% nesterov
def nesterov(model, learning_rate):
    options = {"momentum": 0.9, "nesterov": True}
    return torch.optim.SGD([{"params": list(model.parameters())}], learning_rate, **options)
