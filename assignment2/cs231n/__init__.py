"""What the workbook gives to students: layers, solver, data, gradient checks, pictures, check cells.

Nothing is imported until you import it: `from cs231n.solver import Solver`.
"""

__version__ = "0.1.0"  # of both distributions, which read it here
