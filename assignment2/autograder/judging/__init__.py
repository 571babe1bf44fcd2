"""Verdicts on what a submission's checks sent out, and how people read them."""
