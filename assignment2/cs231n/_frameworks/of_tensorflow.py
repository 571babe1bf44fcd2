"""Tensors, networks and the state of TensorFlow and Keras, where they are loaded."""

import random
from contextlib import contextmanager

from .loading import loaded

_seeds: set[int] = set()  # that TensorFlow's generator has started from in this process


def as_array(value):
    """Return the numbers of a tensor or a variable as an array; anything else, and a symbol that has none, as it is."""
    tf, keras = loaded("tensorflow"), loaded("keras")
    of_tensorflow = tf is not None and isinstance(value, tf.Tensor | tf.Variable)
    if not of_tensorflow and not (keras is not None and isinstance(value, keras.Variable)):
        return value
    try:
        return value.numpy()
    except (AttributeError, NotImplementedError):  # a symbol in a graph
        return value


def is_network(value):
    """Tell whether a value is a network of Keras'."""
    keras = loaded("keras")
    return keras is not None and isinstance(value, keras.Model)


@contextmanager
def own_state(seed=None):
    """Put the generators of TensorFlow and of Python, from which Keras draws its seeds, and what is switched for the
    whole process back as they were; where both are loaded. seed: of both in here, None for those that they have"""
    tf, keras = loaded("tensorflow"), loaded("keras")
    if tf is None or keras is None:
        yield
        return
    from tensorflow.python.eager.context import context

    drawn, floatx, eagerly = random.getstate(), keras.config.floatx(), tf.config.functions_run_eagerly()
    generator = context()._seed, getattr(context(), "_rng", None)  # nothing public tells them
    if seed is not None:
        random.seed(seed)
        _start_from(seed, tf, context())
    try:
        yield
    finally:
        random.setstate(drawn)
        context()._seed, context()._rng = generator
        keras.config.set_floatx(floatx)
        tf.config.run_functions_eagerly(eagerly)


def _start_from(seed, tf, context):
    """As `tf.random.set_seed`, which also throws away what has been made ready for each operation. To make that again
    takes longer than most cases, and is due for a seed only that has been used before."""
    if seed in _seeds:
        tf.random.set_seed(seed)
    else:
        context._seed, context._rng = seed, random.Random(seed)
    _seeds.add(seed)
