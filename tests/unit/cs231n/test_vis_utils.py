"""Pictures of images and training runs."""

from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt
from cs231n import _described
from cs231n.vis_utils import line_style, plot_lines, plot_training, show, show_images, visualize_grid


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def run(accuracies=(0.1, 0.3, 0.4), iterations=40, **more):
    losses = [2.3 - 0.01 * t for t in range(iterations)]
    return SimpleNamespace(loss_history=losses, train_acc_history=accuracies, val_acc_history=accuracies, **more)


def overlaps(figure):
    """Pairs of texts in a drawn figure of which one covers the other."""
    figure.canvas.draw()
    texts = [text for text in figure.findobj(mpl.text.Text) if text.get_visible() and text.get_text().strip()]
    texts = [text for text in texts if (text.get_window_extent().width > 0 and text.axes is None) or text.axes.axison]
    boxes = [(text.get_text(), text.get_window_extent().shrunk(0.95, 0.9)) for text in texts]
    return [(a, b) for n, (a, one) in enumerate(boxes) for b, other in boxes[:n] if one.overlaps(other)]


def test_grid_places_and_stretches_images():
    """Does each image fill its range, in rows, with black lines between and black places left over?"""
    images = np.arange(5 * 2 * 3 * 1, dtype=float).reshape(5, 2, 3, 1)
    grid = visualize_grid(images, ubound=10.0, padding=2)
    assert grid.shape == (3 * 2 + 2 * 2, 3 * 3 + 2 * 2, 1)
    for n in range(5):
        top, left = n // 3 * 4, n % 3 * 5
        np.testing.assert_allclose(grid[top : top + 2, left : left + 3].ravel(), np.arange(6) * 2)
    assert grid.sum() == 5 * 30


@pytest.mark.filterwarnings("error")
def test_grid_of_a_constant_image():
    """Is an image of one value black rather than NaN, and the argument not changed?"""
    images = np.full((1, 2, 2, 3), 7)
    np.testing.assert_array_equal(visualize_grid(images), np.zeros((2, 2, 3)))
    assert (images == 7).all()


@pytest.mark.parametrize("shape", [(0, 2, 2, 3), (2, 2, 3)])
def test_grid_of_something_else(shape):
    """Does an array of another shape give an error that shows both shapes?"""
    with pytest.raises(ValueError, match=r"must have the shape \(N, H, W, C\)"):
        visualize_grid(np.zeros(shape))


@pytest.mark.parametrize("shape", [(12, 3, 8, 6), (12, 8, 6, 3), (12, 8, 6)])
def test_images_of_any_layout(shape):
    """Are images shown upright whichever axis holds the channels, with their titles?"""
    images = np.random.RandomState(0).randn(*shape)
    show_images(images, titles=range(12), columns=5, title="Twelve")
    figure = plt.gcf()
    shown = [axis for axis in figure.axes if axis.images]
    assert [axis.get_title() for axis in shown] == [str(n) for n in range(12)]
    assert {axis.images[0].get_array().shape[:2] for axis in shown} == {(8, 6)}
    assert len(figure.axes) == 15
    assert figure.get_suptitle() == "Twelve"


def test_images_that_cannot_be_shown():
    """Does an error tell the shape, and a wrong number of titles?"""
    with pytest.raises(ValueError, match=r"not \(2, 8, 8\)"):
        show_images(np.zeros((1, 2, 8, 8)))
    with pytest.raises(ValueError, match="there are 2 images, but 1 titles"):
        show_images(np.zeros((2, 8, 8)), titles=["one"])


