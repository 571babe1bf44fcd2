"""The losses of assignment 1: softmax and multiclass SVM."""

import numpy as np


def softmax_loss(x, y):
    """Return the softmax loss, the mean cross-entropy, and its gradient.

    x: scores, shape (N, C). y: labels, integers in 0 ... C-1, shape (N,).
    Returns (loss, dx): the mean over the N examples of -log(exp(x[i, y[i]]) / sum_j exp(x[i, j])), and its
    gradient with respect to x, shape (N, C). Both have the dtype of x (float64 for integer scores).
    """
    x, y = _scores_and_labels(x, y)
    N = len(x)
    # Softmax does not change when a row is shifted; with its maximum at 0, exp cannot overflow.
    shifted = x - x.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probs[np.arange(N), y].mean()
    dx = np.exp(log_probs)
    dx[np.arange(N), y] -= 1
    return loss, dx / N


def svm_loss(x, y):
    """Return the mean multiclass hinge loss with margin 1 (Weston and Watkins, 1999), and its gradient.

    x: scores, shape (N, C). y: labels, integers in 0 ... C-1, shape (N,).
    Returns (loss, dx): the mean over the N examples of sum_{j != y[i]} max(0, x[i, j] - x[i, y[i]] + 1), and
    its gradient with respect to x, shape (N, C); where a margin is exactly 0, its gradient is taken to be 0.
    Both have the dtype of x (float64 for integer scores).
    """
    x, y = _scores_and_labels(x, y)
    N = len(x)
    rows = np.arange(N)
    margins = np.maximum(0, x - x[rows, y][:, np.newaxis] + 1)
    margins[rows, y] = 0
    loss = margins.sum(axis=1).mean()
    dx = (margins > 0).astype(x.dtype)
    dx[rows, y] = -dx.sum(axis=1)
    return loss, dx / N


def _scores_and_labels(x, y):
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim != 2 or y.shape != x.shape[:1] or x.size == 0:
        raise ValueError(f"scores must be (N, C) and labels (N,), N and C > 0; they are {x.shape} and {y.shape}")
    if not np.issubdtype(y.dtype, np.integer):
        raise TypeError(f"labels must be integers, not {y.dtype}: use y.astype(int)")
    if y.min() < 0 or y.max() >= x.shape[1]:
        raise ValueError(
            f"labels go from {y.min()} to {y.max()}, but the scores have {x.shape[1]} columns: 0 to {x.shape[1] - 1}"
        )
    return x if np.issubdtype(x.dtype, np.floating) else x.astype(np.float64), y
