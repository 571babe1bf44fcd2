"""Training with Solver: what it records, keeps, prints and refuses."""

import json
import subprocess
import sys

import numpy as np
import pytest
from cs231n.layers import softmax_loss
from cs231n.optim import sgd
from cs231n.solver import Solver, wants_progress_bar


class Linear:
    """A linear classifier; it fails on mini-batches of another dtype than its own."""

    def __init__(self, dtype=np.float64, scale=0.01):
        self.dtype = dtype
        self.params = {"W": scale * np.random.RandomState(1).randn(20, 3).astype(dtype), "b": np.zeros(3, dtype)}

    def loss(self, X, y=None):
        assert X.dtype == self.dtype
        scores = X @ self.params["W"] + self.params["b"]
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        return loss, {"W": X.T @ dscores, "b": dscores.sum(axis=0)}


@pytest.fixture
def data():
    random = np.random.RandomState(0)
    X = random.randn(500, 20)
    y = np.argmax(X[:, :3] + 0.3 * random.randn(500, 3), axis=1)
    return {"X_train": X[:400], "y_train": y[:400], "X_val": X[400:], "y_val": y[400:]}


@pytest.fixture(autouse=True)
def no_progress_bar(monkeypatch):
    monkeypatch.setenv("CS231N_PROGRESS", "0")


def trained(data, model=None, **arguments):
    np.random.seed(231)
    settings = {"optim_config": {"learning_rate": 0.5}, "num_epochs": 3, "verbose": False, **arguments}
    solver = Solver(Linear() if model is None else model, data, **settings)
    solver.train()
    return solver


def test_training_learns_and_records(data):
    """Does a linear problem get solved, with one loss an iteration and accuracies before and after each epoch?"""
    solver = trained(data)
    assert solver.val_acc_history[-1] > 0.75
    assert len(solver.loss_history) == 3 * 4
    assert solver.loss_history[-1] < solver.loss_history[0] / 1.5
    assert solver.acc_epochs == [0, 1, 2, 3]
    assert len(solver.train_acc_history) == len(solver.val_acc_history) == 4
    assert solver.epoch == 3
    assert solver.best_val_acc == max(solver.val_acc_history)


def test_mini_batches_come_from_the_global_stream(data):
    """Are mini-batches and samples drawn in CS231n's order, so that a seed gives the same training?"""
    solver = trained(data, num_epochs=1, batch_size=200, num_train_samples=50, num_val_samples=30)
    model = Linear()
    np.random.seed(231)
    losses = []
    for _ in range(2):
        batch = np.random.choice(400, 200)
        loss, grads = model.loss(data["X_train"][batch], data["y_train"][batch])
        losses.append(loss)
        for name in model.params:
            model.params[name] = model.params[name] - 0.5 * grads[name]
        for part, count in (("train", 50), ("val", 30)):
            drawn = np.random.choice(len(data[f"X_{part}"]), count)
            scores = model.loss(data[f"X_{part}"][drawn])
            accuracy = np.mean(np.argmax(scores, axis=1) == data[f"y_{part}"][drawn])
    np.testing.assert_allclose(solver.loss_history, losses, rtol=1e-12)
    assert solver.val_acc_history[-1] == pytest.approx(accuracy)


def test_best_parameters_end_up_in_the_model(data):
    """Does the model have the parameters of the best validation accuracy, not the last ones?"""
    seen = []

    def worse_after_two_epochs(w, dw, config):
        config["t"] = config.get("t", 0) + 1
        seen.append(w)
        return (w - 0.5 * dw if config["t"] <= 8 else w + 5 * dw), config

    model = Linear()
    solver = trained(data, model, update_rule=worse_after_two_epochs, num_epochs=4)
    assert solver.val_acc_history[-1] < solver.best_val_acc
    assert solver.check_accuracy(data["X_val"], data["y_val"]) == solver.best_val_acc
    for name, w in solver.best_params.items():
        np.testing.assert_array_equal(model.params[name], w)


def test_rule_that_works_in_place(data):
    """Are the best parameters a copy, which a rule that changes w in place cannot reach?"""

    def in_place(w, dw, config):
        w += 0.5 * dw  # uphill: the first parameters are the best
        return w, config

    solver = trained(data, Linear(), update_rule=in_place, batch_size=400, num_epochs=5)
    assert solver.val_acc_history[0] == solver.best_val_acc > solver.val_acc_history[-1]
    assert solver.check_accuracy(data["X_val"], data["y_val"]) == solver.best_val_acc


def test_running_averages_belong_to_the_best_parameters(data):
    """Are the running averages of normalization those of the best moment too?"""

    class Normalized(Linear):
        bn_params = [{"running_mean": np.zeros(1)}]  # noqa: RUF012

        def loss(self, X, y=None):
            if y is not None:
                self.bn_params[0]["running_mean"] = self.bn_params[0]["running_mean"] + 1
            return super().loss(X, y)

    model = Normalized()
    solver = trained(data, model, optim_config={"learning_rate": 0.0}, num_epochs=2)
    assert solver.val_acc_history == [solver.best_val_acc] * 3
    assert model.bn_params[0]["running_mean"] == 1


