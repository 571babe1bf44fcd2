"""The instructor's side: release, execute, judge and report. Students never need this package.

The path of a submission, room by room: `submission` reads it and prepares a job, `execution` runs the job and returns
the values that its checks sent out, `judging` compares them with the key's, `integration` hands the score to nbgrader,
which keeps the gradebook. `grading` does that for a class; `cli` is the command `autograder`.
"""

from cs231n import __version__ as __version__  # two distributions, one version

from autograder.core import upstream

upstream.skip_grammar_of_iris()  # here, before any module of the grader imports jsonschema
