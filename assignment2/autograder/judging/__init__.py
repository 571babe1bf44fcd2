"""Verdicts on what the checks of a submission sent, and how people read them."""
