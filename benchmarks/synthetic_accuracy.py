"""How well do networks of growing ability do on the synthetic images? Prints a table.

    python benchmarks/synthetic_accuracy.py                    # 2 to 10 minutes
    python benchmarks/synthetic_accuracy.py --source cifar-10  # the same networks on CIFAR-10
    python benchmarks/synthetic_accuracy.py --epochs 1 --num-training 5000

The networks are trained by a few lines of NumPy here, since the workbook's own are for students to write. The fully
connected ones have the sizes of the workbook's: more units help as much as more layers do, as on CIFAR-10.
"""

import argparse
import time

import numpy as np
from cs231n.data_utils import get_CIFAR10_data
from cs231n.fast_layers import (
    conv_backward_fast,
    conv_forward_fast,
    max_pool_backward_fast,
    max_pool_forward_fast,
)
from cs231n.layers import softmax_loss

POOL = {"pool_height": 2, "pool_width": 2, "stride": 2}

# name: filters of the 3x3 convolutions (each followed by pooling), units of the hidden layers, epochs, learning rate
NETWORKS = {
    "linear": ((), (), 5, 3e-4),
    "two layers": ((), (100,), 8, 5e-4),
    "three layers": ((), (256, 128), 8, 5e-4),
    "ConvNet": ((16, 32, 32), (), 4, 2e-3),
}


class Network:
    """Convolutions with ReLU and pooling, then affine layers with ReLU between them; trained by Adam."""

    def __init__(self, filters, hidden, random):
        self.weights, channels, size = [], 3, 32
        for F in filters:
            self._add(random, (F, channels, 3, 3), 9 * channels, F)
            channels, size = F, size // 2
        D = channels * size * size
        for M in (*hidden, 10):
            self._add(random, (D, M), D, M)
            D = M
        self.moments = [[np.zeros_like(p), np.zeros_like(p)] for p in self.weights]
        self.steps = 0

    def _add(self, random, shape, fan_in, units):
        self.weights.append((random.randn(*shape) * np.sqrt(2 / fan_in)).astype(np.float32))
        self.weights.append(np.zeros(units, np.float32))

    def forward(self, x):
        """Scores, shape (N, 10), and what each layer keeps for its backward pass."""
        caches = []
        for w, b in zip(self.weights[::2], self.weights[1::2], strict=True):
            if w.ndim == 4:
                x, conv = conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
                x, pool = max_pool_forward_fast(np.maximum(x, 0), POOL)
                caches.append((conv, pool, x))
            else:
                flat, shape = x.reshape(len(x), -1), x.shape
                x = flat @ w + b
                if b is not self.weights[-1]:
                    x = np.maximum(x, 0)
                caches.append((flat, shape, x))
        return x, caches

    def gradients(self, dout, caches):
        grads = []
        for number in reversed(range(len(caches))):
            w, (first, second, out) = self.weights[2 * number], caches[number]
            if number < len(caches) - 1:
                dout = dout * (out > 0)  # ReLU and max-pooling may change places
            if w.ndim == 4:
                dout, dw, db = conv_backward_fast(max_pool_backward_fast(dout, second), first)
            else:
                dw, db = first.T @ dout, dout.sum(axis=0)
                dout = (dout @ w.T).reshape(second)
            grads = [dw, db, *grads]
        return grads

    def step(self, X, y, learning_rate, reg=1e-2):
        """One step of Adam (Kingma and Ba, 2015)."""
        scores, caches = self.forward(X)
        self.steps += 1
        scale = learning_rate * np.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps)
        grads = self.gradients(softmax_loss(scores, y)[1], caches)
        for p, (m, v), g in zip(self.weights, self.moments, grads, strict=True):
            g = g + reg * p
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            p -= np.float32(scale) * m / (np.sqrt(v) + 1e-8)

    def accuracy(self, X, y):
        scores = [self.forward(X[i : i + 500])[0] for i in range(0, len(X), 500)]
        return (np.concatenate(scores).argmax(axis=1) == y).mean()


def train(data, filters, hidden, epochs, learning_rate, seed, batch_size=100):
    """Return the trained network; the learning rate falls to a tenth over the epochs."""
    random = np.random.RandomState(seed)
    network = Network(filters, hidden, random)
    X, y = data["X_train"], data["y_train"]
    for epoch in range(epochs):
        order = random.permutation(len(X))
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            network.step(X[rows], y[rows], learning_rate * 0.1 ** (epoch / epochs))
    return network


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default="synthetic", choices=["synthetic", "cifar-10"])
    parser.add_argument("--num-training", type=int, default=49000)
    parser.add_argument("--epochs", type=int, help="for all networks")
    parser.add_argument("--seed", type=int, default=231, help="of first weights and mini-batches")
    parser.add_argument("--only", choices=NETWORKS, action="append", help="this network only")
    arguments = parser.parse_args()
    start = time.perf_counter()
    data = get_CIFAR10_data(num_training=arguments.num_training, num_test=10000, source=arguments.source)
    print(f"{arguments.source}: loaded in {time.perf_counter() - start:.1f} s")
    for name in ("X_train", "X_val", "X_test"):
        data[name] /= 64  # about the spread of the pixels
    print(f"{'network':12} {'epochs':>6} {'train':>6} {'val':>6} {'test':>6} {'seconds':>8}")
    for name in arguments.only or NETWORKS:
        filters, hidden, epochs, learning_rate = NETWORKS[name]
        start = time.perf_counter()
        epochs = arguments.epochs or epochs
        network = train(data, filters, hidden, epochs, learning_rate, arguments.seed)
        seconds = time.perf_counter() - start
        parts = [(data[f"X_{part}"][:10000], data[f"y_{part}"][:10000]) for part in ("train", "val", "test")]
        row = " ".join(f"{network.accuracy(*part):6.1%}" for part in parts)
        print(f"{name:12} {epochs:6} {row} {seconds:8.0f}", flush=True)


if __name__ == "__main__":
    main()
