"""PyTorch networks as models of this workbook. Importing this module imports PyTorch.

`LayerNet` is a network that a list describes. Its weights are saved in a file together with the list, so anyone who has
the file can build the network again without running other people's code.
"""

import numpy as np
import torch
from torch import nn

from cs231n._layer_lists import described

LAYERS = {
    layer.__name__: layer
    for layer in (
        *(nn.Conv2d, nn.Linear, nn.Flatten),
        *(nn.BatchNorm2d, nn.BatchNorm1d, nn.GroupNorm, nn.Dropout, nn.Dropout2d),
        *(nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU),
        *(nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d),
    )
}


SCALE = 64  # of colors: those of get_CIFAR10_data are between -150 and 150


def image_tensor(images):
    """Return an array of images of `get_CIFAR10_data` as a tensor of numbers near 1, the input of PyTorch networks."""
    return torch.from_numpy(images) / SCALE


class LayerNet(nn.Sequential):
    """A network that a list of layers describes.

        LayerNet(layers=[["Conv2d", 3, 16, 3, {"padding": 1}], ["ReLU"], ["Flatten"], ["Linear", 16 * 32 * 32, 10]])

    layers: a list for each layer: its name, one of LAYERS or "Residual", its arguments, and a dictionary of those that
    are given by name, if there are any. ["Residual", [layers, ...]] adds its input to the output of its own
    layers, which must keep the shape.
    """

    def __init__(self, layers):
        super().__init__(*(_layer(*each) for each in layers))


class Residual(LayerNet):
    """Adds its input to the output of its layers."""

    def forward(self, x):
        """Return the output for x, of the shape of x."""
        return x + super().forward(x)


def _layer(name, *arguments):
    if name == "Residual":
        return Residual(*arguments)
    kind, given, named = described(name, arguments, LAYERS)
    return kind(*given, **named)


class ModuleModel:
    """A PyTorch network as a model of this workbook: `params`, a dictionary of arrays, and `loss(X)`.

    `params` has everything that a file of weights needs, including the averages of batch normalization.
    """

    def __init__(self, module):
        self.module = module

    @property
    def params(self):
        """The parameters and averages of the network, arrays by name."""
        return {name: tensor.detach().cpu().numpy() for name, tensor in self.module.state_dict().items()}

    @params.setter
    def params(self, arrays):
        self.module.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})

    def loss(self, X):
        """Return the scores (N, C) of an array of images X in test mode: no dropout, no statistics of the batch."""
        like = next(self.module.parameters())
        mode = self.module.training
        self.module.eval()
        try:
            with torch.no_grad():
                return self.module(image_tensor(X).to(like)).cpu().numpy()
        finally:
            self.module.train(mode)
