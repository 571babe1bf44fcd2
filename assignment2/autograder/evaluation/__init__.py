"""Evaluate one submission, from what was handed in to its verdicts, in one process with limits."""
