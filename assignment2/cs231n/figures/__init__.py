"""Interactive figures, each about one idea, drawn from what the student's own functions return.

Each function takes functions from the notebook and returns a figure, which a cell shows as its value. No figure
contains a solution: it calls the student's functions to find out which entries they read, and how. So a wrong function
makes a picture that looks wrong.
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
