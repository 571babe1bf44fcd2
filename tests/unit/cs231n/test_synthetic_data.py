"""The synthetic images: the same everywhere, varied, and neither trivial nor hopeless."""

import hashlib

import numpy as np
import pytest
from cs231n import synthetic_data
from cs231n.synthetic_data import BLOCK, SYNTHETIC_CLASSES, images


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Nothing made by other tests is remembered."""
    monkeypatch.setattr(synthetic_data, "_made", {})


def test_same_everywhere():
    """Are the images, bit for bit, those that were made when this test was written?"""
    X, y = images("train", 300)
    digest = hashlib.sha256(X.tobytes() + y.astype("<i8").tobytes()).hexdigest()
    assert digest.startswith("6088c46529e21135")


def test_prefix():
    """Are the first images the same however many are asked for, in whatever order?"""
    few = images("train", BLOCK // 2)[0].copy()
    more = images("train", 3 * BLOCK + 1)[0].copy()
    synthetic_data._made.clear()
    at_once, labels = images("train", 3 * BLOCK + 1)
    np.testing.assert_array_equal(few, at_once[: BLOCK // 2])
    np.testing.assert_array_equal(more, at_once)
    assert at_once.shape == (3 * BLOCK + 1, 3, 32, 32)
    assert at_once.dtype == np.uint8
    assert labels.dtype == np.int64


def test_made_once(monkeypatch):
    """Are images that were made kept, and few made when few are asked for?"""
    drawn = []
    draw = synthetic_data._draw
    monkeypatch.setattr(synthetic_data, "_draw", lambda *args: drawn.append(1) or draw(*args))
    for _ in range(3):
        images("train", 5 * BLOCK)
    assert len(drawn) == 5


def test_all_different():
    """Are no two images the same, in a part, between parts and between seeds?"""
    seen = [images("train", 2000)[0], images("test", 1000)[0], images("held-out", 500, seed=231)[0]]
    seen += [images("held-out", 500, seed=7)[0]]
    assert len({image.tobytes() for image in np.concatenate(seen)}) == 4000


def test_classes_are_balanced():
    """Has each class a human name and the same number of images?"""
    assert len(set(SYNTHETIC_CLASSES)) == 10
    np.testing.assert_array_equal(np.bincount(images("train", 1000)[1]), [100] * 10)


def test_colors_are_like_photographs():
    """Are brightness and contrast about those of CIFAR-10 (mean 121, spread 64), so that its settings serve here?"""
    X = images("train", 2000)[0].astype(float)
    assert 105 < X.mean() < 140
    assert 55 < X.std(axis=0).mean() < 80
    assert ((X == 0) | (X == 255)).mean() < 0.1


def test_a_linear_classifier_learns_a_part():
    """Does least squares on the pixels do better than chance, and far from well?"""
    X, y = images("train", 6000)
    small = X.reshape(-1, 3, 8, 4, 8, 4).mean(axis=(3, 5)).reshape(len(X), -1) / 255
    small = np.column_stack([small, np.ones(len(small))])
    targets = np.eye(10)[y]
    weights = np.linalg.lstsq(small[:5000], targets[:5000], rcond=None)[0]
    accuracy = ((small[5000:] @ weights).argmax(axis=1) == y[5000:]).mean()
    assert 0.25 < accuracy < 0.55
