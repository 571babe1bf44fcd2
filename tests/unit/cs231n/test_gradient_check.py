"""Numerical gradients and relative errors."""

import numpy as np
import pytest
from cs231n.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array, rel_error


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 2)])
def test_scalar_function(shape):
    """Is the gradient of sum(sin x) cos x at every entry, for any number of dimensions, x unchanged?"""
    x = np.array(np.random.RandomState(0).randn(*shape))
    before = x.copy()
    gradient = eval_numerical_gradient(lambda x: np.sin(x).sum(), x)
    np.testing.assert_allclose(gradient, np.cos(before), rtol=1e-9, atol=1e-10)
    np.testing.assert_array_equal(x, before)


def test_array_function():
    """Is the gradient of sum(x² @ a * df) what the chain rule gives, also for a strided x?"""
    random = np.random.RandomState(1)
    a, df = random.randn(3, 5), random.randn(4, 5)
    for x in (random.randn(4, 3), np.asfortranarray(random.randn(4, 3)), random.randn(4, 6)[:, ::2]):
        gradient = eval_numerical_gradient_array(lambda x: x**2 @ a, x, df)
        np.testing.assert_allclose(gradient, 2 * x * (df @ a.T), rtol=1e-8, atol=1e-9)


def test_function_that_reads_x_elsewhere():
    """Does it work for a model's parameter, which the function does not take from its argument?"""
    params = {"W": np.array([1.0, 2.0])}
    gradient = eval_numerical_gradient(lambda _: (params["W"] ** 2).sum(), params["W"])
    np.testing.assert_allclose(gradient, [2, 4])


def test_function_that_reuses_its_output():
    """Is f's output copied before f is called again?"""
    out = np.zeros(2)

    def f(x):
        out[:] = 3 * x
        return out

    np.testing.assert_allclose(eval_numerical_gradient_array(f, np.ones(2), np.array([1.0, 2.0])), [3, 6])


def test_x_is_restored_when_f_fails():
    """Is x as it was when f raises?"""
    x = np.array([1.0, 2.0])

    def f(x):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        eval_numerical_gradient(f, x)
    np.testing.assert_array_equal(x, [1.0, 2.0])


def test_keywords_of_cs231n(capsys):
    """Does it take verbose and h by name, as code for CS231n gives them?"""
    x = np.array([2.0])
    assert eval_numerical_gradient(lambda x: x[0] ** 2, x, verbose=False, h=1e-4) == pytest.approx(4)
    assert capsys.readouterr().out == ""
    eval_numerical_gradient(lambda x: x[0] ** 2, x, verbose=True)
    assert capsys.readouterr().out.startswith("(0,) 4.0")


@pytest.mark.parametrize(
    ("f", "x", "error", "text"),
    [
        (np.sum, np.array([1, 2]), TypeError, "not int64: use x.astype"),
        (np.sum, [1.0], TypeError, "not list"),
        (np.sum, np.ones(2, np.float32), ValueError, "h=1e-05 is lost in the rounding of float32"),
        (lambda x: x, np.ones(2), ValueError, r"shape \(2,\).*use eval_numerical_gradient_array"),
    ],
)
def test_wrong_arguments(f, x, error, text):
    """Does an error say what is wrong and what to use instead?"""
    with pytest.raises(error, match=text):
        eval_numerical_gradient(f, x)


def test_upstream_gradient_of_another_shape():
    """Is an upstream gradient refused that would only be broadcast?"""
    with pytest.raises(ValueError, match=r"f\(x\) has the shape \(2, 3\), but the upstream gradient df has \(3,\)"):
        eval_numerical_gradient_array(lambda x: x, np.ones((2, 3)), np.ones(3))


def test_rel_error():
    """Is it the largest of the entries' relative errors, 0 for equal arrays, and NaN never hidden?"""
    assert rel_error([1.0, 3.0], [1.0, 1.0]) == 0.5
    assert rel_error(np.zeros((2, 2)), np.zeros((2, 2))) == 0
    assert rel_error(2.0, 2.0) == 0
    assert rel_error(np.zeros((0, 3)), np.zeros((0, 3))) == 0
    assert np.isnan(rel_error([1.0, np.nan], [1.0, 1.0]))
    with pytest.raises(ValueError, match=r"the shapes differ: \(2,\) and \(2, 1\)"):
        rel_error(np.ones(2), np.ones((2, 1)))
