"""Tensors, networks and the state of TensorFlow and Keras, if they are loaded."""

import random
from contextlib import contextmanager

from .loading import loaded

_seeds: set[int] = set()  # from which TensorFlow's generator has started in this process


def as_array(value):
    """Return the numbers of a tensor or a variable as an array. Return anything else unchanged, and a symbol, which has
    no numbers."""
    tf, keras = loaded("tensorflow"), loaded("keras")
    of_tensorflow = tf is not None and isinstance(value, tf.Tensor | tf.Variable)
    if not of_tensorflow and not (keras is not None and isinstance(value, keras.Variable)):
        return value
    try:
        return value.numpy()
    except (AttributeError, NotImplementedError):  # a symbol in a graph
        return value


def is_network(value):
    """Return whether a value is a Keras network."""
    keras = loaded("keras")
    return keras is not None and isinstance(value, keras.Model)


@contextmanager
def own_state(seed=None):
    """Restore the generators of TensorFlow and of Python, from which Keras draws its seeds, and the global switches
    after the block, if both frameworks are loaded.

    seed: where both generators start inside the block, None to continue from their states
    """
    tf, keras = loaded("tensorflow"), loaded("keras")
    if tf is None or keras is None:
        yield
        return
    from tensorflow.python.eager.context import context

    drawn, floatx, eagerly = random.getstate(), keras.config.floatx(), tf.config.functions_run_eagerly()
    generator = context()._seed, getattr(context(), "_rng", None)  # there is no public way to read them
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
    """Start TensorFlow's generator from a seed. `tf.random.set_seed` also discards what TensorFlow has prepared for
    each operation. Preparing it again takes longer than most cases, and is only needed if the seed was used before."""
    if seed in _seeds:
        tf.random.set_seed(seed)
    else:
        context._seed, context._rng = seed, random.Random(seed)
    _seeds.add(seed)
