"""What all parts of the grader have to agree on about the assignment."""

from traitlets.config import Config

ASSIGNMENT = "assignment2"
STUB = '# YOUR CODE HERE\nraise NotImplementedError("this TODO block is still empty")'


def nbgrader_options() -> Config:
    """Return the options of nbgrader that the release and the judge must agree on."""
    options = Config()
    options.ClearSolutions.code_stub = {"python": STUB}
    options.ClearSolutions.text_stub = "YOUR ANSWER HERE"
    options.ClearMarkScheme.enforce_metadata = False  # the marking scheme stands in the question's own cell
    return options
