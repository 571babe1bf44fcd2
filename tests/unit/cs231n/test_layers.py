"""The losses of assignment 1."""

import numpy as np
import pytest
from cs231n.gradient_check import eval_numerical_gradient, rel_error
from cs231n.layers import softmax_loss, svm_loss

LOSSES = [softmax_loss, svm_loss]


@pytest.fixture
def scores_and_labels():
    random = np.random.RandomState(231)
    return random.randn(7, 4), random.randint(4, size=7)


def test_softmax_of_known_scores():
    """Is the loss the mean of -log p of the right class, worked out by hand?"""
    loss, dx = softmax_loss(np.log([[1.0, 3.0], [2.0, 2.0]]), np.array([1, 0]))
    assert loss == pytest.approx(-(np.log(3 / 4) + np.log(1 / 2)) / 2)
    np.testing.assert_allclose(dx, [[1 / 8, -1 / 8], [-1 / 4, 1 / 4]])


def test_svm_of_known_scores():
    """Is the loss the mean sum of the margins that are violated, worked out by hand?"""
    loss, dx = svm_loss(np.array([[3.0, 2.5, 0.0], [1.0, 2.0, 4.0]]), np.array([0, 1]))
    assert loss == pytest.approx((0.5 + 3) / 2)
    np.testing.assert_allclose(dx, [[-0.5, 0.5, 0], [0, -0.5, 0.5]])


@pytest.mark.parametrize("loss", LOSSES)
def test_gradient(loss, scores_and_labels):
    """Is dx the numerical gradient?"""
    x, y = scores_and_labels
    assert rel_error(loss(x, y)[1], eval_numerical_gradient(lambda x: loss(x, y)[0], x)) < 1e-7


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_and_arguments_are_not_changed(loss, dtype, scores_and_labels):
    """Do float32 scores give a float32 loss and gradient, and are scores and labels left as they were?"""
    x, y = scores_and_labels
    x = x.astype(dtype)
    before = x.copy(), y.copy()
    value, dx = loss(x, y)
    assert (value.dtype, dx.dtype, dx.shape) == (dtype, dtype, x.shape)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_scores(dtype):
    """Are both losses exact, without a warning, for scores of ±1000?"""
    x, y = np.array([[1000, -1000, 0], [1000, -1000, 0]], dtype), np.array([0, 1])
    loss, dx = softmax_loss(x, y)
    assert loss == 1000
    np.testing.assert_array_equal(dx, [[0, 0, 0], [0.5, -0.5, 0]])
    assert svm_loss(x, y)[0] == (2001 + 1001) / 2


def test_integer_scores():
    """Are integer scores taken as float64?"""
    for loss in LOSSES:
        value, dx = loss(np.array([[1, 2], [3, 4]]), np.array([0, 1]))
        assert value.dtype == dx.dtype == np.float64


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("x", "y", "error", "text"),
    [
        (np.ones((2, 3)), np.array([0, 3]), ValueError, "from 0 to 3, but the scores have 3 columns"),
        (np.ones((2, 3)), np.array([-1, 0]), ValueError, "labels go from -1"),
        (np.ones((2, 3)), np.array([0.0, 1.0]), TypeError, "labels must be integers, not float64"),
        (np.ones((2, 3)), np.array([0]), ValueError, r"\(2, 3\) and \(1,\)"),
        (np.ones(3), np.array([0]), ValueError, r"scores must be \(N, C\)"),
        (np.ones((0, 3)), np.array([], int), ValueError, "N and C > 0"),
    ],
)
def test_wrong_arguments(loss, x, y, error, text):
    """Does an error say which argument is wrong?"""
    with pytest.raises(error, match=text):
        loss(x, y)
