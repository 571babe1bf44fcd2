"""The update rule that is given, as an example of the interface."""

import inspect

import numpy as np
from cs231n import optim
from cs231n.optim import sgd


def test_step():
    """Does sgd go one learning rate against the gradient, without changing its arguments?"""
    w, dw = np.array([[1.0, 2.0]]), np.array([[10.0, -4.0]])
    next_w, config = sgd(w, dw, {"learning_rate": 0.5})
    np.testing.assert_array_equal(next_w, [[-4.0, 4.0]])
    np.testing.assert_array_equal(w, [[1.0, 2.0]])
    np.testing.assert_array_equal(dw, [[10.0, -4.0]])
    assert config == {"learning_rate": 0.5}


def test_default_learning_rate():
    """Is a missing learning rate 0.01, and put into the config?"""
    next_w, config = sgd(np.zeros(2), np.ones(2))
    np.testing.assert_array_equal(next_w, [-0.01, -0.01])
    assert config == {"learning_rate": 0.01}
    assert sgd(np.zeros(2), np.ones(2))[1] is not config


def test_float32_stays():
    """Does a float32 parameter stay float32?"""
    assert sgd(np.zeros(2, np.float32), np.ones(2, np.float32))[0].dtype == np.float32


def test_students_write_the_other_rules():
    """Is sgd the only rule that is given away?"""
    assert [name for name, value in vars(optim).items() if inspect.isfunction(value)] == ["sgd"]
