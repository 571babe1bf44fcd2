"""The sample submissions: how their networks are trained."""

import numpy as np
import pytest
from autograder.demo.training import CoarseSolver
from cs231n import model_io


class Linear:
    """Softmax regression on images, in the dtype of its weights."""

    def __init__(self):
        self.params = {"W1": np.random.RandomState(0).randn(3072, 4).astype(np.float32) / 100}

    def loss(self, X, y=None):
        rows = X.reshape(len(X), -1)
        scores = rows @ self.params["W1"]
        if y is None:
            return scores
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1
        return loss, {"W1": rows.T @ p / len(y)}


def test_a_network_trained_on_coarse_images_works_on_whole_ones():
    """After training with tied weights, has the network its full size, and the accuracy that the solver measured?"""
    random = np.random.RandomState(1)
    y = np.arange(120) % 4
    X = (random.randn(4, 3, 32, 32)[y] + 4 * random.randn(120, 3, 32, 32)).astype(np.float32)
    data = {"X_train": X[:80], "y_train": y[:80], "X_val": X[80:], "y_val": y[80:]}
    model = Linear()
    np.random.seed(2)
    solver = CoarseSolver(model, data, optim_config={"learning_rate": 1e-2}, batch_size=20, num_epochs=5, verbose=False)
    solver.train()
    assert model.params["W1"].shape == (3072, 4)
    assert model.params["W1"].dtype == np.float32
    assert solver.best_val_acc > 0.5
    assert model_io.accuracy(model, data["X_val"], data["y_val"]) == pytest.approx(solver.best_val_acc)
