"""The graph of batch normalization with the student's own numbers, forward and backward."""

import numpy as np

from cs231n.figures import svg
from cs231n.figures.figure import Figure, Frame
from cs231n.figures.svg import BLUE, VERMILION, number
from cs231n.gradient_check import eval_numerical_gradient_array

CELL, TOP, BELOW = 44, 40, 265  # upper edges of the first row of grids, and of the second
PLACES = {"x": (10, TOP), "mean": (150, BELOW), "var": (260, BELOW), "x_hat": (300, TOP), "scaled": (450, TOP),
          "out": (600, TOP), "gamma": (410, BELOW), "beta": (570, BELOW)}  # fmt: skip
TITLES = {"x": "x", "mean": "mean", "var": "variance", "x_hat": "x, normalized", "scaled": "times gamma", "out": "out"}
ARROWS = {"mean": [(100, 130, 165, 245)], "var": [(110, 130, 275, 245)],
          "x_hat": [(104, 110, 292, 110), (195, 245, 296, 170), (305, 245, 330, 220)],
          "scaled": [(394, 110, 442, 110), (450, 245, 480, 220)],
          "out": [(544, 110, 592, 110), (610, 245, 630, 220)]}  # fmt: skip
STEPS = ("x", "mean", "var", "x_hat", "scaled", "out")


def batchnorm_graph(batchnorm_forward, batchnorm_backward):
    """Show the values of the forward pass, step by step, and the gradients of the backward pass.

    batchnorm_forward, batchnorm_backward: the student's. The values between x and out come from calls with other
    parameters. The gradients are compared with numerical ones of batchnorm_forward.
    """
    values = _forward(batchnorm_forward)
    dout = np.array([[1.0, -0.5], [0.0, 1.0], [2.0, 0.5], [-1.0, 0.0]])
    gradients, numerical = _backward(batchnorm_forward, batchnorm_backward, values, dout)
    frames: list[Frame] = []
    rows: list[list[object]] = []
    inputs = _node("gamma", values["gamma"], "gamma") + _node("beta", values["beta"], "beta")
    drawn = inputs
    for name in STEPS:
        drawn += "".join(svg.arrow(*ends, BLUE) for ends in ARROWS.get(name, [])) + _node(
            name, values[name], TITLES[name]
        )
        frames.append(Frame(f"{len(frames) + 1}. {TITLES[name]}", drawn, _said(name, values)))
        rows += _rows(name, values[name])
    backward = _node("out", dout, "dout")
    frames.append(Frame("7. dout", backward, "Backward: the gradient of the loss with respect to out arrives."))
    for name, source in (("beta", "out"), ("gamma", "out"), ("x", "out")):
        (x0, y0), (x1, y1) = PLACES[source], PLACES[name]
        ends = (x0 - 8, y0 + 88, x1 + 2 * CELL + 8, y1 + 88) if name == "x" else (x0 + 20, y0 + 182, x1 + 40, y1 - 22)
        backward += svg.arrow(*ends, VERMILION) + _gradient(name, gradients[name], numerical[name])
        frames.append(Frame(f"{len(frames) + 1}. d{name}", backward, _compared(name, gradients[name], numerical[name])))
        rows += _rows(f"d{name}", gradients[name])
    alt = (
        "The computational graph of batch normalization with numbers: x, mean and variance of each feature, x "
        "normalized, times gamma, plus beta; and the gradients that come back to beta, gamma and x."
    )
    return Figure(
        "Batch normalization with your numbers", alt, 720, BELOW + 60, "", frames,
        "Steps, forward and then backward: click, drag, or use the arrow keys", 5,
        ["name", "row", "values"], rows, chosen=5,
    )  # fmt: skip


def _forward(forward):
    """Return the values at the nodes, from calls; with a momentum of 0, the averages are those of the batch."""
    x = np.array([[3.0, 0.0], [9.0, 1.0], [11.0, 1.0], [17.0, 4.0]])
    gamma, beta = np.array([2.0, 0.5]), np.array([1.0, -1.0])
    param = {"mode": "train", "momentum": 0.0}
    found = {"x": x, "gamma": gamma, "beta": beta, "out": forward(x.copy(), gamma, beta, param)[0]}
    found["x_hat"] = forward(x.copy(), np.ones(2), np.zeros(2), {"mode": "train"})[0]
    found["scaled"] = forward(x.copy(), gamma, np.zeros(2), {"mode": "train"})[0]
    missing = np.full(2, np.nan)
    return {**found, "mean": param.get("running_mean", missing), "var": param.get("running_var", missing)}


def _backward(forward, backward, values, dout):
    """Return the gradients of the student's backward pass, and numerical ones of the forward pass, by input."""
    names = ("x", "gamma", "beta")
    _, cache = forward(*(values[name].copy() for name in names), {"mode": "train"})
    gradients = dict(zip(names, backward(dout.copy(), cache), strict=True))

    def numerical(name):
        def out(value):
            arguments = {**values, name: value}
            return forward(*(arguments[each].copy() for each in names), {"mode": "train"})[0]

        return eval_numerical_gradient_array(out, values[name], dout)

    return gradients, {name: numerical(name) for name in names}


def _node(name, value, title):
    return svg.grid(value, *PLACES[name], cell=CELL, title=title)


def _gradient(name, gradient, numerical):
    """Draw a gradient, with a frame around each entry that differs from the numerical one."""
    x, y = PLACES[name]
    wrong = ~np.isclose(np.atleast_2d(gradient), np.atleast_2d(numerical), rtol=1e-4, atol=1e-6)
    marks = "".join(svg.frame(x + c * CELL, y + r * CELL, CELL, CELL, dashed=True) for r, c in np.argwhere(wrong))
    return svg.grid(gradient, x, y, cell=CELL, title=f"d{name}") + marks


def _compared(name, gradient, numerical):
    close = np.isclose(gradient, numerical, rtol=1e-4, atol=1e-6)
    if close.all():
        return f"Your d{name} is the numerical gradient of your forward pass."
    worst = np.unravel_index(np.argmax(np.abs(gradient - numerical)), close.shape)
    place, got, right = ", ".join(map(str, worst)), number(gradient[worst]), number(numerical[worst])
    return (
        f"Your d{name} is not the numerical gradient of your forward pass: [{place}] is {got}, and should be {right}."
    )


def _said(name, values):
    columns = {"mean": values["mean"], "var": values["var"], "x_hat": values["x_hat"].std(axis=0)}
    said = {
        "x": "Forward: four examples with two features.",
        "mean": "The mean of each feature over the batch: {}.",
        "var": "The variance of each feature over the batch: {}.",
        "x_hat": "Each feature now has the standard deviation {}.",
        "scaled": "Each feature is multiplied by its gamma.",
        "out": "Each feature gets its beta added: out.",
    }
    return said[name].format(", ".join(number(value) for value in columns.get(name, [])))


def _rows(name, array):
    return [[name, n, ", ".join(map(number, row))] for n, row in enumerate(np.atleast_2d(array))]
