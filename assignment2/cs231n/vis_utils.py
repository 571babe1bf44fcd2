"""Draw images and training runs, in one style.

The functions that draw make a new figure with pyplot and return nothing; plt.gcf() is the figure, for
plt.gcf().savefig(...). `show` shows what was drawn, with a text for people who cannot see it. Without
`show`, a notebook shows the figures of a cell below it as usual.
"""

import base64
import io
import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cs231n import _described
from cs231n._shell import shell

# Okabe and Ito's colors can be told apart with any kind of color vision; dashes and markers serve gray print.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def show(description=""):
    """Show the open figures below the cell, with a text that replaces the picture, and their numbers as a table.

    description: what the picture shows, in a sentence or two; the titles, ends and extremes of the lines are added
    """
    if shell() is None or "inline" not in plt.get_backend().lower():
        plt.show()
        return
    for figure in map(plt.figure, plt.get_fignums()):
        _display(figure, description)
    plt.close("all")


def _display(figure, description):
    from IPython.display import display

    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=80, bbox_inches="tight", facecolor="white")
    text = " ".join(filter(None, (description, _described.words(figure))))
    data = {"image/png": base64.b64encode(picture.getvalue()).decode(), "text/plain": text}
    display(data, metadata={"image/png": {"alt": text}}, raw=True)
    if table := _described.as_html(text, _described.rows(figure)):
        display({"text/html": table, "text/plain": ""}, raw=True)


def line_style(n):
    """Return the style of the n-th line of a plot: color, dashes and marker all differ."""
    looks = {"color": COLORS[n % len(COLORS)], "linestyle": DASHES[n % len(DASHES)]}
    return {**looks, "marker": MARKERS[n % len(MARKERS)], "markersize": 4}


def plot_lines(axis, x, lines, title, xlabel, ylabel, xscale="linear", yscale="linear"):
    """Plot lines over the same x in a panel.

    lines: dict of name -> values; the caller adds the legend, since panels often share one
    """
    for n, (name, y) in enumerate(lines.items()):
        axis.plot(x, y, label=name, **line_style(n))
    axis.set(title=title, xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale)
    if xscale == "linear" and np.array_equal(x, np.round(x)):
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.grid(alpha=0.3)


def visualize_grid(Xs, ubound=255.0, padding=1):
    """Put images into a square grid, each stretched to the range 0 ... ubound.

    Xs: images, shape (N, H, W, C). padding: black pixels between them.
    Returns a float array of shape (R*H + (R-1)*padding, R*W + (R-1)*padding, C) with R = ceil(sqrt(N)). Positions
    without an image are black, and so is an image with a single value.
    """
    Xs = np.asarray(Xs)
    if Xs.ndim != 4 or len(Xs) == 0:
        raise ValueError(f"images must have the shape (N, H, W, C), N > 0, not {Xs.shape}")
    N, H, W, C = Xs.shape
    rows = math.ceil(math.sqrt(N))
    grid = np.zeros((rows * (H + padding) - padding, rows * (W + padding) - padding, C))
    for n, image in enumerate(Xs):
        top, left = (n // rows) * (H + padding), (n % rows) * (W + padding)
        grid[top : top + H, left : left + W] = ubound * _stretched(image)
    return grid


def show_images(images, titles=None, columns=None, size=1.3, title=None):
    """Show images side by side, each stretched to the full range of brightness.

    images: shape (N, 3, H, W) or (N, H, W, 3) or (N, H, W), or a list of images (of possibly different sizes).
    titles: a text above each image. columns: images in a row, by default at most 10. size: inches of an image.
    title: a heading for the picture.
    """
    images = [_channels_last(image) for image in images]
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"there are {len(images)} images, but {len(titles)} titles")
    columns = min(len(images), 10) if columns is None else columns
    rows = math.ceil(len(images) / columns)
    above = 0.25 if titles is not None else 0
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(columns * size, rows * (size + above) + (0.35 if title else 0)),
        squeeze=False,
        layout="constrained",
    )
    for axis in axes.flat:
        axis.axis("off")
    for n, (axis, image) in enumerate(zip(axes.flat, images, strict=False)):
        axis.imshow(_stretched(image), cmap="gray", interpolation="nearest")
        if titles is not None:
            axis.set_title(str(titles[n]), fontsize=9, pad=3)
    if title:
        figure.suptitle(title)


def plot_training(solvers, title=None, log_loss=False, smooth=None):
    """Compare training runs in three panels: training loss, training accuracy and validation accuracy.

        plot_training({"SGD": solver, "SGD with momentum": other})

    solvers: a dict of name -> Solver, or one Solver. title: a heading for the picture. log_loss: a logarithmic axis for
    the loss. smooth: the bold line is the running mean of the loss over that many iterations, by default a
    twentieth of the run; the pale line is the loss itself. 1 draws the loss only.
    """
    runs = solvers if isinstance(solvers, dict) else {"the run": solvers}
    layout = ConstrainedLayoutEngine(w_pad=0.1)
    figure, (loss, train, val) = plt.subplots(1, 3, figsize=(13, 4), layout=layout)
    for n, (name, solver) in enumerate(runs.items()):
        _plot_loss(loss, solver.loss_history, smooth, {**line_style(n), "marker": "", "label": name})
        for axis, history in ((train, solver.train_acc_history), (val, solver.val_acc_history)):
            axis.plot(_epochs(solver), history, label=name, **line_style(n))
    loss.set(title="Training loss", xlabel="Iteration", ylabel="Loss", yscale="log" if log_loss else "linear")
    for axis, what in ((train, "Training"), (val, "Validation")):
        axis.set(title=f"{what} accuracy", xlabel="Epoch", ylabel="Accuracy")
        axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    # The same scale for both accuracies: the gap between them shows overfitting.
    train.sharey(val)
    train.autoscale_view()
    for axis in (loss, train, val):
        axis.grid(alpha=0.3)
    if isinstance(solvers, dict):
        handles, labels = val.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 5), frameon=False)
    if title:
        figure.suptitle(title)


def _plot_loss(axis, losses, smooth, style):
    iterations = np.arange(1, len(losses) + 1)
    window = max(1, len(losses) // 20) if smooth is None else smooth
    if window > 1:
        axis.plot(iterations, losses, color=style["color"], alpha=0.2, linewidth=0.8)
    axis.plot(iterations, _running_mean(losses, window), **style)


def _running_mean(values, window):
    """Return the mean of the last `window` values at each position, or of all values so far if there are fewer."""
    sums = np.concatenate([[0.0], np.cumsum(np.asarray(values, dtype=np.float64))])
    end = np.arange(1, len(values) + 1)
    start = np.maximum(end - window, 0)
    return (sums[end] - sums[start]) / (end - start)


def _epochs(solver):
    """Return after how many epochs each accuracy was measured."""
    measured = getattr(solver, "acc_epochs", None)
    return list(range(len(solver.val_acc_history))) if measured is None else measured


def _stretched(image):
    """Return an image with its smallest value at 0 and its largest at 1, or all 0 if there is only one value."""
    image = np.asarray(image, dtype=np.float64)
    low, high = image.min(), image.max()
    return (image - low) / (high - low) if high > low else np.zeros_like(image)


def _channels_last(image):
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[2] not in (1, 3) and image.shape[0] in (1, 3):
        image = image.transpose(1, 2, 0)
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 3)):
        raise ValueError(f"an image has the shape (3, H, W), (H, W, 3) or (H, W), not {image.shape}")
    return image
