"""Points to cluster: what the notebooks of this course import."""

import numpy as np


def blobs(random, per_blob=10, centers=((0.0, 0.0), (6.0, 0.0), (0.0, 6.0))):
    """Return X: (per_blob * len(centers), D), points around each of the centers, in random order.

    random: np.random.RandomState
    """
    centers = np.repeat(np.asarray(centers), per_blob, axis=0)
    return random.permutation(centers + random.randn(*centers.shape))
