"""The instructor's side: release, execute, judge and report. Students never need this package.

The way of a submission: `submission` puts the student's cells into the instructor's notebook, `execution` runs it and
returns the values that its checks sent out, `judging` compares them with the key's, `integration` hands the score to
nbgrader, which keeps the gradebook. `cli` is the command `autograder`.
"""

from autograder.core import upstream

upstream.skip_grammar_of_iris()  # here, before any module of the grader imports jsonschema
