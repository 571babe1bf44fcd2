"""Make ten classes of 32x32 color images from a seed: they replace CIFAR-10 if there is no network.

An image shows an object in a scene, sometimes partly covering another object. Only its silhouette says what the object
is, and it varies in position, size, angle and color: recognizing it takes a convolutional network. The scene, the
object's color and its texture are hints, each of which is wrong in many images. A linear classifier finds some of them,
and fully connected networks find combinations. A few images have a wrong label, as in every data set that people have
labeled, so nothing reaches 100 %.

All random numbers come from RandomState.random_sample, and images are composed with integer arithmetic. So they are the
same on every machine and with every version of NumPy.
"""

import functools

import numpy as np

from .synthetic_banks import (
    OPAQUE_BITS,
    SHAPES,
    SILHOUETTE_SIZE,
    TEXTURE_SIZE,
    VARIANTS,
    silhouettes,
    textures,
)

SYNTHETIC_CLASSES = tuple(SHAPES)
SEED = 231
BLOCK = 100  # images that are drawn together: few enough to stay in the processor's cache
PARTS = {"train": 0, "test": 1, "held-out": 2}

# Scenes: color at the top, color at the bottom, texture, the texture's strength, sharpness of the horizon.
SCENES = {
    "day sky": ((90, 150, 225), (190, 215, 240), "clouds", 70, 0),
    "dusk": ((90, 70, 130), (240, 150, 90), "clouds", 60, 0),
    "night": ((12, 14, 45), (40, 45, 85), "sparks", 90, 0),
    "sea": ((170, 200, 230), (30, 85, 130), "ripples", 60, 3),
    "reef": ((40, 130, 150), (15, 60, 90), "leaves", 80, 1),
    "meadow": ((150, 190, 215), (75, 125, 50), "grass", 80, 3),
    "wood": ((50, 80, 45), (85, 70, 45), "leaves", 110, 1),
    "snow": ((190, 205, 225), (225, 228, 235), "sand", 50, 2),
    "desert": ((160, 195, 225), (210, 170, 115), "sand", 70, 3),
    "town": ((150, 150, 160), (150, 105, 85), "bricks", 80, 2),
}

# Classes: the two scenes, the object's color and the two textures that go with it.
HABITS = {
    "balloon": (("day sky", "dusk"), (215, 60, 50), ("vertical", "plain")),
    "moon": (("night", "dusk"), (240, 225, 150), ("clouds", "plain")),
    "star": (("night", "snow"), (250, 240, 200), ("plain", "spots")),
    "kite": (("day sky", "meadow"), (230, 90, 190), ("checks", "rising")),
    "boat": (("sea", "reef"), (235, 235, 230), ("horizontal", "plain")),
    "fish": (("reef", "sea"), (235, 140, 40), ("falling", "vertical")),
    "tree": (("wood", "snow"), (40, 95, 45), ("leaves", "grass")),
    "house": (("town", "desert"), (170, 80, 60), ("bricks", "horizontal")),
    "flower": (("meadow", "wood"), (235, 205, 60), ("spots", "leaves")),
    "butterfly": (("meadow", "desert"), (90, 80, 190), ("spots", "checks")),
}

# How often an image keeps to the habits of its class; in the other images the feature is drawn from all there are.
KEEPS_SCENE, KEEPS_COLOR, KEEPS_TEXTURE = 0.5, 0.35, 0.5
CLUTTERED = 0.3  # share of images that show a second object, partly covered by the first
WRONG_LABELS = 0.04

_made: dict[tuple[str, int], tuple[np.ndarray, np.ndarray]] = {}  # (part, seed) -> (images, labels)


