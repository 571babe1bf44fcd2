"""Keras networks as models of this workbook. Importing this module imports TensorFlow.

`CustomConvNet` is a network that a list describes. Its weights are saved in a file together with the list, so anyone
who has the file can build the network again without running other people's code.
"""

import keras
import numpy as np
from keras import layers as kinds

from cs231n._layer_lists import described

LAYERS = {
    layer.__name__: layer
    for layer in (
        *(kinds.Conv2D, kinds.Dense, kinds.Flatten),
        *(kinds.BatchNormalization, kinds.GroupNormalization, kinds.Dropout, kinds.SpatialDropout2D),
        *(kinds.ReLU, kinds.LeakyReLU, kinds.ELU, kinds.Activation),
        *(kinds.MaxPooling2D, kinds.AveragePooling2D, kinds.GlobalAveragePooling2D),
    )
}
keras.ops.zeros(1)  # starts TensorFlow's threads now, and not where a grader has limited the memory
SHAPE = (32, 32, 3)  # of an image, channels last
SCALE = 64  # of colors: those of get_CIFAR10_data are between -150 and 150


def image_batch(images):
    """Return images of `get_CIFAR10_data`, (N, C, H, W), as the input of Keras networks: (N, H, W, C), with numbers
    near 1 and the same dtype."""
    return np.ascontiguousarray(np.moveaxis(images, 1, -1)) / SCALE


class CustomConvNet(keras.Sequential):
    """A network that a list of layers describes, for images (N, 32, 32, 3).

        CustomConvNet(layers=[["Conv2D", 16, 3, {"padding": "same"}], ["ReLU"], ["Flatten"], ["Dense", 10]])

    layers: a list for each layer: its name, one of LAYERS or "Residual", its arguments, and a dictionary of those that
    are given by name, if there are any. Arguments are numbers, strings and lists of integers. ["Residual", [layers,
    ...]] adds its input to the output of its own layers, which must keep the shape.
    """

    def __init__(self, layers):
        super().__init__([keras.Input(SHAPE), *(_layer(*each) for each in layers)])


class Residual(kinds.Layer):
    """Adds its input to the output of its layers."""

    def __init__(self, layers):
        super().__init__()
        self.inner = keras.Sequential([_layer(*each) for each in layers])

    def call(self, x, training=None):
        """Return the output for x, of the shape of x."""
        return x + self.inner(x, training=training)


def _layer(name, *arguments):
    if name == "Residual":
        return Residual(*arguments)
    kind, given, named = described(name, arguments, LAYERS)
    for value in (*given, *named.values()):
        _require_plain(name, value)
    return kind(*given, **named)


def _require_plain(name, value):
    """Raise ValueError for what Keras would turn into an object: a dictionary may name any class."""
    values = value if isinstance(value, list | tuple) else [value]
    if not all(each is None or isinstance(each, bool | int | float | str) for each in values):
        raise ValueError(f"an argument of {name} is {value!r}: give numbers, strings and lists of integers")


class KerasModel:
    """A Keras network as a model of this workbook: `params`, a dictionary of arrays, and `loss(X)`.

    `params` has everything that a file of weights needs, including the averages of batch normalization. Each name
    begins with the attribute that the layer is, or with its position in the network.
    """

    def __init__(self, network):
        self.network = network
        if not network.built:
            network(np.zeros((1, *SHAPE)))  # layers create their weights when they get an image

    @property
    def params(self):
        """The weights and averages of all layers, arrays by name."""
        return {name: variable.numpy() for name, variable in self._variables().items()}

    @params.setter
    def params(self, arrays):
        for name, variable in self._variables().items():
            variable.assign(arrays[name])

    def loss(self, X):
        """Return the scores (N, C) of an array of images X in test mode: no dropout, no statistics of the batch."""
        return self.network(image_batch(X), training=False).numpy()

    def _variables(self):
        attributes = {id(value): name for name, value in vars(self.network).items()}
        return {
            f"{attributes.get(id(layer), place)}.{number}": variable
            for place, layer in enumerate(self.network.layers)
            for number, variable in enumerate(layer.weights)
        }