def test_accuracy_of_zero_keeps_parameters(data):
    """Has the model its parameters even when every validation image is classified wrongly?"""
    data["y_val"] = np.full(100, 7)
    solver = trained(data)
    assert solver.best_val_acc == 0
    assert set(solver.best_params) == set(solver.model.params) == {"W", "b"}


def test_float64_images_leave_a_float32_model(data):
    """Do losses and parameters stay float32 with float64 images and a rule that computes in float64?"""

    def rule(w, dw, config):
        return w - np.float64(0.5) * dw, config

    solver = trained(data, Linear(np.float32), update_rule=rule)
    assert rule(np.ones(1, np.float32), np.ones(1, np.float32), {})[0].dtype == np.float64
    assert {w.dtype for w in solver.model.params.values()} == {np.dtype(np.float32)}
    assert {loss.dtype for loss in solver.loss_history} == {np.dtype(np.float32)}


def test_each_parameter_has_a_config_of_its_own(data):
    """Does an update rule remember something for each parameter apart, and is optim_config left as it was?"""

    def momentum(w, dw, config):
        config["velocity"] = 0.9 * config.get("velocity", np.zeros_like(w)) - config["learning_rate"] * dw
        return w + config["velocity"], config

    settings = {"learning_rate": 0.1}
    solver = trained(data, update_rule=momentum, optim_config=settings, lr_decay=0.5)
    assert settings == {"learning_rate": 0.1}
    assert {name: config["velocity"].shape for name, config in solver.optim_configs.items()} == {
        "W": (20, 3),
        "b": (3,),
    }
    assert {config["learning_rate"] for config in solver.optim_configs.values()} == {0.1 * 0.5**3}


def test_update_rule_by_name_and_as_a_function(data):
    """Do both ways of giving sgd train the same?"""
    assert trained(data, update_rule="sgd").loss_history == trained(data, update_rule=sgd).loss_history


def test_unknown_update_rule(data):
    """Is a rule that the student wrote, given by name, answered with how to pass it?"""
    expected = (
        "update_rule 'adam' is not in cs231n.optim: pass the function that you wrote, Solver(..., update_rule=adam)"
    )
    with pytest.raises(ValueError, match="update_rule") as error:
        Solver(Linear(), data, update_rule="adam")
    assert str(error.value) == expected
    with pytest.raises(TypeError, match=r"must be a function or the name of one in cs231n\.optim, not 3"):
        Solver(Linear(), data, update_rule=3)


def test_unknown_arguments(data):
    """Is an unknown argument named with the closest known one?"""
    with pytest.raises(TypeError, match="Solver has no argument 'learning_rate_decay'") as error:
        Solver(Linear(), data, optim_confg={}, learning_rate_decay=1)
    assert "no argument 'optim_confg': did you mean 'optim_config'?" in str(error.value)


@pytest.mark.parametrize(
    ("change", "arguments", "text"),
    [
        ({"X_val": None}, {}, "the data have no 'X_val', only"),
        ({"y_train": np.zeros(3, int)}, {}, "X_train has 400 images and y_train has 3 labels"),
        ({}, {"batch_size": 0}, "batch_size must be at least 1, not 0"),
        ({}, {"num_epochs": -1}, "num_epochs must be at least 0, not -1"),
        ({}, {"print_every": 0}, "print_every must be at least 1"),
    ],
)
def test_wrong_data_and_settings(data, change, arguments, text):
    """Does the constructor refuse data and settings that cannot work?"""
    data = {name: value for name, value in {**data, **change}.items() if value is not None}
    with pytest.raises(ValueError, match=text):
        Solver(Linear(), data, **arguments)


@pytest.mark.parametrize(
    ("rule", "error", "text"),
    [
        (lambda w, dw, config: w, TypeError, r"must return \(next_w, config\)"),
        (lambda w, dw, config: (None, config), TypeError, r"must return \(next_w, config\)"),
        (lambda w, dw, config: (w[:1], config), ValueError, r"turned W of shape \(20, 3\) into shape \(1, 3\)"),
        (lambda w, dw, config: (w, {}), ValueError, "lr_decay=0.9 lowers config"),
    ],
)
def test_update_rules_that_break_the_interface(data, rule, error, text):
    """Does an unfinished update rule give an error that says what it must return?"""
    with pytest.raises(error, match=text):
        trained(data, update_rule=rule, lr_decay=0.9)


