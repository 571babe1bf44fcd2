"""The instructor's side: release, execute, judge and report. Students never need this package.

The path of a submission, folder by folder: `submission` reads it and prepares a job, `execution` runs the job and
returns the values that its checks sent, `judging` compares them with the key's, `evaluation` does all this, and
`integration` gives the scores to nbgrader, which keeps the gradebook. `grading` grades a class; `cli` is the command
`autograder`.
"""

from cs231n import __version__ as __version__  # two distributions, one version

from autograder.core import upstream

upstream.skip_grammar_of_iris()  # here, before any module of the grader imports jsonschema
