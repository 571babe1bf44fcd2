"""Solver: trains a model on labeled data with stochastic gradient descent and its relatives."""

import copy
import json
from collections.abc import Callable

import numpy as np

from cs231n._progress import Reporter, wants_progress_bar
from cs231n._solver_checks import (
    at_least,
    find_update_rule,
    gradient_of,
    images_and_labels,
    next_parameter,
    refuse_unknown,
    why_not_finite,
)
from cs231n.model_io import accuracy

__all__ = ["Solver", "wants_progress_bar"]


class Solver:
    """Trains a classifier with mini-batches and keeps the parameters with the best validation accuracy.

        solver = Solver(model, data, update_rule="sgd", optim_config={"learning_rate": 1e-3}, num_epochs=5)
        solver.train()

    model has `params`, a dict of arrays, and `loss(X, y=None)`: without labels it returns the scores (N, C),
    with labels (loss, grads), grads having the names and shapes of params. If it has a `dtype`, the
    mini-batches are cast to it: float64 images leave a float32 network as it is.
    data is a dict with X_train (N, ...), y_train (N,), X_val, y_val, as get_CIFAR10_data returns it.

    update_rule         a function (w, dw, config) -> (next_w, config), or the name of one in cs231n.optim. What it
                        returns is cast to the dtype of w.
    optim_config        its settings, such as {"learning_rate": 1e-2}; each parameter gets its own copy
    lr_decay            the factor by which the learning rate is multiplied after each epoch
    batch_size          images in a mini-batch, drawn with replacement through np.random
    num_epochs          one epoch is max(len(X_train) // batch_size, 1) iterations
    print_every         the loss is printed every `print_every` iterations
    verbose             False: print nothing
    num_train_samples   training images on which the accuracy is measured (None: all)
    num_val_samples     validation images on which the accuracy is measured (None: all)
    checkpoint_name     if given, `<checkpoint_name>_epoch_<epoch>.npz` is written whenever accuracies are measured

    After train(), model.params are the best ones found, and the solver has
    loss_history        the loss of each iteration
    train_acc_history, val_acc_history, acc_epochs
                        the accuracies, and after how many epochs they were measured: in the first iteration and at
                        the end of each epoch
    best_params, best_val_acc, epoch, optim_configs

    train() raises FloatingPointError if the loss becomes NaN or infinite. Call np.random.seed before it to get the same
    mini-batches again. `wants_progress_bar` says when there is a progress bar.
    """

    def __init__(
        self,
        model,
        data: dict[str, np.ndarray],
        *,
        update_rule: str | Callable = "sgd",
        optim_config: dict | None = None,
        lr_decay: float = 1.0,
        batch_size: int = 100,
        num_epochs: int = 10,
        num_train_samples: int | None = 1000,
        num_val_samples: int | None = None,
        checkpoint_name: str | None = None,
        print_every: int = 10,
        verbose: bool = True,
        **unknown,
    ):
        refuse_unknown(unknown, known=list(Solver.__init__.__kwdefaults__ or ()))
        self.model = model
        self.X_train, self.y_train = images_and_labels(data, "train")
        self.X_val, self.y_val = images_and_labels(data, "val")
        self.update_rule = find_update_rule(update_rule)
        self.optim_config = {} if optim_config is None else optim_config
        self.lr_decay = lr_decay
        self.batch_size = at_least(1, "batch_size", batch_size)
        self.num_epochs = at_least(0, "num_epochs", num_epochs)
        self.print_every = at_least(1, "print_every", print_every)
        self.num_train_samples = num_train_samples
        self.num_val_samples = num_val_samples
        self.checkpoint_name = checkpoint_name
        self.verbose = verbose
        self._reset()

    def train(self):
        """Run `num_epochs` epochs; at the end the model has the best parameters that were seen."""
        per_epoch = max(len(self.X_train) // self.batch_size, 1)
        iterations = self.num_epochs * per_epoch
        with Reporter(iterations, self.verbose) as report:
            for t in range(iterations):
                self._step()
                if t % self.print_every == 0:
                    report.line(f"(Iteration {t + 1} / {iterations}) loss: {self.loss_history[-1]:.6f}")
                epoch_ends = (t + 1) % per_epoch == 0
                if epoch_ends:
                    self.epoch += 1
                    self._decay_learning_rate()
                if epoch_ends or t == 0:
                    self._measure()
                    report.line(
                        f"(Epoch {self.epoch} / {self.num_epochs}) train acc: {self.train_acc_history[-1]:.3f}; "
                        f"val_acc: {self.val_acc_history[-1]:.3f}"
                    )
                report.advance(self.loss_history[-1])
        if self.best_params:
            self._restore_best()

    def _step(self):
        """Do one iteration: draw a mini-batch, compute loss and gradients, update each parameter."""
        batch = np.random.choice(len(self.X_train), self.batch_size)
        X, y = self._as_model_dtype(self.X_train[batch]), self.y_train[batch]
        loss, grads = self.model.loss(X, y)
        self.loss_history.append(loss)
        if not np.isfinite(loss):
            raise FloatingPointError(why_not_finite(self, X))
        for name, w in self.model.params.items():
            dw = gradient_of(name, w, grads)
            result = self.update_rule(w, dw, self.optim_configs[name])
            self.model.params[name], self.optim_configs[name] = next_parameter(name, w, self.update_rule, result)

    def check_accuracy(self, X, y, num_samples: int | None = None, batch_size: int = 100) -> float:
        """Return the fraction of images that the model classifies correctly.

        X: images (N, ...). y: labels (N,). num_samples: if smaller than N, that many are drawn with
        replacement through np.random. batch_size: images that go through the model at a time.
        """
        if num_samples is not None and num_samples < len(X):
            drawn = np.random.choice(len(X), num_samples)
            X, y = X[drawn], y[drawn]
        return accuracy(self.model, X, y, batch_size)

    def _reset(self):
        """Forget what was recorded and what the update rule remembers; the model's parameters stay."""
        self.epoch = 0
        self.best_val_acc: float = 0
        self.best_params = {}
        self._best_statistics = []
        self.loss_history = []
        self.train_acc_history = []
        self.val_acc_history = []
        self.acc_epochs = []
        self.optim_configs = {name: copy.deepcopy(self.optim_config) for name in self.model.params}

    def _measure(self):
        """Record both accuracies; keep the parameters if they are the best so far; write the checkpoint."""
        train_acc = self.check_accuracy(self.X_train, self.y_train, num_samples=self.num_train_samples)
        val_acc = self.check_accuracy(self.X_val, self.y_val, num_samples=self.num_val_samples)
        self.train_acc_history.append(train_acc)
        self.val_acc_history.append(val_acc)
        self.acc_epochs.append(self.epoch)
        if val_acc > self.best_val_acc or not self.best_params:
            self.best_val_acc = val_acc
            self.best_params = {name: w.copy() for name, w in self.model.params.items()}
            self._best_statistics = copy.deepcopy(getattr(self.model, "bn_params", []))
        self._save_checkpoint()

    def _restore_best(self):
        self.model.params = {name: w.copy() for name, w in self.best_params.items()}
        # The running averages of batch normalization are not parameters, but belong to those of the same iteration.
        for now, best in zip(getattr(self.model, "bn_params", []), self._best_statistics, strict=False):
            now.update(best)

    def _decay_learning_rate(self):
        for name, config in self.optim_configs.items():
            if "learning_rate" in config:
                config["learning_rate"] *= self.lr_decay
            elif self.lr_decay != 1:
                raise ValueError(
                    f"lr_decay={self.lr_decay} lowers config['learning_rate'], but the update rule's config of "
                    f"{name} has only {sorted(config)}: call it learning_rate, or leave lr_decay at 1"
                )

    def _save_checkpoint(self):
        """Write parameters, histories and settings to `<checkpoint_name>_epoch_<epoch>.npz`, if it has a name.

        Members: "params/<name>", loss_history, train_acc_history, val_acc_history, acc_epochs, epoch,
        best_val_acc, and "settings", a string of JSON. Read it with np.load; nothing in it is pickled.
        """
        if self.checkpoint_name is None:
            return
        settings = {
            "update_rule": getattr(self.update_rule, "__name__", str(self.update_rule)),
            "optim_config": self.optim_config,
            **{name: getattr(self, name) for name in ("lr_decay", "batch_size", "num_epochs", "num_train_samples")},
            "num_val_samples": self.num_val_samples,
        }
        members = {f"params/{name}": w for name, w in self.model.params.items()}
        for name in ("loss_history", "train_acc_history", "val_acc_history", "acc_epochs", "epoch", "best_val_acc"):
            members[name] = np.array(getattr(self, name))
        members["settings"] = np.array(json.dumps(settings, default=str))
        path = f"{self.checkpoint_name}_epoch_{self.epoch}.npz"
        if self.verbose:
            print(f"Saving checkpoint to {path}")
        np.savez(path, allow_pickle=False, **members)

    def _as_model_dtype(self, X):
        dtype = getattr(self.model, "dtype", None)
        return X if dtype is None else X.astype(dtype, copy=False)
