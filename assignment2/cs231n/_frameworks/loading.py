"""Find out which frameworks have been imported."""

import sys


def loaded(name):
    """Return the module of a framework if it has been imported, else None. The replacement of a withheld framework,
    which has no version, does not count."""
    module = sys.modules.get(name)
    return module if hasattr(module, "__version__") else None
