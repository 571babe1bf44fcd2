"""Make the silhouettes and textures from which synthetic_data.py composes its images.

All are arrays of small integers, made once in a process and looked up by index. They are computed in float64 and
rounded at the end, so that the last bits, in which machines differ, do not matter.
"""

import functools

import numpy as np

SILHOUETTE_SIZE = 48  # larger than an image: the position of the window moves the object
TEXTURE_SIZE = 64
VARIANTS = 120  # silhouettes of each class
OPAQUE_BITS = 6  # a silhouette's pixel is from 0, outside, to 1 << OPAQUE_BITS, inside


# -- silhouettes: signed distances, negative inside, of (u, v) with u to the right, v downwards, about -1 to 1


def _disc(u, v, radius=1.0):
    return np.sqrt(u * u + v * v) - radius


def _box(u, v, width, height):
    return np.maximum(np.abs(u) - width, np.abs(v) - height)


def _wedge(u, v, top, bottom, width):
    """Return a triangle with its tip at `top` and its base, from -width to width, at `bottom`."""
    slope = width / (bottom - top)
    return np.maximum((np.abs(u) - slope * (v - top)) / np.sqrt(1 + slope * slope), v - bottom)


def _union(*shapes):
    return functools.reduce(np.minimum, shapes)


def _without(shape, hole):
    return np.maximum(shape, -hole)


def _balloon(u, v):
    return _union(_disc(u, (v + 0.25) * 0.9, 0.68), _wedge(u, -v, -0.75, 0.0, 0.6), _box(u, v - 0.85, 0.2, 0.14))


def _moon(u, v):
    return _without(_disc(u, v, 0.95), _disc(u - 0.5, v + 0.1, 0.75))


def _star(u, v):
    """Return the points on the inner side of at least four of five lines."""
    angles = 2 * np.pi * np.arange(5) / 5
    sides = np.stack([u * np.sin(a) - v * np.cos(a) for a in angles])
    return np.sort(sides, axis=0)[-2] - 0.34


def _kite(u, v):
    tail = _box(u - 0.12 * np.sin(9 * v), v - 0.8, 0.07, 0.35)
    return _union((np.abs(u) * 1.25 + np.abs(v + 0.25) - 0.78) / 1.6, tail)


def _boat(u, v):
    hull = _wedge(u, -v, -1.9, -0.3, 1.25)
    return _union(np.maximum(hull, v - 0.8), _wedge(u - 0.1, v, -1.0, 0.15, 0.65))


def _fish(u, v):
    return _union(_disc(u * 0.8 + 0.15, v * 1.5, 0.6), _wedge(v, u, 0.3, 1.0, 0.6))


def _tree(u, v):
    crown = _union(_wedge(u, v, -1.0, -0.1, 0.55), _wedge(u, v, -0.55, 0.6, 0.8))
    return _union(crown, _box(u, v - 0.75, 0.14, 0.25))


def _house(u, v):
    walls = _without(_box(u, v - 0.4, 0.62, 0.5), _box(u - 0.15, v - 0.62, 0.16, 0.3))
    return _union(walls, _wedge(u, v, -0.95, -0.1, 0.9))


def _flower(u, v):
    angles = 2 * np.pi * np.arange(6) / 6
    petals = _union(*(_disc(u - 0.6 * np.sin(a), v - 0.6 * np.cos(a), 0.34) for a in angles))
    return _without(_union(petals, _disc(u, v, 0.5)), _disc(u, v, 0.26))


def _butterfly(u, v):
    u = np.abs(u)
    return _union(_disc(u - 0.5, v + 0.35, 0.48), _disc(u - 0.42, v - 0.45, 0.36), _box(u, v, 0.08, 0.6))


SHAPES = {
    "balloon": _balloon,
    "moon": _moon,
    "star": _star,
    "kite": _kite,
    "boat": _boat,
    "fish": _fish,
    "tree": _tree,
    "house": _house,
    "flower": _flower,
    "butterfly": _butterfly,
}