def images(part, num, seed=SEED):
    """Return the first `num` images of a part ("train", "test" or "held-out") and their labels.

    seed: an integer of any size from 0
    Returns X (num, 3, 32, 32) uint8, y (num,) int64: views of arrays that are kept: do not modify them. The first n
    are the same whatever `num` is, and making fewer takes less time.
    """
    X, y = _made.get((part, seed), (np.empty((0, 3, 32, 32), np.uint8), np.empty(0, np.int64)))
    if len(X) < num:
        blocks = range(len(X) // BLOCK, -(-num // BLOCK))
        grown = np.empty((blocks.stop * BLOCK, 3, 32, 32), np.uint8), np.empty(blocks.stop * BLOCK, np.int64)
        grown[0][: len(X)], grown[1][: len(y)] = X, y
        for block in blocks:
            rows = slice(block * BLOCK, (block + 1) * BLOCK)
            random = np.random.RandomState([PARTS[part], *words(seed), block])
            grown[1][rows] = _draw(random, grown[0][rows])
        X, y = _made[part, seed] = grown
    return X[:num], y[:num]


def words(seed):
    """Split a seed of any size into the 32-bit words that RandomState takes, the lowest first."""
    return [seed] if seed < 2**32 else [seed % 2**32, *words(seed >> 32)]


def _draw(random, out):
    """Draw a block of images into `out` and return their labels."""
    N, C = len(out), len(SYNTHETIC_CLASSES)
    labels = random.random_sample(N).argsort() % C  # equally many of each class
    shown = np.where(random.random_sample(N) < WRONG_LABELS, _integers(random, N, C), labels)
    canvas = _scene(random, shown)
    others, present = _integers(random, N, C), random.random_sample(N) < CLUTTERED
    _add_object(random, canvas, others, spread=16, present=present)
    _add_object(random, canvas, shown, spread=8)
    np.clip(canvas, 0, 255, out=out, casting="unsafe")
    return labels


def _scene(random, shown):
    """Return the backgrounds, int16 (N, 3, 32, 32)."""
    N, tables = len(shown), _tables()
    scene = np.where(
        random.random_sample(N) < KEEPS_SCENE,
        tables["scenes"][shown, _integers(random, N, 2)],
        _integers(random, N, len(SCENES)),
    )
    light = _jitter(random, (N, 1), 80)
    top = tables["top"][scene] + light + _jitter(random, (N, 3), 50)
    bottom = tables["bottom"][scene] + light + _jitter(random, (N, 3), 50)
    # The horizon: how far, from 0 to 64, the color of a row is from that at the top to that at the bottom.
    steep = (4 << tables["sharpness"][scene])[:, None]
    height = 8 + _integers(random, (N, 1), 17)
    blend = np.clip(32 + steep * (np.arange(32) - height) // 2, 0, 64).astype(np.int16)
    rows = top[:, :, None] + ((bottom - top)[:, :, None] * blend[:, None] >> 6)
    tilt = _jitter(random, (N, 3, 1, 1), 3)
    strength = (tables["strength"][scene] - 20 + _jitter(random, N, 50))[:, None] + _jitter(random, (N, 3), 30)
    texture = _windows(random, textures()[1], tables["scene texture"][scene], TEXTURE_SIZE)
    canvas = texture[:, None] * strength[:, :, None, None]
    canvas >>= 6
    canvas += rows[:, :, :, None] + tilt * np.arange(-16, 16, dtype=np.int16)
    return canvas


def _add_object(random, canvas, shown, spread, present=True):
    """Blend an object of the class `shown` into each image that has it `present`, up to spread / 2 off the center."""
    N, tables = len(shown), _tables()
    color = np.where(
        random.random_sample((N, 1)) < KEEPS_COLOR,
        tables["color"][shown] + _jitter(random, (N, 3), 60),
        20 + _integers(random, (N, 3), 210),
    ).astype(np.int16)
    texture = np.where(
        random.random_sample(N) < KEEPS_TEXTURE,
        tables["textures"][shown, _integers(random, N, 2)],
        _integers(random, N, len(textures()[0])),
    )
    strength = _integers(random, (N, 1), 80).astype(np.int16) + _jitter(random, (N, 3), 60)
    paint = _windows(random, textures()[1], texture, TEXTURE_SIZE)[:, None] * strength[:, :, None, None]
    paint >>= 6
    paint += color[:, :, None, None]
    variant = shown * VARIANTS + _integers(random, N, VARIANTS)
    margin = (SILHOUETTE_SIZE - 32 - spread) // 2
    mask = _windows(random, silhouettes()[:, margin:, margin:], variant, spread + 1)
    mask *= np.broadcast_to(present, N)[:, None, None]
    paint -= canvas
    np.clip(paint, -255, 255, out=paint)  # so that the product fits into 16 bits
    paint *= mask[:, None]
    paint >>= OPAQUE_BITS
    canvas += paint


def _windows(random, bank, chosen, places):
    """Return a 32x32 window at a random position of each chosen map of the bank; int16 (N, 32, 32)."""
    down, right = _integers(random, (2, len(chosen)), places)
    views = np.lib.stride_tricks.sliding_window_view(bank, (32, 32), axis=(1, 2))
    return views[chosen, down, right].astype(np.int16)


def _integers(random, shape, stop):
    """Return integers from 0 to stop - 1, int64."""
    return (random.random_sample(shape) * stop).astype(np.int64)


def _jitter(random, shape, width):
    """Return integers from -width / 2 to width / 2, those near 0 more often; int16."""
    u = random.random_sample((2, *np.atleast_1d(shape))).sum(axis=0)
    return np.rint((u - 1) * (width / 2)).astype(np.int16)


@functools.cache
def _tables():
    """Return SCENES and HABITS as arrays, to look up by the number of the scene or class."""
    texture = {name: number for number, name in enumerate(textures()[0])}
    scene = {name: number for number, name in enumerate(SCENES)}
    top, bottom, scene_textures, strength, sharpness = zip(*SCENES.values(), strict=True)
    scenes, color, object_textures = zip(*(HABITS[name] for name in SYNTHETIC_CLASSES), strict=True)
    return {
        "top": np.array(top, np.int16),
        "bottom": np.array(bottom, np.int16),
        "scene texture": np.array([texture[name] for name in scene_textures]),
        "strength": np.array(strength, np.int16),
        "sharpness": np.array(sharpness),
        "scenes": np.array([[scene[name] for name in pair] for pair in scenes]),
        "color": np.array(color, np.int16),
        "textures": np.array([[texture[name] for name in pair] for pair in object_textures]),
    }
