"""What all parts of the grader have to agree on about the assignment."""

from cs231n.kit.notebooks import EMPTY_ANSWER, EMPTY_BLOCK
from traitlets.config import Config

ASSIGNMENT = "assignment2"
STUB = f'# YOUR CODE HERE\nraise NotImplementedError("{EMPTY_BLOCK}")'


def nbgrader_options() -> Config:
    """Return the options of nbgrader that the release and the judge must agree on."""
    options = Config()
    options.ClearSolutions.code_stub = {"python": STUB}
    options.ClearSolutions.text_stub = EMPTY_ANSWER
    options.ClearMarkScheme.enforce_metadata = False  # the marking scheme stands in the question's own cell
    return options
