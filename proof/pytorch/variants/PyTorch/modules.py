# By modules and their helpers wherever there is one.

# %% autograd
def affine_relu(x, w, b):
    return torch.relu(F.linear(x.flatten(start_dim=1), w.T, b))


def affine_relu_gradients(x, w, b, dout):
    leaves = [nn.Parameter(tensor.detach().clone()) for tensor in (x, w, b)]
    loss = (affine_relu(*leaves) * dout.detach()).sum()
    loss.backward()
    return tuple(leaf.grad for leaf in leaves)

# %% conv_function
class ConvFunction(torch.autograd.Function):
    @staticmethod
    def forward(x, w, b, stride, pad):
        out, _ = conv_forward_fast(x.numpy(force=True), w.numpy(force=True), b.numpy(force=True), {"stride": stride, "pad": pad})
        return torch.from_numpy(out)

    @staticmethod
    def setup_context(ctx, inputs, output):
        *tensors, ctx.stride, ctx.pad = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, dout):
        arrays = [tensor.numpy(force=True) for tensor in ctx.saved_tensors]
        _, cache = conv_forward_fast(*arrays, {"stride": ctx.stride, "pad": ctx.pad})
        dx, dw, db = conv_backward_fast(dout.numpy(force=True), cache)
        return torch.from_numpy(dx), torch.from_numpy(dw), torch.from_numpy(db), None, None

# %% dropout
def dropout(x, keep, training):
    layer = nn.Dropout(p=1 - keep)
    layer.train(training)
    return layer(x)

# %% three_layer_convnet
def three_layer_convnet(x, params):
    conv_w1, conv_b1, conv_w2, conv_b2, fc_w, fc_b = params
    relu = nn.ReLU()
    hidden = relu(F.conv2d(x, conv_w1, conv_b1, stride=1, padding="same"))
    hidden = relu(F.conv2d(hidden, conv_w2, conv_b2, stride=1, padding="same"))
    return torch.addmm(fc_b, nn.Flatten()(hidden), fc_w)

# %% initialize
def kaiming_normal(*shape):
    if len(shape) == 2:
        weights = nn.init.kaiming_normal_(torch.empty(shape[1], shape[0])).T.contiguous()
    else:
        weights = nn.init.kaiming_normal_(torch.empty(shape))
    return nn.Parameter(weights)


def convnet_params(in_channel, channel_1, channel_2, height, width, num_classes):
    return [
        kaiming_normal(channel_1, in_channel, 5, 5),
        nn.Parameter(torch.zeros(channel_1)),
        kaiming_normal(channel_2, channel_1, 3, 3),
        nn.Parameter(torch.zeros(channel_2)),
        kaiming_normal(channel_2 * height * width, num_classes),
        nn.Parameter(torch.zeros(num_classes)),
    ]

# %% train_step
def train_step(network, params, x, y, learning_rate):
    optimizer = torch.optim.SGD(params, lr=learning_rate)
    loss = nn.CrossEntropyLoss()(network(x, params), y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach().item()

# %% three_layer_module
class ThreeLayerConvNet(nn.Module):
    def __init__(self, in_channel=3, channel_1=32, channel_2=16, num_classes=10, size=32):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channel, channel_1, 5, padding=2)
        self.conv2 = nn.Conv2d(channel_1, channel_2, 3, padding=1)
        self.fc = nn.Linear(channel_2 * size * size, num_classes)
        self.apply(self._start)

    @staticmethod
    def _start(layer):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, mode="fan_in", nonlinearity="relu")
            layer.bias.data.fill_(0.0)

    def forward(self, x):
        return self.fc(F.relu(self.conv2(F.relu(self.conv1(x)))).flatten(1))

# %% evaluate
def evaluate(model, X, y, batch_size=200):
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), batch_size=batch_size)
    device = next(model.parameters()).device
    before, correct = model.training, 0.0
    model.eval()
    with torch.no_grad():
        for x, labels in loader:
            correct += (model(x.to(device)).argmax(1) == labels.to(device)).double().sum().item()
    model.train(before)
    return correct / y.numel()

# %% train_epoch
def train_epoch(model, optimizer, batches):
    loss_function, losses = nn.CrossEntropyLoss(), []
    model.train(True)
    for x, y in batches:
        device = next(model.parameters()).device
        model.zero_grad(set_to_none=True)
        optimizer.zero_grad()
        loss = loss_function(model(x.to(device)), y.to(device))
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return [loss.item() for loss in losses]

# %% sequential
class SequentialConvNet(nn.Sequential):
    def __init__(self, in_channel=3, channel_1=32, channel_2=16, num_classes=10, size=32):
        convolutions = nn.Sequential(
            nn.Conv2d(in_channel, channel_1, 5, padding="same"), nn.ReLU(),
            nn.Conv2d(channel_1, channel_2, 3, padding="same"), nn.ReLU(),
        )
        super().__init__(*convolutions, nn.Flatten(), nn.Linear(channel_2 * size * size, num_classes))

# %% nesterov
def nesterov(model, learning_rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.9, nesterov=True)
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    return optimizer
