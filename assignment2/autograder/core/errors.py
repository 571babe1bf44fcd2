"""The two root classes of errors: problems of the grader, and problems of a submission.

Any other exception is a programming error and shows its traceback on the terminal. If it occurs while one submission is
read, executed, judged or shown, the traceback is in that student's log, and its type in the student's row.
"""


class GraderError(Exception):
    """A problem with the grader's machine, course, key or configuration. The message says what, where, what to do.

    It never costs a student a point: what it prevents is not graded, and the command exits with a status other than 0.
    """

    log = ""  # everything that another program, such as nbgrader, logged about it


class NotGraded(GraderError):
    """A problem of the grader with one submission: that is set aside, not graded, and the others are graded."""


class SubmissionError(Exception):
    """A problem with a submission: something handed in that cannot be used. Students may read the message."""
