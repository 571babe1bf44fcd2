"""The functions of the key, for tests that need right ones."""

from functools import cache
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
from cs231n import fast_layers, layers, optim

KEY = Path(__file__).parents[2] / "source" / "assignment2"
NOTEBOOKS = ("FullyConnectedNets", "BatchNormalization", "Dropout", "ConvolutionalNetworks")


@cache
def key_functions() -> SimpleNamespace:
    """Return everything that the solution cells define, a later notebook's in place of an earlier one's."""
    names = {"np": np, **vars(layers), **vars(fast_layers), **vars(optim)}
    for notebook in NOTEBOOKS:
        for cell in nbformat.read(KEY / f"{notebook}.ipynb", as_version=4).cells:
            solution = cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
            if solution and "experiment" not in cell.metadata.get("tags", []):
                exec(cell.source, names)
        names["PlainNet"] = names["NormalizedNet"] = names["FullyConnectedNet"]
    return SimpleNamespace(**names)
