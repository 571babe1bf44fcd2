"""The instructor's side: release, execute, judge and report. Students never need this package.

The way of a submission: `sanitise` puts the student's cells into the instructor's notebook, `execution` runs it and
returns the values that its checks sent out, `judge` compares them with the key's, `preprocessors` hands the score to
nbgrader, which keeps the gradebook. `cli` is the command `autograder`.
"""

import sys

from cs231n import __version__ as __version__  # one distribution, one version: that of pyproject.toml

# jsonschema, which nbformat uses, would compile a grammar of IRIs that nothing here needs: seconds in every process.
sys.modules.setdefault("rfc3987_syntax", None)
