"""Tensors in checks, and networks of Keras' in files of weights."""

import random

import keras
import numpy as np
import pytest
import tensorflow as tf
from cs231n.checks.cases import random_numbers
from cs231n.checks.session import Checks
from cs231n.checks.values import decode, encode
from cs231n.keras_models import CustomConvNet, KerasModel, image_batch
from cs231n.model_io import WeightsError, accuracy, load_model, save_model

LAYERS = [
    ["Conv2D", 4, 3, {"padding": "same", "strides": 4}],
    ["Residual", [["BatchNormalization", {"momentum": 0.5}], ["ReLU"]]],
    ["Flatten"],
    ["Dropout", 0.5],
    ["Dense", 10],
]


class Backwards(keras.Model):
    """Makes its layers in another order than it uses them."""

    def __init__(self, reverse=False):
        super().__init__()
        if reverse:
            self.fc = keras.layers.Dense(10)
        self.conv = keras.layers.Conv2D(2, 3, strides=8)
        self.flatten = keras.layers.Flatten()
        if not reverse:
            self.fc = keras.layers.Dense(10)

    def call(self, x, training=False):
        return self.fc(self.flatten(self.conv(x)))


@pytest.mark.parametrize("dtype", [tf.float64, tf.float32, tf.int64, tf.bool])
def test_a_tensor_is_sent_as_an_array(dtype):
    """Do dtype, shape and numbers arrive, of variables too?"""
    tensor = tf.cast(tf.reshape(tf.range(6), (2, 3)), dtype)
    for value in (tensor, tf.Variable(tensor)):
        sent = decode(encode(value))
        assert sent.dtype == dtype.as_numpy_dtype
        np.testing.assert_array_equal(sent, tensor.numpy())


def test_a_weight_of_keras_is_sent():
    """Does a check take the weights of a layer as they are?"""
    weight = keras.Variable(np.arange(3.0), dtype="float32")
    np.testing.assert_array_equal(decode(encode(weight)), np.arange(3, dtype=np.float32))


@pytest.mark.parametrize("value", [tf.zeros(2, tf.bfloat16), keras.Input((3,))])
def test_what_has_no_numbers_for_numpy_is_none(value):
    """Is it said what was sent, where NumPy has no such dtype, and where a symbol has no numbers?"""
    assert isinstance(decode(encode(value)), str)


def test_a_symbol_in_a_compiled_function_is_none():
    """Is a tensor of a graph no error of the check?"""
    seen = []

    @tf.function
    def compiled(x):
        seen.append(encode(x))
        return x

    compiled(tf.zeros(2))
    assert set(seen[0]) == {"type"}


def test_a_variable_that_was_modified_is_noticed():
    """Is a variable that a solution changes in place a failed check?"""
    checks = Checks("step", {}, "check")
    same, changed = tf.Variable([1.0]), tf.Variable([1.0])

    @checks.case("case")
    def _(random):
        checks.unchanged(same=same)
        checks.unchanged(changed=changed)
        changed.assign_add([1.0])

    assert [bool(line.message) for line in checks.lines] == [False, True]


def test_cases_draw_the_same_numbers_and_leave_none_behind():
    """Does a case's generator depend on nothing else, in a second run too, and is everything afterwards as it was,
    switches included?"""
    keras.utils.set_random_seed(1)
    drawn = []
    for _ in range(3):
        with random_numbers("step", "case"):
            drawn.append((tf.random.normal([3]).numpy(), keras.initializers.HeNormal()((4, 3)).numpy()))
            keras.config.set_floatx("float64")
            tf.config.run_functions_eagerly(True)
        tf.random.normal([1])
    for other in drawn[1:]:
        for one, another in zip(drawn[0], other, strict=True):
            np.testing.assert_array_equal(one, another)
    assert keras.config.floatx() == "float32"
    assert not tf.config.functions_run_eagerly()


def test_other_cases_draw_other_numbers():
    """Do two cases of a cell get other numbers?"""
    drawn = []
    for case in ("one", "other"):
        with random_numbers("step", case):
            drawn.append(tf.random.normal([3]).numpy())
    assert not np.any(drawn[0] == drawn[1])


def test_what_comes_after_a_case_does_not_notice_it():
    """Do a student's own draws go on as without the check?"""
    drawn = []
    for with_check in (False, True):
        keras.utils.set_random_seed(7)
        if with_check:
            with random_numbers("step", "case"):
                tf.random.normal([3])
                random.random()
        drawn.append((tf.random.normal([3]).numpy().tolist(), random.random()))
    assert drawn[0] == drawn[1]


def test_a_network_comes_back_from_its_file(tmp_path):
    """Are scores the same afterwards, averages of batch normalization included?"""
    keras.utils.set_random_seed(1)
    network = CustomConvNet(layers=LAYERS)
    network(np.random.randn(20, 32, 32, 3), training=True)  # moves the averages
    save_model(tmp_path / "net.npz", network, "synthetic", layers=LAYERS)
    again = load_model(tmp_path / "net.npz", CustomConvNet)
    X, y = np.random.RandomState(1).randn(50, 3, 32, 32).astype(np.float32), np.arange(50) % 10
    right = network(image_batch(X), training=False).numpy()
    np.testing.assert_allclose(KerasModel(again).loss(X), right, rtol=1e-5)
    assert accuracy(again, X, y) == np.mean(right.argmax(axis=1) == y)


def test_weights_are_found_by_the_names_of_attributes(tmp_path):
    """Does a network whose layers were made in another order fit?"""
    one, other = KerasModel(Backwards()), KerasModel(Backwards(reverse=True))
    assert {name: w.shape for name, w in one.params.items()} == {name: w.shape for name, w in other.params.items()}
    other.params = one.params
    X = np.random.RandomState(1).randn(4, 3, 32, 32)
    np.testing.assert_allclose(one.loss(X), other.loss(X), rtol=1e-5)


def test_images_keep_their_pixels():
    """Do channels move to the end, and nothing else?"""
    images = np.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    batch = image_batch(images)
    assert batch.shape == (2, 4, 5, 3)
    assert batch[1, 2, 3, 0] == images[1, 0, 2, 3] / 64


def test_arguments_of_another_network_are_refused(tmp_path):
    """Is a file not written that could not be read?"""
    with pytest.raises(WeightsError, match="are not those of CustomConvNet"):
        save_model(tmp_path / "net.npz", CustomConvNet(LAYERS), "synthetic", layers=[*LAYERS[:3], ["Dense", 9]])


def test_only_known_layers():
    """Can a list of layers build nothing but layers?"""
    with pytest.raises(ValueError, match="there is no layer 'Lambda'"):
        CustomConvNet([["Lambda"]])


@pytest.mark.parametrize("argument", [{"class_name": "Lambda", "config": {}}, [{"module": "os"}], [[1]]])
def test_arguments_are_plain(argument):
    """Is nothing handed to Keras that it would make an object of?"""
    with pytest.raises(ValueError, match="give numbers, strings and lists of integers"):
        CustomConvNet([["Conv2D", 4, 3, {"kernel_initializer": argument}]])
