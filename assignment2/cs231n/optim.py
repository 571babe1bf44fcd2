"""Update rules: how a parameter moves when its gradient is known.

An update rule is a function

    next_w, config = rule(w, dw, config)

    w       array of any shape: the parameter now
    dw      array of the same shape: the gradient of the loss with respect to w
    config  dict: the rule's settings, such as "learning_rate", and what it must remember from one step to the
            next, such as a velocity; None means an empty dict
    next_w  array, shape and dtype of w: the parameter after the step; w and dw do not change
    config  the dict to pass in at the next step

A rule sets missing settings to its defaults (`config.setdefault`). The Solver keeps one config for each parameter, so a
rule may store arrays of w's shape in it. `Solver(lr_decay=...)` lowers the setting "learning_rate".

Only the simplest rule is here. Pass a rule that you write in a notebook to the Solver as it is:
`Solver(..., update_rule=adam)`.
"""


def sgd(w, dw, config=None):
    """Take a step of plain stochastic gradient descent: next_w = w - learning_rate * dw.

    w, dw: arrays of the same shape. config: "learning_rate", 0.01 if it is missing.
    Returns (next_w, config); next_w is a new array.
    """
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    return w - config["learning_rate"] * dw, config