def test_gradients_that_do_not_fit(data):
    """Is a missing gradient or one of another shape refused rather than broadcast?"""
    model = Linear()
    right = model.loss
    model.loss = lambda X, y=None: right(X) if y is None else (1.0, {"W": np.zeros((20, 3)), "b": np.zeros((1, 3))})
    with pytest.raises(ValueError, match=r"b has the shape \(3,\), but its gradient has \(1, 3\)"):
        trained(data, model)
    model.loss = lambda X, y=None: right(X) if y is None else (1.0, {"W": np.zeros((20, 3))})
    with pytest.raises(ValueError, match="has a parameter 'b', but its loss returned no gradient"):
        trained(data, model)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_divergence_stops_the_training(data):
    """Does a learning rate that is too high raise an error with the iteration, the rate and what else it may be?"""

    def rule(w, dw, config):
        return w - config["learning_rate"] * (dw + 2 * w), config

    with pytest.raises(FloatingPointError) as error:
        trained(data, update_rule=rule, optim_config={"learning_rate": 1e120}, num_epochs=30)
    text = str(error.value)
    assert "the loss is nan in iteration 4 (epoch 1)" in text
    assert "divide it by 10; it is 1e+120 now" in text
    assert "Not finite any more: W, b" in text
    assert "log(0)" in text


def test_a_first_loss_that_is_infinite(data):
    """Is the learning rate not blamed for a loss that is infinite before the first step?"""
    model = Linear()
    model.loss = lambda X, y=None: (np.inf, {})
    with pytest.raises(
        FloatingPointError, match=r"the loss is inf in iteration 1 .*the learning rate is not the cause.*weight_scale"
    ):
        trained(data, model)
    data["X_train"][:] = np.nan
    with pytest.raises(FloatingPointError, match="images of this mini-batch contain NaN"):
        trained(data)


def test_check_accuracy(data):
    """Is it the exact fraction over all batches, and over as many images as asked for?"""
    solver = Solver(Linear(), data)
    X, y = data["X_train"], data["y_train"]
    expected = np.mean(np.argmax(solver.model.loss(X), axis=1) == y)
    assert solver.check_accuracy(X, y, batch_size=37) == pytest.approx(expected)
    assert solver.check_accuracy(X, y, num_samples=1000) == pytest.approx(expected)
    np.random.seed(3)
    drawn = np.random.RandomState(3).choice(len(X), 7)
    expected = np.mean(np.argmax(solver.model.loss(X[drawn]), axis=1) == y[drawn])
    assert solver.check_accuracy(X, y, num_samples=7) == pytest.approx(expected)


def test_checkpoints(data, tmp_path):
    """Is a checkpoint of each epoch written that NumPy reads without pickles?"""
    solver = trained(data, checkpoint_name=str(tmp_path / "run"), num_epochs=2)
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"run_epoch_{epoch}.npz" for epoch in range(3)]
    with np.load(tmp_path / "run_epoch_2.npz", allow_pickle=False) as file:
        assert file["params/W"].shape == (20, 3)
        np.testing.assert_array_equal(file["loss_history"], solver.loss_history)
        np.testing.assert_array_equal(file["val_acc_history"], solver.val_acc_history)
        settings = json.loads(str(file["settings"]))
    assert settings["update_rule"] == "sgd"
    assert settings["optim_config"] == {"learning_rate": 0.5}


def test_lines_where_nobody_watches(data, capsys):
    """Are plain lines printed, nothing to stderr, and nothing at all if not verbose?"""
    trained(data, verbose=True, print_every=3, num_epochs=1)
    out, err = capsys.readouterr()
    losses = trained(data, num_epochs=1).loss_history
    assert [line.split(" loss")[0] for line in out.splitlines()[::2]] == ["(Iteration 1 / 4)", "(Iteration 4 / 4)"]
    assert f"(Iteration 4 / 4) loss: {losses[3]:.6f}" in out
    assert out.splitlines()[1].startswith("(Epoch 0 / 1) train acc: 0.")
    assert "(Epoch 1 / 1) train acc: 0." in out
    assert err == ""
    assert capsys.readouterr() == ("", "")


def test_bar_where_a_person_watches(data, capsys, monkeypatch):
    """Is there a bar on stderr when asked for, with the same lines on stdout as without?"""
    trained(data, verbose=True, num_epochs=2)
    lines = capsys.readouterr().out
    monkeypatch.setenv("CS231N_PROGRESS", "1")
    trained(data, verbose=True, num_epochs=2)
    out, err = capsys.readouterr()
    assert out == lines
    assert "/8 [" in err
    assert "loss 0." in err
    trained(data, verbose=False, num_epochs=2)
    assert capsys.readouterr() == ("", "")


def test_terminals_are_watched(monkeypatch):
    """Is a bar wanted if stderr is a terminal, unless the environment variable says no?"""
    monkeypatch.delenv("CS231N_PROGRESS")
    monkeypatch.setattr(sys, "stderr", type("Terminal", (), {"isatty": lambda self: True})())
    assert wants_progress_bar()
    monkeypatch.setenv("CS231N_PROGRESS", "0")
    assert not wants_progress_bar()


def test_importing_is_cheap():
    """Does the solver come without matplotlib, IPython and tqdm?"""
    code = "import sys, cs231n.solver; print({'matplotlib', 'IPython', 'tqdm'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