@functools.cache
def silhouettes():
    """Return all classes' silhouettes: uint8 (classes * VARIANTS, SILHOUETTE_SIZE, SILHOUETTE_SIZE)."""
    random = np.random.RandomState(231)
    bank = [_silhouettes(shape, random) for shape in SHAPES.values()]
    return np.concatenate(bank)


def _silhouettes(shape, random):
    """Return VARIANTS of one shape, rotated, mirrored, stretched and of different sizes."""
    angle, aspect, radius, mirror = random.random_sample((4, VARIANTS, 1, 1))
    angle, aspect, radius = (angle - 0.5) * 1.1, 0.78 + 0.5 * aspect, 7 + 7.5 * radius
    axis = (np.arange(SILHOUETTE_SIZE) - (SILHOUETTE_SIZE - 1) / 2) / radius
    right, down = axis, axis.transpose(0, 2, 1)
    u = (np.cos(angle) * right + np.sin(angle) * down) / aspect
    v = (np.cos(angle) * down - np.sin(angle) * right) * aspect
    distance = shape(np.where(mirror < 0.5, u, -u), v) * radius  # in pixels
    return np.rint((1 << OPAQUE_BITS) * np.clip(0.5 - distance, 0, 1)).astype(np.uint8)


# -- textures: they repeat after TEXTURE_SIZE pixels, which every wave length and cell size here divides


def _clouds(random, cell, stretch=1):
    """Return noise on several scales, from cells of `cell` pixels down to single ones; `stretch` makes cells taller."""
    total, weight = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE)), 1.0
    while cell >= 1:
        tall = min(cell * stretch, TEXTURE_SIZE)
        cells = random.random_sample((TEXTURE_SIZE // tall, TEXTURE_SIZE // cell)) - 0.5
        noise = cells.repeat(tall, axis=0).repeat(cell, axis=1)
        total += weight * _smooth(_smooth(noise, tall, axis=0), cell, axis=1)
        cell, weight = cell // 2, weight * 0.6
    return total


def _smooth(noise, width, axis):
    return sum(np.roll(noise, shift, axis) for shift in range(width)) / width


def _waves(right, down, length):
    """Return stripes across the direction (right, down), `length` pixels apart, or closer if both are not 0."""
    y, x = np.mgrid[:TEXTURE_SIZE, :TEXTURE_SIZE]
    return np.sin(2 * np.pi * (right * x + down * y) / length)


def _bricks():
    y, x = np.mgrid[:TEXTURE_SIZE, :TEXTURE_SIZE]
    return np.where((y % 8 == 0) | ((x + 8 * (y // 8 % 2)) % 16 == 0), -1.5, 0.3)


def _sparks(random):
    return np.where(random.random_sample((TEXTURE_SIZE, TEXTURE_SIZE)) > 0.97, 5.0, -0.15)


@functools.cache
def textures():
    """Return (names, bank): bank int8 (number, 2 * TEXTURE_SIZE, 2 * TEXTURE_SIZE), about -96 to 96, mean 0."""
    random = np.random.RandomState(232)
    made = {
        "plain": np.zeros((TEXTURE_SIZE, TEXTURE_SIZE)),
        "horizontal": np.sign(_waves(0, 1, 8) + 0.01),
        "vertical": np.sign(_waves(1, 0, 8) + 0.01),
        "rising": _waves(1, 1, 8),
        "falling": _waves(1, -1, 8),
        "checks": np.sign((_waves(1, 0, 8) + 0.01) * (_waves(0, 1, 8) + 0.01)),
        "spots": _waves(1, 0, 8) * _waves(0, 1, 8),
        "clouds": _clouds(random, 32),
        "leaves": _clouds(random, 8),
        "grass": _clouds(random, 2, stretch=4),
        "ripples": _clouds(random, 2, stretch=4).T + 0.5 * _waves(0, 1, 16),
        "bricks": _bricks(),
        "sparks": _sparks(random),
        "sand": _clouds(random, 2),
    }
    bank = np.stack([_scaled(texture) for texture in made.values()])
    return tuple(made), np.tile(bank, (1, 2, 2))


def _scaled(texture):
    texture = texture - texture.mean()
    spread = texture.std()
    return np.rint(np.clip(texture * (40 / spread if spread else 0), -96, 96)).astype(np.int8)
