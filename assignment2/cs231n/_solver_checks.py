"""Check what a Solver requires of its arguments, its model and its update rule, and say what is wrong."""

import difflib

import numpy as np

from cs231n import optim


def refuse_unknown(unknown, known):
    """Raise TypeError for arguments that Solver does not have, and suggest the name that was probably meant."""
    messages = []
    for name in unknown:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f": did you mean {close[0]!r}?" if close else f"; it knows {', '.join(known)}"
        messages.append(f"Solver has no argument {name!r}{hint}")
    if messages:
        raise TypeError(". ".join(messages))


def images_and_labels(data, part):
    """Return X_<part> (N, ...) and y_<part> (N,) of the data.

    Raises ValueError if one of them is missing, their numbers differ, or they are empty.
    """
    pair = []
    for name in (f"X_{part}", f"y_{part}"):
        if name not in data:
            raise ValueError(
                f"the data have no {name!r}, only {sorted(data)}; see get_CIFAR10_data for what a Solver needs"
            )
        pair.append(np.asarray(data[name]))
    X, y = pair
    if len(X) != len(y) or len(X) == 0:
        raise ValueError(
            f"X_{part} has {len(X)} images and y_{part} has {len(y)} labels: the numbers must be equal, not 0"
        )
    return X, y


def find_update_rule(rule):
    """Return an update rule: a function itself, or the function with that name in cs231n.optim.

    Raises TypeError for anything else, ValueError for an unknown name.
    """
    if callable(rule):
        return rule
    if not isinstance(rule, str):
        raise TypeError(f"update_rule must be a function or the name of one in cs231n.optim, not {rule!r}")
    found = None if rule.startswith("_") else getattr(optim, rule, None)
    if not callable(found):
        raise ValueError(
            f"update_rule {rule!r} is not in cs231n.optim: pass the function that you wrote, "
            f"Solver(..., update_rule={rule})"
        )
    return found


def at_least(smallest, name, value):
    """Return the value; raises ValueError if it is smaller than `smallest`."""
    if not value >= smallest:
        raise ValueError(f"{name} must be at least {smallest}, not {value}")
    return value


def gradient_of(name, w, grads):
    """Return the gradient of the parameter w; raises ValueError if the model's loss returned none of its shape."""
    if name not in grads:
        raise ValueError(f"the model has a parameter {name!r}, but its loss returned no gradient with that name")
    if np.shape(grads[name]) != w.shape:
        raise ValueError(f"{name} has the shape {w.shape}, but its gradient has {np.shape(grads[name])}")
    return grads[name]


def next_parameter(name, w, rule, result):
    """Return (next_w, config) from what an update rule returned for w: next_w of the shape and dtype of w."""
    rule_name = getattr(rule, "__name__", "the update rule")
    if not isinstance(result, tuple) or len(result) != 2 or result[0] is None:
        raise TypeError(f"{rule_name} must return (next_w, config)")
    next_w, config = result
    if np.shape(next_w) != w.shape:
        raise ValueError(f"{rule_name} turned {name} of shape {w.shape} into shape {np.shape(next_w)}")
    return np.asarray(next_w).astype(w.dtype, copy=False), config


def why_not_finite(solver, X):
    """Return why the last loss is NaN or infinite, as precisely as possible. X: the mini-batch"""
    params, losses = solver.model.params, solver.loss_history
    text = f"the loss is {losses[-1]} in iteration {len(losses)} (epoch {solver.epoch + 1}); training has stopped. "
    if not np.all(np.isfinite(X)):
        return text + "The images of this mini-batch contain NaN or infinite values: look at X_train."
    broken = [name for name, w in params.items() if not np.all(np.isfinite(w))]
    if broken:
        text += f"Not finite any more: {', '.join(broken)}. "
    other = (
        "an overflow or log(0) in the loss (subtract each row's maximum from the scores before exp, as "
        "softmax_loss does), a division by 0 or the square root of a negative number (a missing eps)"
    )
    scale = "weights that start too large (try a smaller weight_scale)"
    if len(losses) == 1:
        return text + f"No step was taken yet, so the learning rate is not the cause. Usual causes: {scale}; {other}."
    rates = [config["learning_rate"] for config in solver.optim_configs.values() if "learning_rate" in config]
    now = f"; it is {rates[0]:g} now" if rates else ""
    before = ", ".join(f"{value:.4g}" for value in losses[-4:-1])
    return text + (
        f"The losses before: {before}. Usual causes: a learning rate that is too high (divide it by 10{now}); "
        f"{scale}; a wrong sign or factor in the update rule; {other}."
    )
