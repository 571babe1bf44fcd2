"""Which frameworks somebody has imported."""

import sys


def loaded(name):
    """Return the module of a framework if it has been imported, else None; what stands in for one where it is withheld
    has no version."""
    module = sys.modules.get(name)
    return module if hasattr(module, "__version__") else None
