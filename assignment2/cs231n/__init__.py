"""What the workbook gives to students: layers, solver, data, gradient checks, pictures, check cells.

Nothing is imported until it is asked for: `from cs231n.solver import Solver`.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("cs231n-assignment2")
except PackageNotFoundError:  # the folder was copied, not installed: that is no reason not to work
    __version__ = "unknown"
