"""The two roots of what can go wrong: the grader's trouble and the student's fault.

Anything else that is raised is a programming error and shows its traceback: on the terminal, or, where it came while
one submission was read, executed, judged or shown, in that student's log, with its type in the row.
"""


class GraderError(Exception):
    """The grader's trouble: its machine, course, key or configuration. The message says what, where, what to do.

    It never costs a student a point: what it prevents is not graded, and the command exits with a status other than 0.
    """

    log = ""  # all that another program, such as nbgrader, said about it


class NotGraded(GraderError):
    """The grader's trouble with one submission: it is set aside, ungraded, and grading continues with the others."""


class SubmissionError(Exception):
    """The student's fault: something handed in that cannot be used. The message is fit for the student to read."""
