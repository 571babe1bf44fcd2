"""Configuration of nbgrader for this course: plain `nbgrader autograde assignment2` uses the judge."""

from autograder.config import configure

configure(get_config(), __file__)
