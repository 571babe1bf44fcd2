"""Figures to poke, one for each idea that moves: drawn from what the student's own functions return.

Each function takes functions of the notebook and returns what a cell shows as its value. None of them holds a solution:
which entries a function reads, and how, is found by calling it. So a wrong function makes a picture that looks wrong.
"""

from cs231n.figures.batch_norm import batchnorm_graph
from cs231n.figures.masks import dropout_masks
from cs231n.figures.statistics import averaged_over
from cs231n.figures.valley import paths_over_a_valley
from cs231n.figures.windows import pooled_gradient, sliding_window

__all__ = [
    "averaged_over",
    "batchnorm_graph",
    "dropout_masks",
    "paths_over_a_valley",
    "pooled_gradient",
    "sliding_window",
]