def test_training_curves_are_labeled():
    """Has each panel its title and axes' labels, each run one entry in one legend, and no text another on top?"""
    names = ["SGD", "SGD with momentum", "RMSProp", "Adam", "one more rule of a long name"]
    plot_training({name: run(acc_epochs=[0, 1, 2]) for name in names}, title="Update rules")
    figure = plt.gcf()
    assert [axis.get_title() for axis in figure.axes] == ["Training loss", "Training accuracy", "Validation accuracy"]
    assert [axis.get_xlabel() for axis in figure.axes] == ["Iteration", "Epoch", "Epoch"]
    assert [axis.get_ylabel() for axis in figure.axes] == ["Loss", "Accuracy", "Accuracy"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == names
    assert len({(line.get_color(), line.get_linestyle()) for line in figure.axes[2].lines}) == 5
    assert overlaps(figure) == []


def test_training_curves_show_the_histories():
    """Are the losses drawn as they are beneath their running mean, and the accuracies at their epochs?"""
    solver = run(acc_epochs=[0, 2, 5])
    plot_training({"run": solver}, smooth=4, log_loss=True)
    loss, train, val = plt.gcf().axes
    pale, bold = loss.lines
    np.testing.assert_array_equal(pale.get_ydata(), solver.loss_history)
    assert bold.get_ydata()[0] == pytest.approx(solver.loss_history[0])
    assert bold.get_ydata()[9] == pytest.approx(np.mean(solver.loss_history[6:10]))
    assert loss.get_yscale() == "log"
    for axis in (train, val):
        np.testing.assert_array_equal(axis.lines[0].get_xdata(), [0, 2, 5])
        np.testing.assert_array_equal(axis.lines[0].get_ydata(), solver.val_acc_history)


def test_both_accuracies_have_one_scale():
    """Can the gap between training and validation accuracy be read from the two panels?"""
    solver = run()
    solver.train_acc_history = (0.1, 0.8, 0.99)
    plot_training(solver)
    _, train, val = plt.gcf().axes
    assert train.get_ylim() == val.get_ylim()
    assert val.get_ylim()[1] > 0.99
    assert plt.gcf().legends == []


# -- for who does not see a figure


def test_a_figure_in_words_and_numbers():
    """Do titles, labels, ends and extremes of lines, bars and images come through, and helping lines not?"""
    figure, (left, middle, right) = plt.subplots(1, 3)
    plot_lines(left, [0, 1, 2], {"SGD": [3.0, 1.0, 2.0]}, title="Loss", xlabel="Epoch", ylabel="loss")
    left.axvline(1)
    middle.bar([1, 2], [5, 7])
    middle.set(title="Counts")
    right.imshow(np.zeros((4, 6)))
    right.set_title("Filter")
    assert _described.words(figure) == (
        "Loss (loss against Epoch): SGD from 3 at 0 to 2 at 2, lowest 1, highest 3. "
        "Counts: 2 bars, the highest 7 at 2. Filter: an image of 6 by 4."
    )
    loss = [["Loss", "SGD", str(x), str(y)] for x, y in ((0, 3), (1, 1), (2, 2))]
    assert _described.rows(figure) == [*loss, ["Counts", "bar", "1", "5"], ["Counts", "bar", "2", "7"]]
    assert "<td>SGD</td>" in _described.as_html("x", loss)


def test_long_lines_in_numbers():
    """Does the table hold the ends of a long line, and few of the points between?"""
    figure, axis = plt.subplots()
    plot_lines(axis, np.arange(1000), {"line": np.arange(1000)}, title="t", xlabel="x", ylabel="y")
    found = _described.rows(figure)
    assert len(found) == _described.POINTS
    assert [found[0][-1], found[-1][-1]] == ["0", "999"]


def test_lines_differ_without_color():
    """Do the first lines of a plot differ in dashes and in markers, not in color only?"""
    styles = [line_style(n) for n in range(4)]
    assert len({style["linestyle"] for style in styles}) == len({style["marker"] for style in styles}) == 4


def test_ticks_at_epochs_that_exist():
    """Are the ticks of whole epochs whole numbers?"""
    axis = plt.figure().subplots()
    plot_lines(axis, [0, 1, 2], {"line": [1, 2, 3]}, title="t", xlabel="Epoch", ylabel="y")
    assert all(tick == round(tick) for tick in axis.get_xticks())


def test_show_in_a_notebook(monkeypatch):
    """Is each open figure shown once, with its text and its table, and closed?"""
    shown = []
    monkeypatch.setattr("cs231n.vis_utils.shell", lambda: object())
    monkeypatch.setattr(plt, "get_backend", lambda: "module://matplotlib_inline.backend_inline")
    monkeypatch.setattr("IPython.display.display", lambda data, **more: shown.append((data, more)))
    plot_training(run())
    show("The loss falls.")
    (picture, more), (table, _) = shown
    assert picture["text/plain"].startswith(
        "The loss falls. Training loss (Loss against Iteration): the run from 2.3 at 1 to"
    )
    assert more["metadata"] == {"image/png": {"alt": picture["text/plain"]}}
    assert "Validation accuracy" in table["text/html"]
    assert plt.get_fignums() == []


def test_show_in_a_script(monkeypatch):
    """Is a figure shown by Matplotlib where there is no notebook?"""
    called = []
    monkeypatch.setattr(plt, "show", lambda: called.append(True))
    show()
    assert called
